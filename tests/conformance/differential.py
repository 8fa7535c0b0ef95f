#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same seeded stream of requests to an agent and to Debian's etcd: status, head and body agree, watches hear the same.

`differential.py --seed S --requests N` runs another stream than the test's; it stops at the first difference and prints
the request, both answers and the command that shows them again. `--from I` prints each request from number I on.
"""
import argparse
import os
import re
import signal
import sys
import time

import etcd_differences
from etcd_pair import Difference, Servers
from etcd_stream import FORM, Call, Close, Open, key_target
from qdtest import SOURCE, Case, main, proves

SEED, REQUESTS = 20150717, 20_000
DOCUMENT = os.path.join(SOURCE, "docs", "etcd-differences.md")
TYPED = [("Content-Type", FORM)]


def put(path, form, query=b""):
    return Call("PUT", key_target(path) + query, TYPED, form, False, path)


def get(path, query=b""):
    return Call("GET", key_target(path) + query, [], None, False, path)


def delete(path, query=b""):
    return Call("DELETE", key_target(path) + query, [], None, False, path)


def report(pair, seed, seconds):
    print(f"seed {seed}: {pair.requests} requests compared in {seconds:.1f} s; allowed differences: "
          f"{dict(sorted(pair.allowed.items()))}\n  {dict(sorted(pair.kinds.items()))}", flush=True)


class Differential(Case):
    @classmethod
    def setUpClass(cls):
        cls.servers = Servers()
        cls.addClassCleanup(cls.servers.stop)
        cls.servers.start()
        cls.pair = cls.servers.pair()

    def same(self, *calls):
        """The calls in turn, compared; the last answer of ours."""
        for call in calls:
            ours, theirs = self.pair.call(call)
            self.assertEqual(ours.status, theirs.status, str(call))
        return ours

    def other(self, name, call, ours, theirs):
        """A call that is answered otherwise, as the document says under `name`."""
        self.assertIn(name, etcd_differences.names())
        answers = [side.answer(call) for side in self.pair.sides]
        self.assertEqual([answer.status for answer in answers], [ours, theirs], str(answers[0]))
        return answers

    def bare(self, request):
        """Bytes on a connection of their own; both answers."""
        answers = []
        for side in self.pair.sides:
            side.wire.connect()
            answers.append(side.wire.exchange(request))
        return answers

    # The stories come first: what they leave is little.

    @proves("E117", "E118", "E119", "E120", "E121")
    def test_1_what_has_had_its_time_goes_alike(self):
        """Keys and directories end, their watchers hear of it, those below them as well."""
        pair = self.pair
        self.same(put("/exp/kept", b"value=1&ttl=1000"), put("/exp/dir", b"dir=true&ttl=1"), put("/exp/dir/key/deep", b"value=1"),
                  put("/exp/dir/key/long", b"value=1&ttl=1000"))
        pair.open(Open("all", get("/exp", b"?wait=true&recursive=true&stream=true"), "/exp", True, True))
        for name in ("dir", "dir/key", "dir/key/deep", "dir/none"):
            pair.open(Open(name, get("/exp/" + name, b"?wait=true"), "/exp/" + name, False, False))
        self.assertEqual(pair.expired("all"), "/exp/dir")
        for name in ("dir", "dir/key", "dir/key/deep"):
            pair.ended(name)
        self.same(get("/exp/dir"), get("/exp/dir/key/deep"), get("/exp", b"?recursive=true"))
        pair.step(Close("dir/none"))
        # The shorter life ends first, whichever was given first.
        self.same(put("/exp/second", b"value=2&ttl=2"), put("/exp/first", b"value=1&ttl=1"),
                  put("/exp/renewed", b"value=3&ttl=1"), put("/exp/renewed", b"refresh=true&ttl=1000&prevExist=true"),
                  put("/exp/for-ever", b"value=4&ttl=1"), put("/exp/for-ever", b"value=4&ttl=&prevExist=true"))
        self.assertEqual([pair.expired("all"), pair.expired("all")], ["/exp/first", "/exp/second"])
        self.same(get("/exp", b"?recursive=true"), get("/exp/first"))
        # A life of no seconds is one until the next look at the clock.
        self.same(put("/exp/none", b"value=5&ttl=0"))
        self.assertEqual(pair.expired("all"), "/exp/none")
        self.same(get("/exp/none"), delete("/exp", b"?recursive=true"))
        pair.step(Close("all"))

    @proves("E126", "E148")
    def test_2_the_window_holds_a_thousand_events(self):
        pair = self.pair
        self.same(put("/win/first", b"value=1"), put("/win/first", b"value=2&ttl=1000"))
        began = [side.now for side in pair.sides]
        for number in range(999):
            self.same(put("/win/filler", b"value=%d" % number))
        for back, status in ((999, 200), (1000, 400), (1001, 400), (5000, 400)):
            pair.open(Open(back, get("/win/first", b"?wait=true&waitIndex=@{now-%d}" % back), "/win/first", False, False))
            self.assertEqual([watching.head.status for watching in pair.watches[back]], [status, status])
            pair.ended(back) if status == 200 else pair.step(Close(back))
        self.assertEqual([side.now - 999 for side in pair.sides], began)
        self.same(delete("/win", b"?recursive=true"))

    @proves("E103")
    def test_3_what_http_allows_and_forbids(self):
        """What no client of keys sends, byte by byte, each on a connection of its own."""
        for line in HTTP:
            with self.subTest(line[:80]):
                call = Call(line.split(b" ")[0].decode(), line, [], None, False, "")
                answers = self.bare(line)
                self.pair.compare(call, *answers)
                self.assertGreater(answers[0].status, 99)

    @proves("E103", "E104", "E105", "E112", "E116", "E129", "E130", "E141", "E146", "E147", "E149")
    def test_4_the_stream(self):
        pair, began = self.pair, time.monotonic()
        try:
            pair.run(SEED, REQUESTS)
        finally:
            report(pair, SEED, time.monotonic() - began)
        self.assertGreaterEqual(pair.requests, REQUESTS)

    @proves("E116")
    def test_5_each_deliberate_difference_shows_itself(self):
        with open(DOCUMENT, encoding="utf-8") as file:
            headings = set(re.findall(r"^### `([\w-]+)`$", file.read(), re.MULTILINE))
        self.assertEqual(headings, etcd_differences.names())
        foreign = Call("PUT", key_target("/other/site"), TYPED + [("Origin", "http://elsewhere.example")], b"value=x")
        self.other("other-sites-are-refused", foreign, 403, 201)
        self.other("own-keys-are-closed", get("/_qd/tokens"), 401, 404)
        deep = "/deep" + "/n" * 200
        self.other("depth-has-a-limit", put(deep, b"value=x"), 400, 201)
        self.other("size-has-a-limit", put("/big/body", b"value=" + b"x" * 3_000_000), 413, 201)
        long = Call("GET", key_target("/long/head"), [("X-Long", "x" * 100_000)])
        self.other("size-has-a-limit", long, 431, 404)
        host = b"Host: x\r\n\r\n"
        chunked = b"Transfer-Encoding: chunked\r\n"
        for request, ours, theirs in ((b"GET /v2/keys/none HTTP/1.2\r\n" + host, 505, 404),
                                      (b"PUT /v2/keys/none HTTP/1.1\r\n" + chunked + chunked + host, 400, 501),
                                      (b"GET /v2/keys/none HTTP/1.1\nHost: x\n\n", 400, 404),
                                      (b"GET /v2/keys/none HTTP/1.1\r\nX: a\r\n b\r\n" + host, 400, 404),
                                      (b"\r\nGET /v2/keys/none HTTP/1.1\r\n" + host, 404, 400)):
            self.assertEqual([answer.status for answer in self.bare(request)], [ours, theirs], str(request))
        far = put("/far", b"value=x&ttl=18446744073709551615")
        ours, theirs = self.other("far-is-far", far, 201, 201)
        self.assertIn(b'"expiration":"9999-12-31T23:59:59Z"', ours.body)
        self.assertNotIn(b'"expiration":"9999', theirs.body)


# Whole requests. Each is answered, or refused, alike.
HTTP = (
    b"GET /v2/keys/none HTTP/1.0\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.0\r\nHost: x\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHOST: x\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost:\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET  /v2/keys/none HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v2/keys/no ne HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v2/keys/none HTTP/2.0\r\nHost: x\r\n\r\n",
    b"GET /v2/keys/none\r\nHost: x\r\n\r\n",
    b"GET v2/keys/none HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://x/v2/keys/none HTTP/1.1\r\nHost: y\r\n\r\n",
    b"GET http://x HTTP/1.1\r\nHost: y\r\n\r\n",
    b"GET http://x?a=b HTTP/1.1\r\nHost: y\r\n\r\n",
    b"GET HTTP://x/v2/keys/none HTTP/1.1\r\nHost: y\r\n\r\n",
    b"G(T /v2/keys/none HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v2/keys/no\x01ne HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v2/keys/no\x7fne HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost: x\r\nX-Y : z\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost: x\r\nX-Y: a\x01b\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost: x\r\nX-Y: \xff\xfe\r\n\r\n",
    b"GET /v2/keys/none HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    b"DELETE /v2/keys/none HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    b"PUT /v2/keys/none?prevExist=true HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"PUT /v2/keys/none?prevExist=true HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
    b"PUT /v2/keys/none?prevExist=true HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    b"PUT /v2/keys/none?prevExist=true HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"PUT /v2/keys/none?prevExist=true HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: x\r\n\r\n",
    b"PUT /v2/keys/none?prevExist=true HTTP/1.1\r\nHost: x\r\nExpect: x\r\nContent-Length: 0\r\n\r\n",
    b"PUT /v2/keys/none?prevExist=true HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
)


def command_line():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--most", type=int, default=1, help="so many differences, not the first alone")
    parser.add_argument("--from", dest="verbose_from", type=int)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    servers = Servers()
    try:
        servers.start()
        pair, began = servers.pair(), time.monotonic()
        try:
            pair.run(options.seed, options.requests, options.verbose_from, options.most)
        finally:
            report(pair, options.seed, time.monotonic() - began)
    except Difference as difference:
        sys.exit(str(difference))
    finally:
        servers.stop()


if __name__ == "__main__":
    if "--seed" in sys.argv or "--requests" in sys.argv:
        command_line()
    else:
        main()
