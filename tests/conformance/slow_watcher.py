# SPDX-License-Identifier: GPL-3.0-or-later
"""A watcher that does not read is let go, and nothing is skipped for it (R-53): what it has been told has no gap, and
with the next index it goes on where it was."""
import json
import socket
import urllib.parse
import urllib.request

from local_cluster import call, get
from qdtest import Case, main, proves, wait_for
from solo_agent import SoloAgent

EVENTS = 120
MEBIBYTE = 1024 * 1024


def write(agent, number):
    body = urllib.parse.urlencode({"value": f"{number} " + "v" * MEBIBYTE}).encode()
    request = urllib.request.Request(f"{agent.endpoint()}/v2/keys/slow/{number}", body, method="PUT")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["node"]["modifiedIndex"]


class Stream:
    """A watch as a stream that is read only when it is asked to be."""

    def __init__(self, agent, query):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.socket.settimeout(10)
        self.socket.connect((agent.address, 2379))
        path = f"/v2/keys/slow?wait=true&stream=true&recursive=true{query}"
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.buffer = b""

    def read(self):
        """False at the end."""
        try:
            piece = self.socket.recv(MEBIBYTE)
        except ConnectionError:
            return False
        self.buffer += piece
        return bool(piece)

    def indexes(self):
        """Of the events that have come whole."""
        _, _, rest = self.buffer.partition(b"\r\n\r\n")
        found = []
        while b"\r\n" in rest:
            size, rest = rest.split(b"\r\n", 1)
            size = int(size, 16)
            if size == 0 or len(rest) < size + 2:
                break
            found.append(json.loads(rest[:size])["node"]["modifiedIndex"])
            rest = rest[size + 2:]
        return found


class SlowWatcher(Case):
    @proves("R-53")
    def test_1_it_is_let_go_and_skips_nothing(self):
        agent = SoloAgent("127.0.0.215")
        self.addCleanup(agent.stop)
        agent.found()
        slow = Stream(agent, "")
        self.addCleanup(slow.socket.close)
        wait_for(lambda: b"\r\n\r\n" in slow.buffer or not slow.read(), 10, "the head of the answer")
        written = [write(agent, number) for number in range(EVENTS)]
        while slow.read():
            pass
        heard = slow.indexes()
        self.assertLess(len(heard), EVENTS)
        self.assertEqual(heard, written[:len(heard)])
        self.assertEqual(get(agent.endpoint(), "/slow/0")[:2], "0 ")
        # It goes on with the next index, an event at a time as etcd's clients do.
        while len(heard) < EVENTS:
            after = heard[-1] + 1 if heard else written[0]
            path = f"/v2/keys/slow?wait=true&recursive=true&waitIndex={after}"
            heard.append(json.loads(call(agent.endpoint(), "GET", path)[1])["node"]["modifiedIndex"])
        self.assertEqual(heard, written)


if __name__ == "__main__":
    main()
