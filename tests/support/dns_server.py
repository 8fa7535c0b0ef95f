# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server of a few records, for clusters that find themselves by DNS."""
import socket
import struct
import threading

A, SRV = 1, 33


def encoded(name):
    labels = [label.encode() for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class DnsServer:
    """Answers at port 53 of `address`; `hosts` is name -> address, `services` is name -> [(host, port)]."""

    def __init__(self, address):
        self.hosts = {}
        self.services = {}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.socket.close()

    def serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(4096)
            except OSError:
                return
            self.socket.sendto(self.answer(query), client)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name, kind = ".".join(labels).lower(), struct.unpack("!H", query[at + 1:at + 3])[0]
        self.asked.append((name, kind))
        data = []
        if kind == A and name in self.hosts:
            data = [socket.inet_aton(self.hosts[name])]
        elif kind == SRV:
            data = [struct.pack("!HHH", 0, 0, port) + encoded(host) for host, port in self.services.get(name, ())]
        known = name in self.hosts or name in self.services
        head = query[:2] + struct.pack("!HHHHH", 0x8580 if known else 0x8583, 1, len(data), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, len(each)) + each for each in data)
        return head + query[12:at + 5] + records
