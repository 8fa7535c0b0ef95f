# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's systemctl switches a node of a local cluster: off, on again, to sleep. The node host is the machine."""
import os
import signal
import subprocess

from local_cluster import LocalCluster
from qdtest import Case, main, program, proves, wait_for

UNIT = "[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/echo it stops in order\n[Install]\nWantedBy=multi-user.target\n"


class Power(Case):
    """The verbs one after the other, in the life of one node."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(1, "127.0.0.81").start()
        path = os.path.join(cls.cluster.dir, "node-1", "etc", "systemd", "system", "always.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(UNIT)
        cls.cluster.in_node(1, "systemctl", "enable", "--now", "always.service")

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def state(self):
        try:
            with open(os.path.join(self.cluster.dir, "node-1", "power"), encoding="ascii") as file:
                return file.read().strip()
        except FileNotFoundError:
            return "off"

    def switch(self, *words):
        """The tool may be gone with the node before it can say anything."""
        return self.cluster.in_node(1, "systemctl", *words, check=False)

    def boot_id(self):
        return self.cluster.in_node(1, "cat", "/proc/sys/kernel/random/boot_id").stdout.strip()

    def is_up(self):
        return self.cluster.in_node(1, "systemctl", "is-active", "always.service", check=False).stdout == "active\n"

    def answers(self):
        done = subprocess.run(["curl", "--silent", "--max-time", "2", f"http://{self.cluster.addresses[0]}:2379/version"],
                              capture_output=True, text=True, check=False)
        return "etcdserver" in done.stdout

    @proves("S142")
    def test_1_reboot(self):
        before, machine = self.boot_id(), self.cluster.in_node(1, "cat", "/etc/machine-id").stdout
        first = self.cluster.first_process(1)
        self.cluster.in_node(1, "touch", "/run/of-this-boot")
        self.switch("reboot")
        wait_for(lambda: self.is_up() and self.boot_id() != before, 30, "another life of the node")
        wait_for(self.answers, 30, "the agent")
        self.assertEqual(self.cluster.first_process(1), first)
        self.assertEqual(self.cluster.in_node(1, "cat", "/etc/machine-id").stdout, machine)
        self.assertNotEqual(self.cluster.in_node(1, "test", "-e", "/run/of-this-boot", check=False).returncode, 0)
        boots = self.cluster.in_node(1, "journalctl", "--list-boots", "--no-pager").stdout
        self.assertIn(before.replace("-", ""), boots)
        self.assertIn(self.boot_id().replace("-", ""), boots)
        said = self.cluster.in_node(1, "journalctl", "-b", before.replace("-", ""), "-u", "always.service",
                                    "-o", "cat").stdout
        self.assertIn("it stops in order\n", said)

    @proves("S142")
    def test_2_suspend_and_hibernate(self):
        for verb, state in (("suspend", "suspended"), ("hibernate", "hibernated")):
            before = self.boot_id()
            pid = self.cluster.in_node(1, "systemctl", "show", "--value", "-p", "MainPID",
                                                              "always.service").stdout
            sleeping = self.start_switch(verb)
            wait_for(lambda s=state: self.state() == s, 20, f"the node to be {state}")
            self.assertFalse(self.answers())
            self.cluster.local("wake", "--node", "1")
            sleeping.send_signal(signal.SIGCONT)  # nsenter, outside, has stopped with what it runs
            wait_for(self.answers, 30, "the node to be awake")
            self.assertEqual(sleeping.wait(20), 0)
            self.assertEqual(self.state(), "on")
            self.assertEqual(self.boot_id(), before)
            self.assertEqual(self.cluster.in_node(1, "systemctl", "show", "--value", "-p", "MainPID",
                                                  "always.service").stdout, pid)
            wait_for(lambda v=verb: self.cluster.in_node(1, "systemctl", "is-active", f"{v}.target", check=False).stdout ==
                     "inactive\n", 10, "the target's end")
        with self.assertRaises(AssertionError):
            self.cluster.local("wake", "--node", "1")

    def start_switch(self, verb):
        """systemctl sleeps along with the node."""
        return subprocess.Popen([program("quarterdeckd"), "local", "shell", "--dir", self.cluster.dir, "--node", "1", "--",
                                 "systemctl", verb], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @proves("S142")
    def test_3_halt(self):
        self.switch("halt")
        wait_for(lambda: self.state() == "halted", 30, "the node to be halted")
        wait_for(lambda: len(self.cluster.processes(1)) == 1, 10, "everything in it to be gone")
        self.assertFalse(self.answers())
        self.cluster.crash(1)  # the plug
        self.cluster.start_node(1)
        wait_for(self.is_up, 30, "the node")

    @proves("S142")
    def test_4_poweroff(self):
        before = self.boot_id()
        self.switch("poweroff")
        wait_for(lambda: self.cluster.first_process(1) == 0, 30, "the node to be off")
        self.assertEqual(self.state(), "off")
        self.cluster.start_node(1)
        wait_for(self.is_up, 30, "the node")
        self.assertNotEqual(self.boot_id(), before)
        self.switch("--force", "poweroff")
        wait_for(lambda: self.cluster.first_process(1) == 0, 30, "the node to be off")


if __name__ == "__main__":
    main()
