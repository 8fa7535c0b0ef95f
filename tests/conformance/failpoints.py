# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent that is killed at the worst moments: around each rename and removal of a file of its store, and again and again
while it writes snapshots. What it has acknowledged is there afterwards, at the index that it said, and nothing unfinished
is left behind.

    failpoints.py [--kills N]      N kills of the last story
"""
import argparse
import json
import os
import sys
import threading
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from bad_disk import BadDisk
from bare_agents import BareAgent
from qdtest import Case, main, proves, wait_for

KILLS = 30
SNAPSHOT_EVERY = 20
LARGE = "v" * 900_000  # some of them fill a segment of the log
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Ledger:
    """Writes keys one after the other and keeps what was acknowledged: key -> value and index. One that was not answered
    may be there or not."""

    def __init__(self, agent, folder):
        self.agent, self.folder = agent, folder
        self.kept = {}
        self.count = 0

    def write(self, more=""):
        """False when nobody answered."""
        self.count += 1
        key, value = f"{self.folder}/{self.count}", f"{self.count}-{more}"
        request = urllib.request.Request(f"{self.agent.endpoint()}/v2/keys{key}",
                                         urllib.parse.urlencode({"value": value}).encode(), FORM, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.kept[key] = (value, json.load(answer)["node"]["modifiedIndex"])
            return True
        except OSError:
            return False

    def forget_old(self):
        """Keeps the store small."""
        for key in list(self.kept)[:-5]:
            del self.kept[key]
            request = urllib.request.Request(f"{self.agent.endpoint()}/v2/keys{key}", method="DELETE")
            urllib.request.urlopen(request, timeout=10).close()

    def newest(self):
        return max((index for _, index in self.kept.values()), default=0)

    def found(self):
        """What the agent has of them now, and its own index."""
        out = {}
        with urllib.request.urlopen(f"{self.agent.endpoint()}/v2/keys{self.folder}?quorum=true", timeout=20) as answer:
            index = int(answer.headers["X-Etcd-Index"])
            for node in json.load(answer)["node"].get("nodes", []):
                out[node["key"]] = (node["value"], node["modifiedIndex"])
        return {key: out.get(key) for key in self.kept}, index


class Failpoints(Case):
    def agent(self, number):
        agent = BareAgent(f"failing-{number}", f"127.0.0.{209 + number}")
        self.addCleanup(agent.stop)
        agent.disk = BadDisk(agent.dir)
        agent.environment = agent.disk.environment
        return agent

    def run_again(self, agent):
        return agent.start("--snapshot-count", str(SNAPSHOT_EVERY), "--presence-ttl", "3600").await_health()

    def files(self, agent):
        return sorted(os.listdir(f"{agent.dir}/state/wal"))

    def check(self, ledger):
        found, index = ledger.found()
        self.assertEqual(found, ledger.kept)
        self.assertGreaterEqual(index, ledger.newest())
        # One may be under way; one that was left behind would stay.
        wait_for(lambda: not [name for name in self.files(ledger.agent) if name.endswith(".tmp")], 10,
                 "no snapshot that is not whole")

    @proves("R-36", "R-39")
    def test_1_around_each_rename_and_removal(self):
        agent = self.agent(1).init()
        self.run_again(agent)
        ledger = Ledger(agent, "/points")
        # After the rename of a snapshot there is a snapshot of which the log does not know yet.
        for order in ("before rename .snap", "after rename .snap", "before unlink .snap", "after unlink .snap",
                      "before unlink .wal", "after unlink .wal"):
            with self.subTest(order):
                agent.disk.order(order)
                wait_for(lambda: not ledger.write(LARGE if order.endswith(".wal") else ""), 60, f"its end {order}")
                self.assertEqual(agent.await_end(), -9)
                self.assertTrue(agent.disk.is_done())
                self.run_again(agent)
                self.check(ledger)
                self.assertTrue(ledger.write())
                ledger.forget_old()

    @proves("R-36", "R-46")
    def test_2_an_unfinished_snapshot_is_cleared_away_even_by_one_that_dies_of_it(self):
        agent = self.agent(2).init()
        self.run_again(agent)
        ledger = Ledger(agent, "/unfinished")
        agent.disk.order("before rename .snap")
        wait_for(lambda: not ledger.write(), 60, "its end")
        self.assertEqual(agent.await_end(), -9)
        for order, left in (("before unlink .tmp", 1), ("after unlink .tmp", 0)):
            self.assertEqual(len([name for name in self.files(agent) if name.endswith(".tmp")]), 1)
            agent.disk.order(order)
            agent.start("--snapshot-count", str(SNAPSHOT_EVERY), await_ready=False)
            self.assertEqual(agent.await_end(), -9)
            self.assertEqual(len([name for name in self.files(agent) if name.endswith(".tmp")]), left)
        self.run_again(agent)
        self.check(ledger)

    @proves("R-36")
    def test_3_the_first_start_may_end_before_the_node_knows_that_it_has_begun(self):
        for number, order in ((3, "before rename identity.json"), (4, "after rename identity.json")):
            agent = self.agent(number).init()
            agent.disk.order(order)
            agent.start(await_ready=False)
            self.assertEqual(agent.await_end(), -9)
            self.assertTrue(agent.disk.is_done())
            self.run_again(agent)
            ledger = Ledger(agent, "/first")
            self.assertTrue(ledger.write())
            agent.kill()
            self.run_again(agent)
            self.check(ledger)
            agent.stop()

    @proves("R-43")
    def test_3b_a_sync_that_fails_ends_it_and_what_it_lost_was_promised_to_nobody(self):
        agent = self.agent(6).init()
        self.run_again(agent)
        for number in range(KILLS // 2):
            # Of the log, of a snapshot, of the folder in which a file has a new name.
            order = ("fail sync .wal", "fail sync .snap.tmp", "fail sync state/wal")[number % 3]
            with self.subTest(f"{number}: {order}"), ThreadPoolExecutor(4) as pool:
                writers = [Ledger(agent, f"/syncs/{number}/{name}") for name in range(4)]
                for writer in writers:
                    self.assertTrue(writer.write())
                agent.disk.order(order)
                list(pool.map(self.write_until_the_end, writers))
                self.assertEqual(agent.await_end(), 1)
                self.assertRegex(agent.log().splitlines()[-1], "^quarterdeckd: .*cannot sync")
                self.run_again(agent)
                for writer in writers:
                    self.check(writer)

    @staticmethod
    def write_until_the_end(ledger):
        wait_for(lambda: not ledger.write(), 60, "its end")

    @proves("R-34", "R-37")
    def test_4_its_index_never_goes_back_however_often_it_is_killed(self):
        agent = self.agent(5).init()
        self.run_again(agent)
        ledger = Ledger(agent, "/kills")
        for number in range(KILLS):
            # Somewhere in the writing of one of the snapshots, which follow each other closely.
            chance = threading.Timer(0.05 + 0.01 * (number % 17), agent.process.kill)
            chance.start()
            while ledger.write():
                pass
            chance.join()
            self.assertEqual(agent.await_end(), -9)
            self.run_again(agent)
            self.check(ledger)
            ledger.forget_old()
        print(f"{KILLS} kills, {ledger.count} writes", end=" ", file=sys.stderr, flush=True)
        self.assertGreater(ledger.count, 2 * SNAPSHOT_EVERY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    options, sys.argv[1:] = parser.parse_known_args()
    KILLS = options.kills
    main()
