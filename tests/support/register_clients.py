# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that read, write and swap a few keys through any member, and note what they were told (register_history.py)."""
import http.client
import json
import random
import threading
import time
import urllib.parse

from register_history import DONE, REFUSED, History, Operation

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NO_SPACE = 507  # refused in words: it has not happened and never will


class Client(threading.Thread):
    """One client; its next operation begins when the last one has been answered or given up."""

    def __init__(self, number, clients):
        super().__init__(daemon=True)
        self.number = number
        self.random = random.Random(clients.seed * 1000 + number)
        self.clients = clients
        self.count = 0
        self.seen = {}  # key -> value: what a swap expects

    def run(self):
        while not self.clients.ended.is_set():
            operation = self.choose()
            self.clients.history.add(operation)
            try:
                self.ask(operation)
            except (OSError, http.client.HTTPException, ValueError):
                self.clients.ended.wait(0.02)  # whether it happened nobody knows

    def choose(self):
        key = self.random.choice(self.clients.keys)
        kind = self.random.choice(["set", "swap", "read"]) if key in self.seen else self.random.choice(["set", "read"])
        self.count += 1
        value = None if kind == "read" else f"{self.number}-{self.count}"
        return Operation(kind, key, time.monotonic(), value, self.seen.get(key) if kind == "swap" else None)

    def ask(self, operation):
        link = http.client.HTTPConnection(self.random.choice(self.clients.addresses), 2379, timeout=4)
        try:
            if operation.kind == "read":
                link.request("GET", f"/v2/keys{operation.key}?quorum=true")
            else:
                form = {"value": operation.value}
                if operation.expected is not None:
                    form["prevValue"] = operation.expected
                link.request("PUT", f"/v2/keys{operation.key}", urllib.parse.urlencode(form), FORM)
            answer = link.getresponse()
            self.take(operation, answer.status, json.loads(answer.read()))
        finally:
            link.close()

    def take(self, operation, status, body):
        ended = time.monotonic()
        if status in (200, 201):
            operation.index = body["node"]["modifiedIndex"]
            operation.value = body["node"]["value"]
            self.seen[operation.key] = operation.value
            operation.outcome = DONE
        elif body.get("errorCode") == 100 and operation.kind == "read":
            operation.outcome = DONE
        elif body.get("errorCode") in (100, 101):
            operation.outcome = REFUSED
            self.seen.pop(operation.key, None)
        elif status == NO_SPACE:
            operation.outcome = REFUSED
            self.clients.ended.wait(0.02)
        operation.ended = ended


class Clients:
    """Six of them, until stop()."""

    def __init__(self, addresses, keys, seed):
        self.addresses, self.keys, self.seed = addresses, keys, seed
        self.history = History()
        self.ended = threading.Event()
        self.threads = [Client(number, self) for number in range(6)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(20)

    def count(self, outcome):
        return sum(operation.outcome == outcome for operation in list(self.history.operations))

    def done(self):
        return self.count(DONE)
