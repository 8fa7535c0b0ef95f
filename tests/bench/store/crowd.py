# SPDX-License-Identifier: GPL-3.0-or-later
"""Many plain connections to one endpoint, driven from one thread."""
import select
import socket
import time
import urllib.parse


class Crowd:
    """`count` open connections."""

    def __init__(self, endpoint, count):
        url = urllib.parse.urlsplit(endpoint)
        self.sockets = {}
        self.poll = select.epoll()
        for _ in range(count):
            link = socket.create_connection((url.hostname, url.port), timeout=20)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets[link.fileno()] = link
            self.poll.register(link.fileno(), select.EPOLLIN)

    def close(self):
        self.poll.close()
        for link in self.sockets.values():
            link.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send_all(self, request):
        for link in self.sockets.values():
            link.sendall(request)

    def await_all(self, needle, seconds):
        """Reads until each connection has received `needle`; the moment of the last one (perf_counter)."""
        waiting = {number: b"" for number in self.sockets}
        deadline = time.perf_counter() + seconds
        last = time.perf_counter()
        while waiting:
            ready = self.poll.poll(max(0.0, deadline - time.perf_counter()))
            if not ready:
                raise TimeoutError(f"{len(waiting)} of {len(self.sockets)} connections were not answered in {seconds} s")
            for number, _ in ready:
                data = self.sockets[number].recv(1 << 12)
                if not data:
                    raise ConnectionError("a connection was closed")
                if number in waiting:
                    waiting[number] += data
                    if needle in waiting[number]:
                        del waiting[number]
                        last = time.perf_counter()
        return last


def put_request(path, body):
    return (f"PUT {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def get_request(path):
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def load(endpoint, keys, connections=64):
    """Writes keys /load/DIRECTORY/KEY of 256 bytes, a thousand in a directory; how many a second."""
    body = b"value=" + b"v" * 256
    began = time.perf_counter()
    with Crowd(endpoint, connections) as crowd:
        numbers = iter(range(keys))
        busy = 0

        def give(link):
            number = next(numbers, None)
            if number is None:
                return 0
            link.sendall(put_request(f"/v2/keys/load/{number // 1000:04d}/{number:07d}", body))
            return 1

        for link in crowd.sockets.values():
            busy += give(link)
        while busy:
            for number, _ in crowd.poll.poll(20):
                data = crowd.sockets[number].recv(1 << 16)
                if not data.startswith(b"HTTP/1.1 20"):
                    raise ConnectionError(f"a PUT was answered {data[:60]!r}")
                busy += give(crowd.sockets[number]) - 1
    return keys / (time.perf_counter() - began)
