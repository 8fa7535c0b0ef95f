# SPDX-License-Identifier: GPL-3.0-or-later
"""Real agents under somebody who kills, freezes and crashes them, while clients write: nothing that was acknowledged is
lost, and one order explains all that the clients saw.

    nemesis.py [--acts N] [--seed S]      N acts, most of them kill -9 (as a test: few)
"""
import argparse
import http.client
import json
import os
import random
import signal
import sys
import threading
import time
import urllib.parse

from local_cluster import LocalCluster, call
from qdtest import Case, main, proves, wait_for
from register_history import DONE, REFUSED, UNKNOWN, History, Operation

ACTS = 12
SEED = 1
KEYS = [f"/nemesis/{name}" for name in "abc"]


class Client(threading.Thread):
    """One client of one member; the next operation begins when the last one has been answered or given up."""

    def __init__(self, number, cluster, history, ended):
        super().__init__(daemon=True)
        self.number = number
        self.random = random.Random(SEED * 1000 + number)
        self.addresses = cluster.addresses
        self.history = history
        self.ended = ended
        self.count = 0
        self.seen = {}  # key -> value: what a swap expects

    def run(self):
        while not self.ended.is_set():
            operation = self.choose()
            self.history.add(operation)
            try:
                self.ask(operation)
            except (OSError, http.client.HTTPException, ValueError):
                self.ended.wait(0.02)  # whether it happened nobody knows

    def choose(self):
        key = self.random.choice(KEYS)
        kind = self.random.choice(["set", "swap", "read"]) if key in self.seen else self.random.choice(["set", "read"])
        self.count += 1
        value = None if kind == "read" else f"{self.number}-{self.count}"
        return Operation(kind, key, time.monotonic(), value, self.seen.get(key) if kind == "swap" else None)

    def ask(self, operation):
        link = http.client.HTTPConnection(self.random.choice(self.addresses), 2379, timeout=4)
        try:
            if operation.kind == "read":
                link.request("GET", f"/v2/keys{operation.key}?quorum=true")
            else:
                form = {"value": operation.value}
                if operation.expected is not None:
                    form["prevValue"] = operation.expected
                link.request("PUT", f"/v2/keys{operation.key}", urllib.parse.urlencode(form),
                             {"Content-Type": "application/x-www-form-urlencoded"})
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
        operation.ended = ended


class Nemesis(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.131").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def kill_agent(self, number):
        pid = self.cluster.agent_pid(number)
        if pid:
            os.kill(pid, signal.SIGKILL)

    def freeze(self, number, seconds):
        pid = self.cluster.agent_pid(number)
        if not pid:
            return
        os.kill(pid, signal.SIGSTOP)
        try:
            self.pause(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    def crash(self, number):
        self.cluster.crash(number)
        self.pause(0.5)
        self.cluster.start_node(number)

    def pause(self, seconds):
        """Faults need their time: nothing is awaited here but the clock."""
        threading.Event().wait(seconds)

    def act(self, chance):
        """One fault; whether it was a kill."""
        victim = self.cluster.leader() if chance.random() < 0.6 else chance.randint(1, 3)
        victim = victim or chance.randint(1, 3)
        what = chance.random()
        if what < 0.7:
            self.kill_agent(victim)
            return True
        if what < 0.8:  # two at once: nobody can write
            for number in {1, 2, 3} - {victim}:
                self.kill_agent(number)
            return True
        if what < 0.9:
            self.freeze(victim, chance.uniform(0.5, 4))
            return False
        self.crash(victim)
        return True

    def done(self, history):
        return sum(operation.outcome == DONE for operation in history.operations)

    def read_all(self, number):
        found = {}
        for key in KEYS:
            status, body = call(self.cluster.endpoint(number), "GET", f"/v2/keys{key}?quorum=true", timeout=8)
            if status == 200:
                node = json.loads(body)["node"]
                found[key] = (node["value"], node["modifiedIndex"])
        return found

    @proves()
    def test_1_nothing_that_was_acknowledged_is_lost(self):
        chance = random.Random(SEED)
        history, ended = History(), threading.Event()
        clients = [Client(number, self.cluster, history, ended) for number in range(6)]
        for client in clients:
            client.start()
        kills = 0
        began = time.monotonic()
        try:
            for _ in range(ACTS):
                before = self.done(history)
                # Each fault meets a cluster that works.
                wait_for(lambda n=before: self.done(history) > n + 20, 60, "operations that are answered again")
                kills += self.act(chance)
        finally:
            ended.set()
            for client in clients:
                client.join(20)
        wait_for(lambda: self.cluster.ctl("cluster", "health", check=False).returncode == 0, 60, "a healthy cluster")
        final = wait_for(lambda: self.read_all(1), 20, "the values that are left")
        self.assertEqual([self.read_all(number) for number in (2, 3)], [final, final])
        self.assertEqual(history.complaints(final), [])
        outcomes = [operation.outcome for operation in history.operations]
        print(f"{ACTS} acts, {kills} of them kills, in {time.monotonic() - began:.0f} s (seed {SEED}): "
              f"{outcomes.count(DONE)} operations done, {outcomes.count(REFUSED)} refused, "
              f"{outcomes.count(UNKNOWN)} without an answer", file=sys.stderr)

    @proves()
    def test_2_the_logs_agree(self):
        first, second, third = self.cluster.logs()
        common = sorted(set(first) & set(second) & set(third), key=int)
        self.assertGreater(len(common), 50)
        self.assertEqual([index for index in common if not first[index] == second[index] == third[index]], [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=ACTS)
    parser.add_argument("--seed", type=int, default=SEED)
    options, sys.argv[1:] = parser.parse_known_args()
    ACTS, SEED = options.acts, options.seed
    main()
