# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent and an etcd that get the same requests, one after the other; their answers and watches are compared."""
import json
import os
import re
import tempfile
from collections import Counter

import etcd_differences
from etcd_compare import Normal
from etcd_oracle import EtcdOracle
from etcd_stream import FORM, Call, Close, Open, Stream, key_target
from http_wire import Wire
from qdtest import wait_for
from solo_agent import SoloAgent

INDEX = re.compile(rb"@\{(now|mod)([+-]\d+)?\}")
GONE = (b"delete", b"expire")


class Difference(AssertionError):
    pass


class Side:
    """One of the two servers: its connections, and what it has told of its indexes."""

    def __init__(self, name, address):
        self.name, self.wire = name, Wire(address)
        self.spare = []  # connections for watches
        self.modified = {}
        first = self.wire.exchange(Call("PUT", key_target("/begin"), [("Content-Type", FORM)], b"value=0").bytes(bytes))
        self.now = int(first.get("X-Etcd-Index"))
        self.normal = Normal(self.now)

    def fill(self, key):
        """What puts this server's own indexes into a request."""
        def number(match):
            index = self.now if match[1] == b"now" else self.modified.get(key, self.now)
            return b"%d" % max(self.normal.base, index + int(match[2] or 0))
        return lambda text: INDEX.sub(number, text)

    def ask(self, call):
        self.wire.send(call.bytes(self.fill(call.key)))

    def hear(self, call):
        answer = self.wire.receive(call.method)
        if call.method in ("PUT", "POST", "DELETE") and answer.status in (200, 201) and answer.get("X-Etcd-Index"):
            self.now = int(answer.get("X-Etcd-Index"))
            self.modified[call.key] = self.now
        return answer

    def answer(self, call):
        self.ask(call)
        return self.hear(call)

    def plain(self, call, answer):
        return self.normal.plain(answer, re.search(rb"sorted=(1|t|T|TRUE|true|True)\b", call.target))


class Watching:
    """A watch that is open at one server."""

    def __init__(self, side, step):
        self.side, self.step = side, step
        self.wire = side.spare.pop() if side.spare else Wire(side.wire.address)
        self.began = side.now
        asked = re.search(rb"waitIndex=(\d+)", side.fill(step.path)(step.call.target))
        self.since = int(asked[1]) if asked and int(asked[1]) else side.now + 1
        self.wire.send(step.call.bytes(side.fill(step.path)))
        self.head = self.wire.receive_head()
        self.over = self.head.status != 200
        if self.over:
            self.head.body = self.wire.receive_body()

    def next(self):
        """The next event as a line; None at the end."""
        return None if self.over else self.wire.line() or None

    def index(self, line):
        return int(re.search(rb'"node":\{.*?"modifiedIndex":(\d+)', line)[1])

    def leave(self, ended):
        """Back to the spare connections when the answer is whole."""
        if ended:
            self.side.spare.append(self.wire)
        else:
            self.wire.close()


class Pair:
    """An agent and an etcd that get the same."""

    def __init__(self, ours, theirs):
        self.sides = [Side("ours", ours), Side("etcd's", theirs)]
        self.watches = {}
        self.allowed, self.kinds = Counter(), Counter()
        self.requests = 0

    def run(self, seed, count, verbose_from=None, most=1):
        """Ends with the first difference, or shows the first `most`."""
        found = []
        for step in Stream(seed).steps(count):
            if verbose_from is not None and self.requests >= verbose_from:
                print(self.requests, step, flush=True)
            try:
                self.step(step)
            except (Difference, OSError, ValueError) as error:
                for side in self.sides:
                    side.wire.close()
                found.append(f"seed {seed}, request {self.requests}: {getattr(step, 'call', step)}\n{error!s}")
                if len(found) == most:
                    break
        if found:
            again = f"tests/conformance/differential.py --seed {seed} --requests {count}"
            raise Difference("\n".join(found) + f"\nagain: {again}")

    def step(self, step):
        return {Call: self.call, Open: self.open, Close: self.close}[type(step)](step)

    def call(self, call):
        self.requests += 1
        for side in self.sides:
            side.ask(call)
        ours, theirs = (side.hear(call) for side in self.sides)
        self.kinds[f"{call.method if len(call.method) < 8 else '...'} {theirs.status}"] += 1
        self.compare(call, ours, theirs)
        return ours, theirs

    def compare(self, call, ours, theirs):
        a, b = (side.plain(call, answer) for side, answer in zip(self.sides, (ours, theirs)))
        for name, rule in etcd_differences.RULES.items():
            if rule(call, a, b):
                self.allowed[name] += 1
        if not a.same_as(b):
            raise Difference(f"  ours\n{a}\n  etcd's\n{b}")

    # Watches

    def open(self, step):
        self.requests += 1
        both = [Watching(side, step) for side in self.sides]
        self.kinds[f"watch {both[1].head.status}"] += 1
        self.compare(step.call, both[0].head, both[1].head)
        self.watches[step.name] = both

    def close(self, step):
        if step.name not in self.watches:
            return  # it did not open, which was said
        ours, theirs = self.watches.pop(step.name)
        if ours.over:
            ours.leave(True)
            theirs.leave(True)
            return
        self.wake(ours, theirs)
        first = [ours.next(), theirs.next()]
        if not ours.step.stream:
            self.heard(ours, theirs, *first)
            for watching in (ours, theirs):
                if (more := watching.next()) is not None:
                    raise Difference(f"{watching.side.name}: a watch for one event tells more: {more}")
                watching.leave(True)
            return
        self.streamed(ours, theirs, *first)
        ours.leave(False)
        theirs.leave(False)

    def ended(self, name):
        """A watch whose one event has come by itself, compared."""
        both = self.watches.pop(name)
        self.heard(*both, *(watching.next() for watching in both))
        for watching in both:
            watching.leave(watching.next() is None)

    def expired(self, name):
        """A stream up to the end of a life: the key of what has gone."""
        both = self.watches[name]
        while True:
            lines = [watching.next() for watching in both]
            self.heard(*both, *lines)
            if lines[0].startswith(b'{"action":"expire"'):
                break
        for watching, line in zip(both, lines):
            watching.side.now = watching.index(line)
        return json.loads(lines[0])["node"]["key"]

    def wake(self, ours, theirs):
        """Writes until both watches have surely got an event at their very path."""
        path = ours.step.path
        while True:
            target = key_target(path if path != "/" else "/wake")
            done = self.call(Call("PUT", target, [("Content-Type", FORM)], b"value=last", False, path))
            if done[0].status not in (200, 201):
                error = json.loads(done[0].body)
                where = error["cause"] if error["errorCode"] == 104 else path
                done = self.call(Call("DELETE", key_target(where) + b"?recursive=true", [], None, False, path))
                if where != path:
                    continue
            if all(watching.side.now >= watching.since for watching in (ours, theirs)):
                return

    def heard(self, ours, theirs, a, b):
        a_plain, b_plain = (self.line(watching, line) for watching, line in ((ours, a), (theirs, b)))
        self.kinds["event"] += 1
        if a_plain == b_plain:
            return
        excuse = self.excuse(theirs, b)
        if excuse is None:
            raise Difference(f"the watch {ours.step.call} hears\n  ours   {a_plain}\n  etcd's {b_plain}")
        self.allowed[excuse] += 1

    @staticmethod
    def line(watching, line):
        text = re.sub(rb'"expiration":"[^"]+"(,"ttl":-?\d+)?', b'"expiration":T', line)
        return watching.side.normal.indexes(text)

    @staticmethod
    def excuse(theirs, line):
        """Why etcd's history may have told of an event that ours keeps to itself."""
        if line is None or theirs.index(line) > theirs.began:
            return None
        event, path = json.loads(line), theirs.step.path
        key = event["node"].get("key", "/")
        folder = event.get("prevNode", {}).get("dir") and event["action"].encode() in GONE
        if folder and path.startswith(key) and not path.startswith(key + "/"):
            return "prefix-in-history"
        below = key[len(path.rstrip("/")):]
        return "hidden-in-history" if theirs.step.recursive and "/_" in below else None

    def streamed(self, ours, theirs, a, b):
        """Every event up to the last write; etcd's stream that begins in the past falls silent after one."""
        if theirs.index(b) <= theirs.began:
            self.allowed["stream-goes-on"] += 1
            return self.heard(ours, theirs, a, b)
        lists = []
        for watching, line in ((ours, a), (theirs, b)):
            lines, raw = [self.line(watching, line)], line
            while watching.index(line) < watching.side.now:
                line = watching.next()
                if line == raw and watching is theirs:
                    self.allowed["stream-tells-once"] += 1
                    continue
                raw = line
                lines.append(self.line(watching, line))
            lists.append(lines)
        self.kinds["event"] += len(lists[0])
        if lists[0] != lists[1]:
            text = "\n".join(f"  {'  ' if x == y else '!='} {x}\n     {y}" for x, y in zip(*lists))
            raise Difference(f"the stream {ours.step.call} hears {len(lists[0])} and {len(lists[1])}\n{text}")
        return None


class Servers:
    """An agent and an etcd, their data where a sync costs little."""

    def __init__(self):
        if os.access("/dev/shm", os.W_OK):
            tempfile.tempdir = "/dev/shm"
        self.oracle = EtcdOracle("127.0.0.86")
        self.agent = SoloAgent("127.0.0.85")

    def start(self):
        self.oracle.start()
        self.agent.found()
        # etcd writes its version to the store, twice, before it is at rest.
        wire = Wire(self.oracle.addresses[0])
        version = Call("GET", b"/version").bytes(bytes)
        wait_for(lambda: b'"etcdcluster":"3.4.0"' in wire.exchange(version).body, 30, "etcd has agreed on its version")
        wire.close()

    def stop(self):
        self.oracle.stop()
        self.agent.stop()

    def pair(self):
        return Pair(self.agent.address, self.oracle.addresses[0])
