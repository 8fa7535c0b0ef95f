# SPDX-License-Identifier: GPL-3.0-or-later
"""Three real nodes: units outlive their agent, and move when their node is lost. Acceptance 4 and 5."""
import os

from local_cluster import LocalCluster
from qdtest import Case, main, proves, wait_for

HELLO = """[Unit]
Description=Says hello
[Service]
ExecStart=/bin/sh -c 'i=0; while true; do i=$((i+1)); echo hello $i; sleep 0.2; done'
"""


class Units(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.41").start()
        path = os.path.join(cls.cluster.dir, "hello.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(HELLO)
        cls.cluster.ctl("unit", "submit", path)
        cls.cluster.ctl("unit", "start", "hello.service")

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def hello(self):
        return self.cluster.units().get("hello.service", {})

    def await_running(self, seconds=30):
        return wait_for(lambda: self.hello().get("activeState") == "active" and self.hello().get("mainPid")
                        and self.hello(), seconds, "hello.service active")

    def number_of(self, unit):
        return int(unit["machineName"].rsplit("-", 1)[1])

    def copies(self):
        return [pid for number in (1, 2, 3) for pid in self.cluster.processes(number)
                if b"echo hello" in self.cmdline(pid)]

    @staticmethod
    def cmdline(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read()
        except OSError:
            return b""

    @staticmethod
    def start_time(pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[19]

    @proves("F65")
    def test_1_the_agent_dies_and_the_unit_does_not_notice(self):
        before = self.await_running()
        number = self.number_of(before)
        pid = self.copies()[0]
        born = self.start_time(pid)
        self.cluster.restart_agent(number)
        wait_for(lambda: self.cluster.agent_pid(number), 20, "a new agent")
        after = wait_for(lambda: self.hello().get("mainPid") == before["mainPid"]
                         and self.hello().get("activeState") == "active" and self.hello(), 30, "hello reported again")
        self.assertEqual(self.copies(), [pid])
        self.assertEqual(self.start_time(pid), born)
        self.assertEqual(after["invocationId"], before["invocationId"])
        lines = [int(line.rsplit(" ", 1)[1]) for line in
                 self.cluster.in_node(number, "journalctl", "-u", "hello.service", "-o", "cat", "--no-pager")
                 .stdout.splitlines() if line.startswith("hello ")]
        self.assertEqual(lines, list(range(1, len(lines) + 1)))

    @proves("F66", "F68")
    def test_2_a_lost_nodes_unit_runs_elsewhere_and_does_not_move_back(self):
        before = self.await_running()
        number = self.number_of(before)
        inside = self.cluster.processes(number)
        self.cluster.crash(number)
        for pid in inside:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))
        moved = wait_for(lambda: self.hello().get("machineName") not in (None, "", before["machineName"])
                         and self.hello().get("activeState") == "active" and self.hello(), 10,
                         "hello on another node")
        self.assertNotEqual(moved["invocationId"], before["invocationId"])
        self.assertEqual(len(self.copies()), 1)
        self.assertEqual(self.cluster.nodes()[before["machineName"]]["state"], "Lost")
        self.cluster.start_node(number)
        wait_for(lambda: self.cluster.nodes()[before["machineName"]]["state"] == "Ready", 30, "the node is back")
        again = self.await_running()
        self.assertEqual(again["machineName"], moved["machineName"])
        self.assertEqual(again["invocationId"], moved["invocationId"])
        self.assertEqual(len(self.copies()), 1)


if __name__ == "__main__":
    main()
