# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cluster's verbs, and the agent as a service: installed, started, told when it is ready, stopped."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import urllib.request
import uuid

from local_cluster import LocalCluster, get, put
from qdtest import BUILD, Case, main, on_test_net, program, proves, wait_for


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

    @proves("A45", "A46")
    def test_1_up_again_changes_nothing(self):
        before = self.agents()
        self.assertEqual(self.up().returncode, 0)
        self.assertEqual(self.agents(), before)
        for number, address in enumerate(self.cluster.addresses, 1):
            with urllib.request.urlopen(self.cluster.endpoint(number) + "/version", timeout=10) as answer:
                self.assertIn("etcdserver", json.load(answer))
            # The peers' port speaks no HTTP, the clients' no TLS.
            with socket.create_connection((address, 2380), timeout=10) as peers:
                peers.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertNotIn(b"HTTP/", peers.recv(1000))
            wait_for(lambda n=number: "it speaks no TLS" in self.cluster.agent_log(n), 10,
                     "the refusal in the agent's log")
            with self.assertRaises(ssl.SSLError), socket.create_connection((address, 2379), timeout=10) as clients:
                ssl.create_default_context().wrap_socket(clients, server_hostname="x")
            socket.create_connection((address, 7443), timeout=10).close()

    @proves()
    def test_2_an_address_that_is_taken_is_named_with_its_holder(self):
        folder = tempfile.mkdtemp(prefix="qd-other-")
        try:
            other = local("up", "--dir", os.path.join(folder, "c"), "--nodes", "1", "--base", self.cluster.addresses[1])
        finally:
            shutil.rmtree(folder)
        self.assertEqual(other.returncode, 3)
        self.assertIn(f"{self.cluster.addresses[1]}:2379 is taken by quarterdeckd (pid {self.cluster.agent_pid(2)})",
                      other.stderr)

    @proves()
    def test_2b_what_failed_for_an_address_is_tried_again_elsewhere(self):
        folder = tempfile.mkdtemp(prefix="qd-other-")
        self.addCleanup(shutil.rmtree, folder)
        self.assertEqual(local("up", "--dir", folder, "--base", self.cluster.addresses[1]).returncode, 3)
        self.assertEqual(os.listdir(folder), [])
        for base, sentence in (("127.255.255.254", "leaves no loopback addresses for 3 nodes"),
                               ("10.0.0.1", "is not a loopback IPv4 address")):
            wrong = local("up", "--dir", folder, "--nodes", "3", "--base", base)
            self.assertEqual(wrong.returncode, 1)
            self.assertIn(f"--base {base} {sentence}", wrong.stderr)
        self.addCleanup(local, "down", "--dir", folder)
        elsewhere = self.cluster.addresses[0].rsplit(".", 1)[0] + ".91"
        again = local("up", "--dir", folder, "--nodes", "1", "--base", elsewhere)
        self.assertEqual(again.returncode, 0, again.stderr)

    @proves()
    def test_2c_a_cluster_that_is_there_keeps_its_size_and_addresses(self):
        before = self.agents()
        for words in (["--nodes", "5"], ["--base", "127.0.0.99"], ["--nodes", "5", "--base", "nonsense"]):
            other = local("up", "--dir", self.cluster.dir, *words)
            self.assertEqual(other.returncode, 1)
            self.assertIn(f"holds a cluster of 3 nodes from {self.cluster.base} already", other.stderr)
        self.assertEqual(local("up", "--dir", self.cluster.dir).returncode, 0)
        self.assertEqual(self.agents(), before)

    @proves()
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

    @proves()
    def test_4_fresh_begins_anew(self):
        cluster = self.cluster
        fresh = local("up", "--dir", cluster.dir, "--nodes", "1", "--base", cluster.base, "--fresh")
        self.assertEqual(fresh.returncode, 0, fresh.stderr)
        self.assertEqual(set(cluster.nodes()), {"node-1"})
        self.assertIsNone(get(cluster.endpoint(1), "/local/kept"))


# A machine with nothing of ours on it: the services find the places that they name, and spoil no real ones.
MACHINE = """
set -e
cp -a /etc/. "$QD_DIR/etc" 2>/dev/null || true
mv -f "$QD_DIR/machine-id" "$QD_DIR/etc/machine-id"
mount --bind "$QD_DIR/etc" /etc
mount --bind "$QD_DIR/lib" /var/lib
mount --bind "$QD_DIR/log" /var/log
mount -t tmpfs -o mode=755 tmpfs /run
exec "$@"
"""

ROOT = os.geteuid() == 0

HELLO = """[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/echo hello from a service
"""


class Service:
    """A program as a service manager starts it."""

    def __init__(self, words, folder, name):
        path = os.path.join(folder, uuid.uuid4().hex)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(path)
        self.manager.settimeout(30)
        with open(os.path.join(folder, f"{name}.log"), "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                words, stdout=log, stderr=log, env={**os.environ, "QD_DIR": folder, "NOTIFY_SOCKET": path})

    def said(self):
        return self.manager.recv(100)

    def stop(self):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.manager.close()
        return self.process.wait(30)


class AsService(Case):
    """What a service manager sees of the installed programs."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="qd-service-")
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("etc", "lib", "log"):
            os.mkdir(os.path.join(self.folder, name))
        self.prefix = os.path.join(self.folder, "usr")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", self.prefix], check=True, capture_output=True,
                       timeout=120)
        self.state = os.path.join(self.folder, "lib", "quarterdeck")
        self.address = on_test_net("127.0.0.89")
        self.endpoint = f"http://{self.address}:2379"
        machine = uuid.uuid4().hex
        with open(os.path.join(self.folder, "machine-id"), "w", encoding="ascii") as file:
            file.write(machine + "\n")
        self.ours("quarterdeckd", "init", "--state", self.state, "--name", "solo", "--address", self.address,
                  "--machine-id", machine)
        self.engine = self.start("quarterdeck-unitd", "unshare", "--mount", *([] if ROOT else ["--map-root-user"]), "sh",
                                 "-c", MACHINE, "sh")
        self.agent = self.start_agent()

    def start(self, name, *within):
        """Runs the ExecStart= of the installed service until it says that it is ready."""
        with open(os.path.join(self.prefix, "lib/systemd/system", f"{name}.service"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertIn("Type=notify", lines)
        words = [line.split("=", 1)[1] for line in lines if line.startswith("ExecStart=")][0].split()
        self.assertEqual(words[0], os.path.join(self.prefix, "bin", name))
        service = Service([*within, *words], self.folder, name)
        self.addCleanup(service.stop)
        self.assertEqual(service.said(), b"READY=1")
        return service

    def start_agent(self):
        user = [] if ROOT else ["--user", "--preserve-credentials"]
        return self.start("quarterdeckd", "nsenter", "--target", str(self.engine.process.pid), *user, "--mount")

    def ours(self, name, *words, status=0):
        run = subprocess.run([os.path.join(self.prefix, "bin", name), *words], capture_output=True, text=True, timeout=60,
                             check=False)
        self.assertEqual(run.returncode, status, run.stderr)
        return run

    @proves()
    def test_1_the_agent_says_when_it_is_ready_and_stops_in_order(self):
        # It listens where init was told to, without being told again.
        wait_for(lambda: put(self.endpoint, "/solo", "1"), 10, "a write")
        self.agent.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.agent.said(), b"STOPPING=1")
        self.assertEqual(self.agent.process.wait(30), 0)

    @proves()
    def test_2_agent_and_unit_engine_agree_where_the_journal_is(self):
        console = ["--config", os.path.join(self.folder, "console")]
        token = self.ours("quarterdeckd", "token", "--state", self.state, "--address", self.address, "--kind", "console",
                          "--role", "admin").stdout.strip()
        self.ours("qdctl", *console, "pair", token, "--address", self.address, "--name", "local")
        unit = os.path.join(self.folder, "hello.service")
        with open(unit, "w", encoding="utf-8") as file:
            file.write(HELLO)
        self.ours("qdctl", *console, "unit", "submit", unit)
        self.ours("qdctl", *console, "unit", "start", "hello.service")
        wait_for(lambda: "hello from a service" in self.ours("qdctl", *console, "journal", "hello").stdout, 20,
                 "what the unit said")

    @proves()
    def test_3_a_second_agent_on_the_state_folder_changes_nothing(self):
        for number in range(5):
            self.assertTrue(put(self.endpoint, f"/k{number}", str(number)))
        log = os.listdir(os.path.join(self.state, "wal"))
        for place in ([], ["--address", self.address.replace(".89", ".90")]):
            second = self.ours("quarterdeckd", "run", "--state", self.state, "--run", f"{self.folder}/run", *place,
                               status=1)
            self.assertIn(f"another agent runs on the state folder {self.state}", second.stderr)
        self.assertEqual(os.listdir(os.path.join(self.state, "wal")), log)
        for number in range(5, 8):
            self.assertTrue(put(self.endpoint, f"/k{number}", str(number)))
        self.assertEqual(self.agent.stop(), 0)
        self.start_agent()
        self.assertEqual([get(self.endpoint, f"/k{number}") for number in range(8)], [str(n) for n in range(8)])


if __name__ == "__main__":
    main()
