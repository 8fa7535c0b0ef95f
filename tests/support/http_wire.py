# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 over a bare socket: what goes out is exactly what was given, what comes back is kept as it came."""
import socket
from dataclasses import dataclass, field


@dataclass
class Answer:
    """One answer: `head` as (name, value) in the order of the wire."""

    version: str
    status: int
    reason: str
    head: list
    body: bytes = b""
    lines: list = field(default_factory=list)

    def get(self, name):
        """The first value of that field in whatever case; None without one."""
        return next((value for key, value in self.head if key.lower() == name.lower()), None)

    @property
    def chunked(self):
        return (self.get("Transfer-Encoding") or "").lower() == "chunked"

    def __str__(self):
        head = "".join(f"{name}: {value}\n" for name, value in self.head)
        return f"{self.version} {self.status} {self.reason}\n{head}\n{self.body!r}"


class Wire:
    """One connection to a server, opened again when the server has closed it."""

    def __init__(self, address, port=2379, timeout=5):
        self.address, self.port, self.timeout = address, port, timeout
        self.socket = None
        self.buffer = b""
        self.rest = None  # how the answer's body goes on: bytes left, "chunks", "close"

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket, self.buffer, self.rest = None, b"", None

    def connect(self):
        self.close()
        self.socket = socket.create_connection((self.address, self.port), self.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # etcd tells HTTP/1 by the first line of a connection, and drops one whose first line is long.
        self.socket.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
        self.receive("GET")

    def send(self, request):
        if self.socket is None:
            self.connect()
        self.socket.sendall(request)

    def exchange(self, request, method="GET"):
        self.send(request)
        return self.receive(method)

    def receive(self, method="GET"):
        answer = self.receive_head(method)
        answer.body = self.receive_body()
        if (answer.get("Connection") or "").lower() == "close" or answer.version == "HTTP/1.0":
            self.close()
        return answer

    def receive_head(self, method="GET"):
        """The head alone; the body is read by line() or receive_body()."""
        head = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, reason = (head[0].split(" ", 2) + ["", ""])[:3]
        fields = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in head[1:]]
        answer = Answer(version, int(status), reason, fields)
        if method == "HEAD" or answer.status in (204, 304):
            self.rest = 0
        elif answer.chunked:
            self.rest = "chunks"
        elif answer.get("Content-Length") is not None:
            self.rest = int(answer.get("Content-Length"))
        else:
            self.rest = "close"
        return answer

    def receive_body(self):
        if self.rest == "chunks":
            parts = []
            while part := self.chunk():
                parts.append(part)
            return b"".join(parts)
        if self.rest == "close":
            body = self.buffer
            try:
                while data := self.socket.recv(65536):
                    body += data
            except ConnectionResetError:
                pass
            self.close()
            return body
        while len(self.buffer) < self.rest:
            self.fill()
        body, self.buffer = self.buffer[:self.rest], self.buffer[self.rest:]
        return body

    def chunk(self):
        """The next chunk of a body in chunks; empty at its end."""
        size = int(self.until(b"\r\n").split(b";")[0], 16)
        while len(self.buffer) < size + 2:
            self.fill()
        part, self.buffer = self.buffer[:size], self.buffer[size + 2:]
        return part

    def line(self):
        """The next chunk of a stream as a line; empty when the answer has ended."""
        return self.chunk()

    def until(self, mark):
        while (at := self.buffer.find(mark)) < 0:
            self.fill()
        found, self.buffer = self.buffer[:at], self.buffer[at + len(mark):]
        return found

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"{self.address} closed the connection after {self.buffer[:200]!r}")
        self.buffer += data
