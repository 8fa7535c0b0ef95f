# SPDX-License-Identifier: GPL-3.0-or-later
"""Two answers to one request, made comparable: identities, times and the distance between the two stores' indexes."""
import datetime
import re
from dataclasses import dataclass

TOLERANCE_S = 3
FAR = 10 ** 9  # no store of a test counts so far
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


def sorted_nodes(text):
    """etcd lists a directory in no order: each list of nodes in the order of its bytes. All else stays as it is."""
    mark = b'"nodes":['
    parts, at = [], 0
    for string in STRING.finditer(text):
        if string.start() < at or not text.startswith(mark, string.start()):
            continue
        begin = string.start() + len(mark)
        items, end = list_items(text, begin)
        parts += [text[at:begin], b",".join(sorted(sorted_nodes(item) for item in items))]
        at = end
    return b"".join(parts) + text[at:]


def list_items(text, begin):
    """The objects of a list that begins there, and where it ends."""
    items, depth, at, start = [], 0, begin, begin
    while True:
        byte = text[at:at + 1]
        if byte == b'"':
            at = STRING.match(text, at).end()
            continue
        if byte in b"[{" and byte:
            depth += 1
        elif byte == b"]" and depth == 0:
            items.append(text[start:at])
            return items, at
        elif byte in b"]}":
            depth -= 1
        elif byte == b"," and depth == 0:
            items.append(text[start:at])
            start = at + 1
        at += 1


@dataclass
class Plain:
    """An answer without what differs by nature."""

    status: str
    head: dict
    body: bytes
    times: list  # (expiration, seconds left) as told

    def same_as(self, other):
        return (self.status, self.head, self.body) == (other.status, other.head, other.body) and self.near(other)

    def near(self, other):
        return all(abs(a[0] - b[0]) <= TOLERANCE_S and (a[1] is None) == (b[1] is None) and
                   (a[1] is None or abs(a[1] - b[1]) <= TOLERANCE_S) for a, b in zip(self.times, other.times))

    def __str__(self):
        head = "".join(f"    {name}: {value}\n" for name, value in sorted(self.head.items()))
        return f"    {self.status}\n{head}    {self.body[:3000]!r}\n    {self.times}"


class Normal:
    """What is known of one of the two servers: the index of its store when the stream began."""

    def __init__(self, base):
        self.base = base

    def index(self, number):
        number = int(number)
        return number - self.base if 0 <= number - self.base < FAR else number

    def indexes(self, text):
        def based(match):
            return match[1] + b"i%d" % self.index(match[2])
        text = re.sub(rb'((?:modifiedIndex|createdIndex|index)":)(\d+)', based, text)
        text = re.sub(rb"()(?<!\d)(0\d{19})(?!\d)", based, text)
        text = re.sub(rb'(\[)(\d+)(?= != \d+\]",)', based, text)
        text = re.sub(rb'(\[\d+ != |\[i\d+ != )(\d+)(?=\]",)', based, text)
        text = re.sub(rb"(cleared \[)(\d+)", based, text)
        return re.sub(rb"(cleared \[i\d+/)(\d+)", based, text)

    def plain(self, answer, in_order):
        """`in_order`: a listing keeps its order."""
        times = []

        def timed(match):
            when = match[1][:26].rstrip(b"Z").decode()
            form = "%Y-%m-%dT%H:%M:%S.%f" if "." in when else "%Y-%m-%dT%H:%M:%S"
            moment = datetime.datetime.strptime(when, form).replace(tzinfo=datetime.timezone.utc)
            times.append((moment.timestamp(), int(match[3]) if match[2] else None))
            return b'"expiration":T' + (b',"ttl":N' if match[2] else b"")

        text = answer.body
        if b'"nodes":[' in text and not in_order:
            text = sorted_nodes(text)
        text = re.sub(rb'"expiration":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"(,"ttl":(-?\d+))?', timed, text)
        if text.startswith(b'{"'):
            text = self.indexes(text)
        head = {}
        for name, value in answer.head:
            head[name] = head[name] + " | " + value if name in head else self.field(name, value)
        return Plain(f"{answer.version} {answer.status} {answer.reason}", head, text, times)

    def field(self, name, value):
        if name == "X-Etcd-Index":
            return str(self.index(value))
        if name in ("X-Raft-Index", "X-Raft-Term") and value.isdigit():
            return "N"
        if name == "X-Etcd-Cluster-Id" and re.fullmatch(r"[0-9a-f]{1,16}", value):
            return "ID"
        if name == "Date" and re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", value):
            return "NOW"
        if name == "Content-Length" and value.isdigit():
            return "KNOWN"  # how many bytes they are depends on the digits of indexes; that so many came is checked
        return value
