# SPDX-License-Identifier: GPL-3.0-or-later
"""A seeded stream of requests to etcd's keys API. Pure: the same seed gives the same steps, whoever is asked.

Where a request names an index it says `@{now}`, `@{now-3}` (of the store, at that moment) or `@{mod}` (the key's last
modifiedIndex); who sends it fills that in for each server. Lives are far longer than the test: what expires has
stories of its own.
"""
import random
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

FORM = "application/x-www-form-urlencoded"


@dataclass
class Call:
    """One request. `key` is the path that @{mod} is about; body None sends none."""

    method: str
    target: bytes
    head: list = field(default_factory=list)
    body: bytes = None
    chunked: bool = False
    key: str = ""

    def bytes(self, fill):
        """The request as it goes out; `fill` replaces the indexes."""
        body = None if self.body is None else fill(self.body)
        head = [f"{self.method} ".encode() + fill(self.target) + b" HTTP/1.1", b"Host: etcd"]
        head += [f"{name}: {value}".encode("latin-1") for name, value in self.head]
        if body is not None and self.chunked:
            head.append(b"Transfer-Encoding: chunked")
            half = len(body) // 2
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)
            body += b"0\r\n\r\n"
        elif body is not None:
            head.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(head) + b"\r\n\r\n" + (body or b"")

    def __str__(self):
        head = "".join(f" [{name}: {value}]" for name, value in self.head)
        body = "" if self.body is None else f" body{' in chunks' if self.chunked else ''} {self.body[:300]!r}"
        return f"{self.method} {self.target[:300].decode('latin-1')}{head}{body}"


@dataclass
class Open:
    """A watch begins, on a connection of its own."""

    name: int
    call: Call
    path: str
    recursive: bool
    stream: bool


@dataclass
class Close:
    """The watch is to be woken for certain, if it has not been, and what it heard compared."""

    name: int


NAMES = ("a", "ab", "b", "c", "_h", "a-b.c", "ü", "with blank", "x%y", "A", "€€", "q?r", "h#", "plus+", "s;t", "e=f&g",
         "...", "~!*'()", "0", "\u2028", "\x7f", "<&>")
# Few paths are used often, so that they meet.
PATHS = ["/a", "/ab", "/b", "/c", "/a/x", "/a/y", "/a/x/deep", "/b/x", "/c/d/e", "/_h", "/_h/k", "/a/_h", "/a/_h/k", "/ab/z",
         "/a/x/deep/er", "/b/x/_q/r"]
VALUES = (b"", b"v", b"v1", b"v2", b"two words", "Grüße €".encode(), b"<a href='x'>&amp;\"\\", b"\x00\x01\x1f\x7f",
          b"\xff\xfe", b"\xc3", b"\xed\xa0\x80x", b"\xf0\x9f\x98\x80", b"\xe2\x80\xa8\xe2\x80\xa9", b"line\r\nline\ttab",
          b"+", b"a=b&c=d;e", b"%41", b'{"key":"value","modifiedIndex":7}', b"0", b"true", b"x" * 100)
BOOLEANS = ("true", "false", "1", "0", "t", "f", "T", "F", "TRUE", "FALSE", "True", "False")
BAD_BOOLEANS = ("", "yes", "2", "tRUE", "nil", " true", "true ", "-1", "ttrue")
NUMBERS = ("0", "1", "@{now}", "@{mod}", "@{mod}", "@{now-1}", "000@{mod}", "18446744073709551615")
BAD_NUMBERS = ("", "x", "-1", "+5", "1.5", "18446744073709551616", "99999999999999999999999", "0x10", " 1", "1_000", "1e3", "٣")
TTLS = ("", "1000", "5000", "86400", "100000", "31536000", "0001000")
BAD_TTLS = ("x", "-1", "1.5", "18446744073709551616", "+5", " 5", "1000s", "٣")
FLAGS = ("recursive", "sorted", "quorum", "wait", "stream", "dir", "noValueOnSuccess")
UNKNOWN = ("consistent", "Value", "VALUE", "", "timeout", "prevexist", "€", "a b")
CONTENT_TYPES = (FORM, FORM.upper(), FORM + "; charset=utf-8", FORM + ";", FORM + " ; a=b", "text/plain", "application/json",
                 "multipart/form-data; boundary=x", "", ";", "/", "text", "text/", "text/plain; a", "text/plain; a=b; a=c",
                 FORM + "; a", FORM + "; =b", FORM + '; a="b', "a b/c", "text/plain x", FORM + "; a=b; a=b", "é/x",
                 FORM + ";;", FORM + "; charset=\"utf-8\"", "text/html,text/plain", FORM + "; a=b,c")
METHODS = ("OPTIONS", "PATCH", "TRACE", "FOO", "get", "Put", "PROPFIND", "LOCK", "X-Y", "M-SEARCH")
PLACES = ("/", "/v2", "/v2/", "/v2/keysx", "/v2/leader", "/v1/keys/a", "/foo/bar", "/favicon.ico", "/version/", "/health/",
          "/v2/machines/", "/V2/keys", "/version", "/v2/key", "/v2/keys%2fa", "/%76%32/keys/a")


def key_target(path):
    return b"/v2/keys" + quote(path, safe="/~!*'()$&,;=:@").encode()


class Stream:
    """Steps without an end, from a seed."""

    OPEN_AT_ONCE = 4

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.watches = {}  # name -> steps until it is closed
        self.next_watch = 0
        self.kinds = [(30, self.write), (14, self.read), (10, self.remove), (5, self.in_order), (10, self.fuzzed),
                      (5, self.repeated), (4, self.broken_form), (4, self.typed), (4, self.odd_path), (3, self.method),
                      (2, self.place), (2, self.huge), (1, self.sweep), (3, self.lock), (2, self.not_utf8)]

    def steps(self, count):
        """About `count` requests; every watch is closed at the end."""
        for _ in range(count):
            yield from self.due()
            if len(self.watches) < self.OPEN_AT_ONCE and self.dice.random() < 0.05:
                yield self.watch()
            kinds = [kind for _, kind in self.kinds]
            yield self.dice.choices(kinds, [weight for weight, _ in self.kinds])[0]()
        for name in list(self.watches):
            yield Close(name)

    def due(self):
        for name in list(self.watches):
            self.watches[name] -= 1
            if self.watches[name] <= 0:
                del self.watches[name]
                yield Close(name)

    # What is said of a key

    def path(self):
        dice = self.dice
        if dice.random() < 0.8:
            return dice.choice(PATHS)
        return "".join("/" + dice.choice(NAMES) for _ in range(dice.randint(1, 4)))

    def value(self):
        return self.dice.choice(VALUES)

    def pair(self, name, value):
        """name=value in one of the ways to write it."""
        if isinstance(value, str):
            value = value.encode()
        if b"@{" in value:
            return name.encode() + b"=" + value
        how = self.dice.random()
        if how < 0.75:
            return name.encode() + b"=" + quote_plus(value).encode()
        if how < 0.9:
            return name.encode() + b"=" + quote(value, safe="").encode()
        return name.encode() + b"=" + b"".join(b"%%%02x" % byte for byte in value)

    def call(self, method, path, pairs, head=None):
        """The pairs in the query, in the form, or in both; in the form only where the method has one."""
        dice, target = self.dice, key_target(path)
        if dice.random() < 0.05:
            target += b"/"
        in_form = method in ("PUT", "POST") or dice.random() < 0.02
        where = dice.random()
        query, form = [], []
        for pair in pairs:
            (form if in_form and (where < 0.5 or where < 0.7 and dice.random() < 0.5) else query).append(pair)
        if query or dice.random() < 0.02:
            target += b"?" + b"&".join(query)
        head = head or []
        if form or (in_form and dice.random() < 0.1):
            return Call(method, target, head + [("Content-Type", FORM)], b"&".join(form), dice.random() < 0.1, path)
        return Call(method, target, head, None, False, path)

    # Kinds of calls

    def write(self):
        dice, path = self.dice, self.path()
        pairs = []
        if dice.random() < 0.85:
            pairs.append(self.pair("value", self.value()))
        for chance, name, values in ((0.12, "dir", ("true", "true", "false")), (0.15, "ttl", TTLS),
                                     (0.25, "prevExist", ("true", "true", "false")),
                                     (0.12, "prevValue", VALUES[1:]), (0.12, "prevIndex", NUMBERS),
                                     (0.06, "refresh", ("true", "false")), (0.06, "noValueOnSuccess", BOOLEANS),
                                     (0.03, "recursive", BOOLEANS), (0.02, "quorum", BOOLEANS),
                                     (0.02, "sorted", BOOLEANS)):
            if dice.random() < chance:
                pairs.append(self.pair(name, dice.choice(values)))
        if any(pair.startswith(b"refresh=") for pair in pairs) and dice.random() < 0.8:
            pairs = [pair for pair in pairs if not pair.startswith((b"value=", b"ttl="))] + [b"ttl=7000"]
        dice.shuffle(pairs)
        return self.call("PUT", path, pairs)

    def read(self):
        dice = self.dice
        pairs = [self.pair(name, dice.choice(BOOLEANS)) for name in ("recursive", "sorted", "quorum", "consistent")
                 if dice.random() < 0.35]
        if dice.random() < 0.03:
            pairs = [b"wait=true", b"quorum=true"] + pairs
        path = self.path() if dice.random() < 0.8 else dice.choice(("/", "", "/a", "/b", "/queue", "/_h"))
        return self.call(dice.choice(("GET", "GET", "GET", "HEAD")), path, pairs)

    def remove(self):
        dice = self.dice
        pairs = []
        for chance, name, values in ((0.3, "dir", BOOLEANS), (0.4, "recursive", BOOLEANS), (0.15, "prevValue", VALUES[1:]),
                                     (0.15, "prevIndex", NUMBERS), (0.03, "ttl", TTLS), (0.03, "prevExist", BOOLEANS),
                                     (0.03, "noValueOnSuccess", BOOLEANS)):
            if dice.random() < chance:
                pairs.append(self.pair(name, dice.choice(values)))
        path = self.path() if dice.random() < 0.95 else dice.choice(("/", ""))
        return self.call("DELETE", path, pairs)

    def in_order(self):
        dice = self.dice
        pairs = [self.pair("value", self.value())]
        for chance, name, values in ((0.1, "dir", BOOLEANS), (0.2, "ttl", TTLS), (0.1, "prevExist", BOOLEANS),
                                     (0.05, "noValueOnSuccess", BOOLEANS), (0.05, "refresh", ("false",))):
            if dice.random() < chance:
                pairs.append(self.pair(name, dice.choice(values)))
        return self.call("POST", dice.choice(("/queue", "/queue", "/q/deep", self.path(), "/", "")), pairs)

    def fuzzed(self):
        """Any parameter with any value, most of them bad, at any method."""
        dice = self.dice
        method = dice.choice(("GET", "GET", "PUT", "PUT", "POST", "DELETE", "HEAD"))
        pairs = []
        for _ in range(dice.randint(1, 4)):
            kind = dice.randrange(7)
            if kind < 3:
                name = dice.choice(FLAGS + ("prevExist", "refresh"))
                values = BAD_BOOLEANS if dice.random() < 0.5 else BOOLEANS
            elif kind == 3:
                name, values = dice.choice(("prevIndex", "waitIndex")), BAD_NUMBERS if dice.random() < 0.7 else NUMBERS
            elif kind == 4:
                name, values = "ttl", BAD_TTLS if dice.random() < 0.7 else TTLS
            elif kind == 5:
                name, values = dice.choice(("value", "prevValue")), VALUES
            else:
                name, values = quote_plus(dice.choice(UNKNOWN)), VALUES
            pairs.append(self.pair(name, dice.choice(values)))
        return self.harmless(self.call(method, self.path(), pairs))

    @staticmethod
    def harmless(call):
        """A GET that might wait for ever gets a word that makes it fail at once."""
        if call.method == "GET" and b"wait=" in call.target:
            call.target = call.target.replace(b"?", b"?dir=no&", 1)  # the first of a name counts
        return call

    def repeated(self):
        """One parameter more than once: in the query, in the form, in both."""
        dice = self.dice
        name = dice.choice(("value", "prevExist", "dir", "recursive", "ttl", "prevIndex", "prevValue", "noValueOnSuccess"))
        values = {"value": VALUES, "ttl": TTLS + BAD_TTLS, "prevIndex": NUMBERS + BAD_NUMBERS,
                  "prevValue": VALUES}.get(name, BOOLEANS + BAD_BOOLEANS)
        few = [self.pair(name, dice.choice(values)) for _ in range(dice.randint(2, 3))]
        rest = [self.pair("value", self.value())] if name != "value" else []
        target = key_target(path := self.path())
        if dice.random() < 0.7:
            target += b"?" + b"&".join(few[:1])
            few = few[1:]
        return self.harmless(Call(dice.choice(("PUT", "PUT", "POST", "DELETE", "GET")), target, [("Content-Type", FORM)],
                                  b"&".join(few + rest), False, path))

    def broken_form(self):
        dice = self.dice
        pieces = [b"value=%zz", b"value=%", b"value=%4", b"%zz=1", b"a;b=1", b";", b"value", b"=", b"&&", b"value=1=2",
                  b"value=\xff", b"value=\xc3\xbc", b"dir=%74rue", b"value=a%00b", b"value=%\xff\xff", b"value=%\x01\x02",
                  b"value=%\"\\", b"v%61lue=x", b"value=%e2%82", b"prevExist", b"ttl", b"value=%F0%9F", b"value=%g0&x;y",
                  b"x;y&value=%g0", b"dir", b"value=1&", b"&value=1", b"value=%\xe2\x82\xac", b"value=%\xc2\x85x"]
        text = b"&".join(dice.choice(pieces) for _ in range(dice.randint(1, 3)))
        target = key_target(path := self.path())
        method = dice.choice(("PUT", "PUT", "POST", "GET", "DELETE"))
        if dice.random() < 0.5 and method in ("PUT", "POST"):
            return Call(method, target, [("Content-Type", FORM)], text, dice.random() < 0.2, path)
        # A blank or a control character would end the request line.
        return self.harmless(Call(method, target + b"?" + bytes(c for c in text if c > 0x20 and c != 0x7f), [], None, False,
                                  path))

    def typed(self):
        dice = self.dice
        head = [("Content-Type", dice.choice(CONTENT_TYPES).encode().decode("latin-1"))]
        body = None if dice.random() < 0.15 else self.pair("value", self.value())
        return Call(dice.choice(("PUT", "PUT", "POST", "GET", "DELETE")), key_target(path := self.path()), head, body,
                    dice.random() < 0.1, path)

    def odd_path(self):
        dice = self.dice
        path = self.path()
        target = key_target(path)
        odd = dice.choice((
            b"/v2/keys/" + target[len(b"/v2/keys"):], b"//" + target[1:], target + b"//", target + b"/.", target + b"/..",
            target + b"/../x/.", b"/v2/./keys/a", b"/v2/keys/../keys" + target[8:], target + b"///", target + b"%2F",
            target + b"/%2e%2e/b", target + b"/%2E", target.replace(b"/", b"%2f").replace(b"%2f", b"/", 1),
            b"/v2/keys/a%00b", b"/v2/keys/%", b"/v2/keys/%zz", b"/v2/keys/%4", b"/v2/keys/a\xc3\xbc", b"/v2/keys/a'\"<>\\^`{|}",
            b"/../v2/keys/a", b"/v2/keys/..", b"/v2/keys/.", b"/v2/keys//", b"/v2//keys", b"/v2/keys/.hidden",
            b"/v2/keys/a/..b", b"/v2/keys/a/b../c", b"/v2/keys/'//&<>", b"/v2/keys/%27/../%22", b"http://etcd/v2/keys/a",
            b"/v2/keys/a%2f..%2fb", b"/v2/keys/%20", b"/v2/keys/%0a%0d", b"/v2/keys/%e2%80%a8//"))
        if dice.random() < 0.3:
            odd += b"?" + dice.choice((b"recursive=true", b"a=<b>&c='d'", b"x=%41", b"", b"?", b"a?b", b"value=1",
                                       b"\xc3\xbc=\xff", b"#frag"))
        method = dice.choice(("GET", "GET", "PUT", "DELETE", "HEAD", "POST", "OPTIONS", "FOO"))
        body = self.pair("value", self.value()) if method in ("PUT", "POST") and dice.random() < 0.5 else None
        return Call(method, odd, [("Content-Type", FORM)] if body is not None else [], body, False, path)

    def method(self):
        dice = self.dice
        target = key_target(path := self.path())
        if dice.random() < 0.3:
            target += b"?recursive=true&value=x"
        body = b"value=x" if dice.random() < 0.2 else None
        return Call(dice.choice(METHODS), target, [("Content-Type", FORM)] if body else [], body, False, path)

    def place(self):
        dice = self.dice
        method = dice.choice(("GET", "GET", "GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "FOO"))
        return Call(method, dice.choice(PLACES).encode())

    def huge(self):
        dice, path = self.dice, dice_path(self.dice)
        size = dice.choice((1500, 2000, 2048, 2100, 5000, 20_000, 100_000))
        text = dice.choice((b"x", b"%00", b"%3C", b"%C3%BC", b"+", b"%FF")) * (size // 4)
        if size <= 5000 and dice.random() < 0.4:
            return Call("PUT", key_target(path) + b"?value=" + text, [], None, False, path)
        return Call("PUT", key_target(path), [("Content-Type", FORM)], b"value=" + text, dice.random() < 0.3, path)

    def sweep(self):
        """Keeps the tree small."""
        path = self.dice.choice(("/queue", "/q", "/a", "/ab", "/b", "/c", "/_h", "/big") + tuple(f"/{n}" for n in NAMES[6:]))
        return Call("DELETE", key_target(path) + b"?recursive=true", [], None, False, path)

    def lock(self):
        """Who takes it, who keeps it, who gives it back."""
        dice, target = self.dice, key_target("/lock/owner")
        owner = dice.choice((b"one", b"two"))
        kind = dice.randrange(4)
        if kind == 0:
            return Call("PUT", target + b"?prevExist=false", [("Content-Type", FORM)], b"ttl=1000&value=" + owner, False,
                        "/lock/owner")
        if kind == 1:
            return Call("PUT", target + b"?prevValue=" + owner, [("Content-Type", FORM)], b"ttl=2000&value=" + owner, False,
                        "/lock/owner")
        if kind == 2:
            return Call("DELETE", target + b"?prevValue=" + owner, [], None, False, "/lock/owner")
        return Call("PUT", target + b"?prevIndex=@{mod}&prevExist=true&refresh=true&ttl=3000", [], None, False, "/lock/owner")

    def not_utf8(self):
        """A key that is not text; never one that would be stored."""
        target = key_target(path := self.path()) + self.dice.choice((b"/%FF", b"%C3", b"/\xff\xfe", b"/%ED%A0%80", b"/a/%80/b"))
        return Call(self.dice.choice(("GET", "HEAD", "DELETE")), target, [], None, False, path)

    def watch(self):
        dice = self.dice
        path = dice.choice(PATHS + ["/", "/queue", "/a", "/b", "/lock/owner", "/a/x"])
        recursive, stream = dice.random() < 0.5 or path == "/", dice.random() < 0.35
        pairs = [b"wait=true"]
        if recursive:
            pairs.append(b"recursive=true")
        if stream:
            pairs.append(b"stream=true")
        index = dice.choice((None, None, None, "0", "@{now}", "@{now+1}", "@{now+2}", "@{now+6}", "@{now-1}", "@{now-5}",
                             "@{now-50}", "@{now-400}", "@{now-950}", "@{now-3000}", "@{mod}", "@{mod+1}", "1"))
        if index:
            pairs.append(b"waitIndex=" + index.encode())
        if dice.random() < 0.1:
            pairs.append(b"sorted=true")
        dice.shuffle(pairs)
        name = self.next_watch = self.next_watch + 1
        self.watches[name] = dice.randint(1, 50)
        call = Call("GET", key_target(path) + b"?" + b"&".join(pairs), [], None, False, path)
        return Open(name, call, path, recursive, stream)


def dice_path(dice):
    return "/big/" + dice.choice(("one", "two", "three"))
