# SPDX-License-Identifier: GPL-3.0-or-later
"""A byte that changed on the disk is found and named, and nothing is served from it (R-18, R-44).

Each time one byte of the log is another, and the agent must refuse to start and say which file it is; its last tenth
is left alone, for a last record that is not whole is what an unfinished write leaves. With the byte as it was
everything is there again. (Of a snapshot tst_wal turns every byte.)

A cluster that goes on shows it as an alarm: a snapshot that a running member cannot read, and a member whose state is not
that of the others."""
import glob
import json
import os
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor

from local_cluster import LocalCluster, call, get, put
from qdtest import Case, main, program, proves, wait_for
from solo_agent import SoloAgent

KEYS = 40
TRIALS = 12


class Corruption(Case):
    @classmethod
    def setUpClass(cls):
        cls.agent = SoloAgent("127.0.0.141")
        cls.addClassCleanup(cls.agent.stop)
        cls.agent.found()
        for number in range(KEYS):
            assert put(cls.agent.endpoint(), f"/kept/{number}", f"value {number} " + "v" * 100)
        cls.agent.stop(keep=True)

    def files(self, pattern):
        return sorted(glob.glob(f"{self.agent.dir}/state/{pattern}"))

    def flip(self, path, offset):
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 0x40]))

    def refusal(self):
        """Starts the agent; what it says when it will not, nothing when it runs."""
        run = subprocess.Popen([program("quarterdeckd"), "run", *self.agent.places()], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        try:
            running = wait_for(lambda: "end" if run.poll() is not None else self.agent.read("/version") and "runs", 30,
                               "the agent runs or refuses")
        finally:
            run.terminate()
            said = run.communicate(timeout=20)[0]
        return said if running == "end" else ""

    def used(self, path):
        """How many bytes of a segment were written: behind them are zeros that were reserved."""
        with open(path, "rb") as file:
            return len(file.read().rstrip(b"\0"))

    @proves()
    def test_1_a_byte_of_the_log(self):
        segments = self.files("wal/*.wal")
        self.assertGreaterEqual(len(segments), 1)
        chance = random.Random(7)
        path = max(segments, key=self.used)
        whole = self.used(path)
        self.assertGreater(whole, KEYS * 100)
        for offset in [0, 9, whole // 2] + [chance.randrange(whole * 9 // 10) for _ in range(TRIALS)]:
            self.flip(path, offset)
            said = self.refusal()
            self.assertIn(os.path.basename(path), said, f"offset {offset} of {whole}")
            self.assertRegex(said, "damaged|log", said)
            self.flip(path, offset)
        self.agent.run()
        self.assertEqual([get(self.agent.endpoint(), f"/kept/{n}") for n in range(KEYS)],
                         [f"value {n} " + "v" * 100 for n in range(KEYS)])
        self.agent.stop(keep=True)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return (crc ^ 0xFFFFFFFF).to_bytes(4, "little")


class Alarms(Case):
    SNAPSHOT_EVERY = 100

    @classmethod
    def setUpClass(cls):
        os.environ["QD_SNAPSHOT_COUNT"] = str(cls.SNAPSHOT_EVERY)
        cls.addClassCleanup(os.environ.pop, "QD_SNAPSHOT_COUNT")
        cls.cluster = LocalCluster(3, "127.0.0.143").start()
        cls.addClassCleanup(cls.cluster.stop)

    def write(self, number, value):
        """So much that each member has a new snapshot, and has let go of the log before the one before."""
        def one(key):
            return put(self.cluster.endpoint(number), f"/alarm/{key % 20}", value)
        with ThreadPoolExecutor(16) as pool:
            self.assertNotIn(None, list(pool.map(one, range(3 * self.SNAPSHOT_EVERY))))

    def snapshot(self, number):
        return max(glob.glob(f"{self.cluster.dir}/node-{number}/state/wal/*.snap"))

    def alarms(self):
        """(kind, node) of each; its text as a person sees it must say the same."""
        told = self.cluster.ctl("raft", "alarms", "--json", check=False)
        found = {(alarm["kind"], alarm["name"]) for alarm in json.loads(told.stdout)["items"]}
        self.assertEqual(told.returncode, 1 if found else 0)
        return found

    def health(self, number):
        return call(self.cluster.endpoint(number), "GET", "/health", timeout=5)

    @proves()
    def test_1_a_snapshot_that_cannot_be_read_any_more(self):
        leader = self.cluster.await_leader()
        late = leader % 3 + 1
        self.cluster.crash(late)
        self.write(leader, "while one is away")
        path = self.snapshot(leader)
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 0x40]))
        # Nobody reads it until somebody needs it.
        self.assertEqual(self.alarms(), set())
        self.cluster.start_node(late)
        wait_for(lambda: ("Corrupt", f"node-{leader}") in self.alarms(), 20, "the alarm")
        said = self.cluster.ctl("raft", "alarms", check=False)
        self.assertEqual(said.returncode, 1)
        self.assertRegex(said.stdout, rf"Corrupt +node-{leader} +.*snapshot is damaged")
        self.assertEqual(self.health(leader), (503, '{"health":"false"}\n'))
        # It took another one at once: the one that was away waits for nobody's writes.
        wait_for(lambda: get(self.cluster.endpoint(late), "/alarm/7") == "while one is away", 20, "it has caught up")
        # The next one that is due is whole, too.
        self.write(leader, "afterwards")
        wait_for(lambda: get(self.cluster.endpoint(late), "/alarm/7") == "afterwards", 30, "the late one has caught up")
        wait_for(lambda: self.alarms() == set(), 10, "no alarm")
        self.assertEqual(self.health(leader)[0], 200)

    @proves()
    def test_2_a_member_whose_state_is_another(self):
        leader = self.cluster.await_leader()
        odd, other = leader % 3 + 1, (leader + 1) % 3 + 1
        self.assertTrue(put(self.cluster.endpoint(leader), "/truth", "the one and only"))
        wait_for(lambda: get(self.cluster.endpoint(odd), "/truth"), 10, "the truth everywhere")
        self.write(leader, "and more")
        wait_for(lambda: b"the one and only" in read(self.snapshot(odd)), 10, "a snapshot with it")
        self.cluster.crash(odd)
        path = self.snapshot(odd)
        whole = read(path)
        self.assertEqual(crc32c(whole[:-4]), whole[-4:])
        body = whole[:-4].replace(b"the one and only", b"the one and 0nly")
        with open(path, "wb") as file:
            file.write(body + crc32c(body))  # as if it had been so in memory
        self.cluster.start_node(odd)
        wait_for(lambda: get(self.cluster.endpoint(odd), "/truth") == "the one and 0nly", 20, "another truth there")
        self.write(leader, "until they compare")
        wait_for(lambda: ("Diverged", f"node-{odd}") in self.alarms(), 20, "the alarm")
        self.assertRegex(self.cluster.ctl("raft", "alarms", check=False).stdout,
                         rf"Diverged +node-{odd} +.*state at entry \d+ is not that of the others")
        for number in (leader, other):
            wait_for(lambda n=number: self.health(n)[0] == 503, 10, f"node {number} says that all is not well")
            self.assertEqual(get(self.cluster.endpoint(number), "/truth", query="?quorum=true"), "the one and only")
        # It has stopped, and does not come back by being started again.
        wait_for(lambda: "this node was stopped: this member's state" in self.cluster.agent_log(odd), 20, "its refusal")
        self.assertIsNone(get(self.cluster.endpoint(odd), "/truth"))
        removed = self.cluster.ctl("node", "remove", f"node-{odd}")
        self.assertEqual(removed.stdout, f"removed node-{odd}\n")
        wait_for(lambda: self.alarms() == set(), 10, "no alarm any more")


def read(path):
    with open(path, "rb") as file:
        return file.read()


if __name__ == "__main__":
    main()
