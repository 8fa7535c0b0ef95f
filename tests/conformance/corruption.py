# SPDX-License-Identifier: GPL-3.0-or-later
"""A byte that changed on the disk is found and named, and nothing is served from it (R-18, R-44).

Each time one byte of the log is another, and the agent must refuse to start and say which file it is; its last tenth
is left alone, for a last record that is not whole is what an unfinished write leaves. With the byte as it was
everything is there again. (Of a snapshot tst_wal turns every byte.)"""
import glob
import os
import random
import subprocess

from local_cluster import get, put
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


if __name__ == "__main__":
    main()
