# SPDX-License-Identifier: GPL-3.0-or-later
"""Real agents under somebody who kills and freezes them, cuts their network, fills their disks and makes syncs fail, while
clients write: nothing that was acknowledged is lost, and one order explains all that the clients saw.

    nemesis.py [--acts N] [--seed S]      N acts; each kind once, then by chance, most of them kill -9
"""
import argparse
import json
import os
import random
import subprocess
import sys
import time

from bad_disk import BadDisk
from local_cluster import call, put
from nemesis_acts import Acts
from qdtest import Case, main, program, proves, wait_for
from register_clients import Clients
from register_history import DONE, REFUSED, UNKNOWN
from small_disk import SmallDisk, own_mounts
from wires import alone, own_network, wired_members

ACTS = len(Acts.WEIGHTS)
SEED = 1
ROUND = 25  # acts; what the clients saw is looked at after each round
DISK = 96  # MiB
# Short times, so that much happens; the states of the members are compared often.
TIMES = ["--heartbeat-interval", "50", "--election-timeout", "500", "--snapshot-count", "300"]


class Nemesis(Case):
    @classmethod
    def setUpClass(cls):
        own_mounts()
        own_network()
        cls.members = wired_members(3, cls.addClassCleanup, *TIMES)
        for one in cls.members:
            one.small_disk = SmallDisk(f"{one.dir}/state", DISK)
            cls.addClassCleanup(one.small_disk.unmount)
            cls.addClassCleanup(one.stop, keep=True)
            one.bad_disk = BadDisk(one.dir)
            one.environment = one.bad_disk.environment
            one.start_as_etcd(*one.flags, await_ready=False)
        for one in cls.members:
            one.await_health()

    def read_all(self, one, keys):
        found = {}
        for key in keys:
            status, body = call(one.endpoint(), "GET", f"/v2/keys{key}?quorum=true", timeout=8)
            if status == 200:
                node = json.loads(body)["node"]
                found[key] = (node["value"], node["modifiedIndex"])
        return found

    def round(self, number, acts, names):
        try:
            return self.acts_and_questions(number, acts, names)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{acts.state()}") from error

    def acts_and_questions(self, number, acts, names):
        """Some acts under writing clients, and then the question whether one order explains it all."""
        keys = [f"/nemesis/{number}/{name}" for name in "abc"]
        clients = Clients([one.address for one in self.members], keys, SEED + number).start()
        try:
            for name in names:
                before = clients.done()
                # Each fault meets a cluster that works.
                wait_for(lambda n=before: clients.done() > n + 20, 60, f"operations that are answered, before {name}")
                acts.do(name)
            before = clients.done()
            wait_for(lambda n=before: clients.done() > n + 20, 60, "operations that are answered again")
        finally:
            clients.stop()
        for one in self.members:
            wait_for(one.healthy, 60, f"{one.name} is healthy")
        final = self.read_all(self.members[0], keys)
        self.assertEqual([self.read_all(one, keys) for one in self.members[1:]], [final, final])
        self.assertEqual(clients.history.complaints(final), [])
        return [clients.count(outcome) for outcome in (DONE, REFUSED, UNKNOWN)]

    @proves("R-34", "R-43", "R-48", "R-50", "R-57")
    def test_1_nothing_that_was_acknowledged_is_lost(self):
        acts = Acts(self.members, random.Random(SEED))
        names = acts.names(ACTS)
        began = time.monotonic()
        sums = [0, 0, 0]
        for number, first in enumerate(range(0, len(names), ROUND)):
            told = self.round(number, acts, names[first:first + ROUND])
            sums = [sum(pair) for pair in zip(sums, told)]
            print(f"{sum(acts.happened.values())} acts, {acts.kills} processes killed, in "
                  f"{time.monotonic() - began:.0f} s (seed {SEED}): {sums[0]} operations done, {sums[1]} refused, "
                  f"{sums[2]} without an answer; {dict(acts.happened)}", file=sys.stderr, flush=True)
        if ACTS >= len(Acts.WEIGHTS):
            self.assertEqual(set(acts.happened), set(Acts.WEIGHTS))
        self.assertGreater(acts.kills, 0)

    @proves("R-34")
    def test_2_the_members_hold_the_same(self):
        # They have compared their states all the time, at each 300th entry, and would have said so.
        for one in self.members:
            log = one.log()
            newest = max(name for name in os.listdir(f"{one.dir}/state/wal") if name.endswith(".snap"))
            self.assertGreater(int(newest.split(".")[0], 16), 0)
            self.assertNotIn("not that of the", log)
            self.assertNotIn("differ at entry", log)
        told = {call(one.endpoint(), "GET", "/v2/keys/nemesis?recursive=true&quorum=true")[1] for one in self.members}
        self.assertEqual(len(told), 1)
        first, second, third = logs = wait_for(self.long_enough, 30, "logs with many entries in common")
        self.assertEqual([index for index in set.intersection(*map(set, logs))
                          if not first[index] == second[index] == third[index]], [])

    def long_enough(self):
        """The logs; nothing when a snapshot has just shortened them."""
        for number in range(20):
            put(self.members[0].endpoint(), f"/long/{number}", "x")
        logs = [self.dump(one) for one in self.members]
        return logs if len(set.intersection(*map(set, logs))) > 50 else None

    def dump(self, one):
        """Its log: index -> term, type and CRC of the entry, as `wal-dump` tells."""
        run = subprocess.run([program("quarterdeckd"), "wal-dump", f"{one.dir}/state/wal"], capture_output=True,
                             text=True, timeout=20, check=False)
        return dict(line.split(None, 1) for line in run.stdout.splitlines() if line[:1].isdigit())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=ACTS)
    parser.add_argument("--seed", type=int, default=SEED)
    options, others = parser.parse_known_args()
    alone()
    sys.argv[1:] = others
    ACTS, SEED = options.acts, options.seed
    main()
