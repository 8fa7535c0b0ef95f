#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a newcomer does: an empty folder, a clone, one command; then three nodes that are one cluster."""
import os
import signal
import subprocess
import tempfile
import uuid

from local_cluster import LocalCluster, etcdctl, get, put
from qdtest import SOURCE, Case, main, proves, wait_for


class FromAnEmptyFolder(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="qd-clone-")
        cls.clone = os.path.join(cls.folder.name, "quarterdeck")
        subprocess.run(["git", "-c", "safe.directory=*", "clone", "-q", SOURCE, cls.clone], check=True)
        cls.cluster = LocalCluster(3, "127.0.0.61")
        cls.started = cls.qd("run", "--headless", "--detach", timeout=1500)

    @classmethod
    def tearDownClass(cls):
        cls.qd("stop", timeout=120)
        cls.cluster.stop()
        cls.folder.cleanup()

    @classmethod
    def qd(cls, verb, *options, timeout):
        place = ["--dir", cls.cluster.dir] + (["--base", cls.cluster.base] if verb == "run" else [])
        return subprocess.run([os.path.join(cls.clone, "qd"), verb, *place, *options], capture_output=True, text=True,
                              timeout=timeout, check=False)

    @proves("E1")
    def test_one_command_gives_a_replicated_cluster(self):
        cluster, value = self.cluster, uuid.uuid4().hex
        self.assertEqual(self.started.returncode, 0, self.started.stderr[-4000:])
        nodes = cluster.nodes()
        self.assertEqual({name: node["state"] for name, node in nodes.items()},
                         {f"node-{number}": "Ready" for number in (1, 2, 3)})
        written = etcdctl(cluster.endpoint(1), "set", "/acceptance/one", value)
        self.assertEqual((written.returncode, written.stdout), (0, value + "\n"), written.stderr)
        for number in (1, 2, 3):
            wait_for(lambda n=number: etcdctl(cluster.endpoint(n), "get", "/acceptance/one").stdout == value + "\n",
                     5, f"the value on node {number}")
        stopped = [cluster.agent_pid(1), cluster.agent_pid(2)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(get(cluster.endpoint(3), "/acceptance/one"), value)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        wait_for(lambda: put(cluster.endpoint(cluster.await_leader()), "/acceptance/last", "x"), 20, "a last write")
        first, second, third = cluster.logs()
        common = sorted(set(first) & set(second) & set(third), key=int)
        self.assertGreater(len(common), 3)
        for index in common[:-1]:  # the last one may still be on its way
            self.assertEqual(first[index], second[index])
            self.assertEqual(first[index], third[index])


if __name__ == "__main__":
    main()
