# SPDX-License-Identifier: GPL-3.0-or-later
"""What a proxy's flags do to how long things take, each at two values; and what a member learns of who asks. The members
are stand-ins that fail in one way each (ch5-etcd.md 3.3)."""
import http.client
import http.server
import json
import socket
import threading
import time

from bare_agents import BareAgent
from local_cluster import call
from qdtest import Case, main, on_test_net, proves, wait_for

MEMBER, CLIENT = (on_test_net(f"127.0.0.{number}") for number in (176, 177))


class Member:
    """Says who the members are, and notes what it is asked."""

    def __init__(self):
        self.urls = [f"http://{MEMBER}:2379"]
        self.looks = []  # moments at which it was asked for the members
        self.heads = []
        member = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/v2/members":
                    member.looks.append(time.monotonic())
                    body = json.dumps({"members": [{"id": "1", "clientURLs": member.urls}]}).encode()
                else:
                    member.heads.append(list(self.headers.items()))
                    body = b"{}"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((MEMBER, 2379), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class ProxyFlags(Case):
    def setUp(self):
        super().setUp()
        self.member = Member()
        self.addCleanup(self.member.close)
        self.proxies = 0

    def listener(self, port, backlog, prepare=lambda listener: None):
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        prepare(listener)
        listener.bind((MEMBER, port))
        listener.listen(backlog)
        return listener

    def proxy(self, *flags):
        self.proxies += 1
        agent = BareAgent(f"proxy-{self.proxies}", f"127.0.0.{177 + self.proxies}")
        self.addCleanup(agent.stop)
        agent.start_as_etcd("--proxy", "on", "--initial-cluster", f"core=http://{MEMBER}:2380",
                            "--listen-client-urls", agent.endpoint(), *flags)
        wait_for(lambda: self.endpoints(agent) == self.member.urls, 20, "the proxy knows the member")
        return agent

    @staticmethod
    def endpoints(agent):
        return json.loads(call(agent.endpoint(), "GET", "/v2/config/local/proxy")[1])["endpoints"]

    def check_takes(self, flag, act, *more):
        """`act` with a proxy whose `flag` is short, then long: it takes that long, and not much longer."""
        for milliseconds in (300, 1500):
            proxy = self.proxy(flag, str(milliseconds), *more)
            began = time.monotonic()
            act(proxy)
            took = (time.monotonic() - began) * 1000
            self.assertGreaterEqual(took, milliseconds * 0.95, flag)
            self.assertLess(took, milliseconds + 1000, flag)

    def get_fails(self, proxy):
        status, body = call(proxy.endpoint(), "GET", "/v2/keys/a")
        self.assertEqual((status, json.loads(body)["message"]),
                         (502, "proxy: unable to get response from 1 endpoint(s)"))

    @proves()
    def test_1_a_member_learns_who_asks(self):
        proxy = self.proxy()
        for before, told in ((None, CLIENT), ("203.0.113.5", f"203.0.113.5, {CLIENT}")):
            link = http.client.HTTPConnection(proxy.address, 2379, timeout=10, source_address=(CLIENT, 0))
            link.request("GET", "/v2/keys/a", headers={"X-Forwarded-For": before} if before else {})
            self.assertEqual(link.getresponse().status, 200)
            link.close()
            head = dict(self.member.heads[-1])
            self.assertEqual((head["X-Forwarded-For"], head["Host"]), (told, f"{MEMBER}:2379"))
            self.assertEqual([name for name, _ in self.member.heads[-1]].count("X-Forwarded-For"), 1)

    @proves()
    def test_2_dial_timeout(self):
        full = self.listener(3001, 0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:  # its queue is full: the kernel takes no further call
            self.addCleanup(each.close)
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        self.member.urls = [f"http://{MEMBER}:3001"]
        self.check_takes("--proxy-dial-timeout", self.get_fails)

    @proves()
    def test_3_write_timeout(self):
        def small(listener):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)

        self.listener(3002, 100, small)  # takes calls, and reads nothing
        self.member.urls = [f"http://{MEMBER}:3002"]

        def put(proxy):
            link = http.client.HTTPConnection(proxy.address, 2379, timeout=20)
            link.request("PUT", "/v2/keys/a", b"value=" + b"x" * 1_900_000)
            self.assertEqual(link.getresponse().status, 502)
            link.close()

        self.check_takes("--proxy-write-timeout", put)

    @proves()
    def test_4_read_timeout(self):
        self.listener(3003, 100)  # takes what it is sent, and answers nothing
        self.member.urls = [f"http://{MEMBER}:3003"]
        self.check_takes("--proxy-read-timeout", self.get_fails)

    @proves()
    def test_5_failure_wait(self):
        self.member.urls = [f"http://{MEMBER}:3004"]  # nobody is there

        def rest(proxy):
            self.get_fails(proxy)
            self.assertEqual(call(proxy.endpoint(), "GET", "/v2/keys/a")[0], 503)
            wait_for(lambda: call(proxy.endpoint(), "GET", "/v2/keys/a")[0] == 502, 20, "it is asked again")

        self.check_takes("--proxy-failure-wait", rest)

    @proves()
    def test_6_refresh_interval(self):
        def looks(proxy):
            del self.member.looks[:]
            wait_for(lambda: self.member.looks, 20, "it asks who the members are")
            first = self.member.looks[0]
            wait_for(lambda: len(self.member.looks) > 1, 20, "and again")
            self.took = (self.member.looks[1] - first) * 1000
            proxy.stop()  # its own looks must not be taken for the next one's

        for milliseconds in (300, 1500):
            looks(self.proxy("--proxy-refresh-interval", str(milliseconds)))
            self.assertGreaterEqual(self.took, milliseconds * 0.95)
            self.assertLess(self.took, milliseconds + 1000)
        # A member that has moved is found where it says that it is.
        proxy = self.proxy("--proxy-refresh-interval", "300")
        self.member.urls = [f"http://{MEMBER}:3005", f"http://{MEMBER}:3006"]
        wait_for(lambda: sorted(self.endpoints(proxy)) == self.member.urls, 10, "the new places")


if __name__ == "__main__":
    main()
