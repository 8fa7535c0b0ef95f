# SPDX-License-Identifier: GPL-3.0-or-later
"""qdctl as a user runs it, for conformance tests: statuses, errors, what goes on in the background."""
import json
import os
import shutil
import subprocess
import tempfile
from signal import SIGINT

from qdtest import Case, program, wait_for

DONE, FAILED, USAGE, CANNOT_REACH = 0, 1, 2, 3


class Background:
    """A qdctl that goes on until it is ended; its output is read as it comes."""

    def __init__(self, cluster, *words, config=None):
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program("qdctl"), "--config", config or os.path.join(cluster.dir, "console"), *words],
            stdout=self.output, stderr=self.errors)

    @staticmethod
    def text(file):
        return os.pread(file.fileno(), 1 << 20, 0).decode()

    def lines(self):
        return self.text(self.output).splitlines()

    def await_line(self, line, seconds=15):
        wait_for(lambda: line in self.lines(), seconds, f"the line {line!r} in {self.lines()}")

    def end(self, number=SIGINT):
        """Sends the signal; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=15)


class QdctlCase(Case):
    """`cluster` is a LocalCluster of the class."""

    cluster = None

    def ctl(self, *words, config=None, **options):
        """Runs qdctl as a user would; its completed process."""
        return subprocess.run([program("qdctl"), "--config", config or os.path.join(self.cluster.dir, "console"),
                               *words], capture_output=True, text=True, timeout=60, check=False, **options)

    def expect(self, status, *words, **options):
        run = self.ctl(*words, **options)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        if status != DONE:
            self.assertTrue(run.stderr.startswith("qdctl: "), run.stderr)
            self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        return run

    def folder(self):
        path = tempfile.mkdtemp(prefix="qdctl-", dir=self.cluster.dir)
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    def through(self, *addresses):
        """A configuration folder that knows the cluster by these addresses only."""
        config = self.folder()
        shutil.copytree(os.path.join(self.cluster.dir, "console"), config, dirs_exist_ok=True)
        path = os.path.join(config, "profiles", "local.json")
        with open(path, encoding="utf-8") as file:
            profile = json.load(file)
        profile["addresses"] = list(addresses)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(profile, file)
        return config
