# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cluster's verbs, and the agent as a service: installed, started, told when it is ready, stopped."""
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid

from local_cluster import LocalCluster, get, put
from qdtest import BUILD, Case, main, program, proves, wait_for


def local(verb, *words):
    return subprocess.run([program("quarterdeckd"), "local", verb, *words], capture_output=True, text=True, timeout=150,
                          check=False)


class Local(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.81").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def up(self, *words):
        return local("up", "--dir", self.cluster.dir, "--nodes", "3", "--base", self.cluster.base, *words)

    def agents(self):
        return [self.cluster.agent_pid(number) for number in (1, 2, 3)]

    @proves("A98", "A46")
    def test_1_up_again_changes_nothing(self):
        before = self.agents()
        self.assertEqual(self.up().returncode, 0)
        self.assertEqual(self.agents(), before)
        for port in (2379, 2380, 7443):
            for address in self.cluster.addresses:
                socket.create_connection((address, port), timeout=10).close()

    @proves("A98")
    def test_2_an_address_that_is_taken_is_named_with_its_holder(self):
        folder = tempfile.mkdtemp(prefix="qd-other-")
        try:
            other = local("up", "--dir", os.path.join(folder, "c"), "--nodes", "1", "--base", self.cluster.addresses[1])
        finally:
            shutil.rmtree(folder)
        self.assertEqual(other.returncode, 3)
        self.assertIn(f"{self.cluster.addresses[1]}:2379 is taken by quarterdeckd (pid {self.cluster.agent_pid(2)})",
                      other.stderr)

    @proves("A98")
    def test_3_what_was_stopped_or_lost_comes_back_with_its_state(self):
        cluster, value = self.cluster, uuid.uuid4().hex
        self.assertTrue(put(cluster.endpoint(cluster.await_leader()), "/local/kept", value))
        ids = {name: node["id"] for name, node in cluster.nodes().items()}
        down = local("down", "--dir", cluster.dir)
        self.assertEqual((down.returncode, [cluster.processes(number) for number in (1, 2, 3)]), (0, [[], [], []]))
        self.assertEqual(self.up().returncode, 0)
        wait_for(lambda: all(get(cluster.endpoint(number), "/local/kept") == value for number in (1, 2, 3)), 20,
                 "the value on every node")
        self.assertEqual({name: node["id"] for name, node in cluster.nodes().items()}, ids)
        for number in (1, 2, 3):
            cluster.crash(number)
        self.assertEqual(local("crash", "--dir", cluster.dir, "--node", "1").returncode, 1)
        self.assertEqual(self.up().returncode, 0)
        wait_for(lambda: get(cluster.endpoint(3), "/local/kept") == value, 20, "the value after every node was lost")
        self.assertEqual(local("start", "--dir", cluster.dir, "--node", "1").returncode, 1)

    @proves("A98")
    def test_4_fresh_begins_anew(self):
        cluster = self.cluster
        fresh = local("up", "--dir", cluster.dir, "--nodes", "1", "--base", cluster.base, "--fresh")
        self.assertEqual(fresh.returncode, 0, fresh.stderr)
        self.assertEqual(set(cluster.nodes()), {"node-1"})
        self.assertIsNone(get(cluster.endpoint(1), "/local/kept"))


class AsService(Case):
    """What a service manager sees of the installed agent."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="qd-service-")
        self.addCleanup(shutil.rmtree, self.folder)

    @proves("A45")
    def test_it_is_installed_tells_when_it_is_ready_and_stops_in_order(self):
        prefix = os.path.join(self.folder, "usr")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True, timeout=120)
        units = os.path.join(prefix, "lib", "systemd", "system")
        with open(os.path.join(units, "quarterdeckd.service"), encoding="utf-8") as file:
            service = file.read()
        self.assertRegex(service, r"(?m)^Type=notify$")
        self.assertRegex(service, r"(?m)^ExecStart=/\S+/bin/quarterdeckd run$")
        self.assertTrue(os.path.exists(os.path.join(units, "quarterdeck-unitd.service")))

        agent = os.path.join(prefix, "bin", "quarterdeckd")
        places = ["--state", f"{self.folder}/state", "--run", f"{self.folder}/run", "--log", f"{self.folder}/log"]
        address = f"127.{os.environ.get('QD_TEST_NET', '0')}.0.89"
        machine = hashlib.md5(b"service").hexdigest()
        subprocess.run([agent, "init", *places, "--name", "solo", "--address", address, "--machine-id", machine],
                       check=True, capture_output=True, timeout=30)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(f"{self.folder}/notify")
            manager.settimeout(30)
            with open(f"{self.folder}/agent.log", "wb") as log, subprocess.Popen(
                    [agent, "run", *places], stdout=log, stderr=log,
                    env={**os.environ, "NOTIFY_SOCKET": f"{self.folder}/notify"}) as process:
                self.assertEqual(manager.recv(100), b"READY=1")
                # It listens where init was told to, without being told again.
                wait_for(lambda: put(f"http://{address}:2379", "/solo", "1"), 10, "a write")
                process.send_signal(signal.SIGTERM)
                self.assertEqual(manager.recv(100), b"STOPPING=1")
                self.assertEqual(process.wait(20), 0)


if __name__ == "__main__":
    main()
