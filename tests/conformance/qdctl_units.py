# SPDX-License-Identifier: GPL-3.0-or-later
"""qdctl's unit verbs, the journal and the example scripts against three real nodes with unit engines."""
import json
import os
import tempfile

from local_cluster import LocalCluster
from qdctl_case import DONE, FAILED, Background, QdctlCase
from qdtest import SOURCE, main, proves, wait_for

HELLO = """[Unit]
Description=Says hello
[Service]
ExecStart=/bin/sh -c 'i=0; while true; do i=$((i+1)); echo hello $i; sleep 0.2; done'
"""
EXAMPLES = os.path.join(SOURCE, "resources", "scripts", "examples")
TOUR = """Nodes
NAME    ADDRESS     STATE
{nodes}
Consensus
3 members, one leader
Store
/tour/greeting = hello
removed again
Units
tour.service is inactive
tour.service is active
its log says: the tour was here
tour.service is gone
"""


class Units(QdctlCase):
    """What is asked here is asked of the real thing: a unit runs when its node's engine says so."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.61").start()
        cls.units = tempfile.mkdtemp(prefix="units-", dir=cls.cluster.dir)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def submit(self, name, text):
        path = os.path.join(self.units, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.assertEqual(self.expect(DONE, "unit", "submit", path).stdout, f"{name} submitted\n")
        self.addCleanup(self.ctl, "unit", "destroy", name)

    def state_in(self, number, unit):
        return self.cluster.in_node(number, "systemctl", "is-active", unit, check=False).stdout.strip()

    def place(self, unit):
        """Number of the node that has it; 0 when none has."""
        name = self.cluster.units()[unit]["machineName"]
        return int(name.rsplit("-", 1)[1]) if name else 0

    @proves("F27", "F43", "F48")
    def test_a_units_life(self):
        self.submit("life.service", HELLO)
        self.assertEqual(self.expect(DONE, "unit", "cat", "life").stdout, HELLO)
        loaded = self.expect(DONE, "unit", "load", "life.service").stdout
        number = self.place("life.service")
        self.assertEqual(loaded, f"life.service is loaded, not running, on node-{number}\n")
        self.assertEqual(self.state_in(number, "life.service"), "inactive")
        started = self.expect(DONE, "unit", "start", "life.service").stdout
        self.assertEqual(started, f"life.service is active on node-{number}\n")
        self.assertEqual([self.state_in(n, "life.service") == "active" for n in (1, 2, 3)],
                         [n == number for n in (1, 2, 3)])
        row = [line.split() for line in self.expect(DONE, "unit", "list").stdout.splitlines()
               if line.startswith("life.service ")]
        self.assertEqual(row, [["life.service", "launched", "launched", "active", "running", f"node-{number}"]])
        stopped = self.expect(DONE, "unit", "stop", "life.service").stdout
        self.assertEqual(stopped, f"life.service is loaded, not running, on node-{number}\n")
        self.assertEqual(self.state_in(number, "life.service"), "inactive")
        self.assertEqual(self.expect(DONE, "unit", "unload", "life.service").stdout,
                         "life.service is not on any node\n")
        self.assertEqual(self.expect(DONE, "unit", "destroy", "life.service").stdout, "life.service destroyed\n")
        self.assertNotIn("life.service", self.cluster.units())
        for verb in ("cat", "status", "start", "destroy"):
            self.assertIn("life.service", self.expect(FAILED, "unit", verb, "life.service").stderr)

    @proves("F64")
    def test_status_and_journal_come_from_whichever_node(self):
        self.submit("talker.service", HELLO)
        self.expect(DONE, "unit", "start", "talker.service")
        number = self.place("talker.service")
        elsewhere = self.through(self.cluster.addresses[number % 3])
        status = self.expect(DONE, "unit", "status", "talker.service", config=elsewhere).stdout
        self.assertIn("talker.service - Says hello\n", status)
        self.assertIn(f"    Machine: node-{number}\n", status)
        details = json.loads(self.expect(DONE, "unit", "status", "talker.service", "--json", config=elsewhere).stdout)
        pid = self.cluster.in_node(number, "systemctl", "show", "-P", "MainPID", "talker.service").stdout.strip()
        self.assertEqual(details["properties"]["MainPID"], pid)
        wait_for(lambda: "hello 5\n" in self.ctl("journal", "-n", "20", "-o", "cat", "talker.service",
                                                 config=elsewhere).stdout, 20, "hello 5 in the journal")
        lines = self.expect(DONE, "journal", "-n", "3", "talker.service", config=elsewhere).stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[-1], rf"^\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d node-{number} sh\[\d+\]: hello \d+$")
        follow = Background(self.cluster, "journal", "-f", "-n", "0", "-o", "cat", "talker.service")
        wait_for(lambda: len(follow.lines()) >= 3, 20, "three lines that came meanwhile")
        self.assertEqual(follow.end(), DONE)
        numbers = [int(line.split()[1]) for line in follow.lines() if line.startswith("hello ")]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))

    @proves("F3")
    def test_a_log_is_followed_from_a_lost_node_to_the_next(self):
        self.submit("wanderer.service", HELLO)
        self.expect(DONE, "unit", "start", "wanderer.service")
        number = self.place("wanderer.service")
        followers = [Background(self.cluster, "journal", "-f", "-n", "0", "-o", "cat", "wanderer.service", config=config)
                     for config in (self.through(self.cluster.addresses[number % 3]),  # by way of another node
                                    self.through(*self.cluster.addresses[number - 1:],
                                                 *self.cluster.addresses[:number - 1]))]  # the node itself first
        for follow in followers:
            wait_for(lambda f=follow: len(f.lines()) >= 3, 20, "lines before the node is lost")
        before = [len(follow.lines()) for follow in followers]
        self.cluster.crash(number)
        try:
            for follow, seen in zip(followers, before):
                wait_for(lambda f=follow, n=seen: "hello 3" in f.lines()[n:], 60, "lines of the next node")
                self.assertIn("Waiting for wanderer.service", follow.text(follow.errors))
                self.assertEqual(follow.end(), DONE)
            unit = self.cluster.units()["wanderer.service"]
            self.assertNotEqual(unit["machineName"], f"node-{number}")
            self.assertEqual((unit["activeState"], unit["subState"]), ("active", "running"))
        finally:
            self.cluster.start_node(number)
        self.expect(DONE, "cluster", "health", "--wait", "40", "--nodes", "3")

    @proves()
    def test_a_start_that_comes_to_nothing_says_why(self):
        self.submit("failing.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n")
        self.assertRegex(self.expect(FAILED, "unit", "start", "failing.service").stderr,
                         r"^qdctl: failing.service is failed on node-[123]\.\n$")
        self.submit("once.service", "[Service]\nType=oneshot\nExecStart=/bin/echo just once\n")
        self.assertRegex(self.expect(DONE, "unit", "start", "once.service").stdout,
                         r"^once.service has come to its end on node-[123]\n$")
        reasons = {
            "asserts.service": ("[Unit]\nAssertPathExists=/nope\n", FAILED, "an assertion in its file (Assert...=) is not"
                                " met."),
            "needs.service": ("[Unit]\nRequires=failing.service\nAfter=failing.service\n", FAILED,
                              "a unit that it requires did not start."),
            "lacks.service": ("[Unit]\nRequires=absent.service\n", FAILED, "Unit absent.service not found."),
            "skips.service": ("[Unit]\nConditionPathExists=/nope\n", DONE,
                              "a condition in its file (Condition...=) is not met.")}
        pin = "[X-Fleet]\nMachineOf=failing.service\n"  # a unit that is required must be on the same node
        for name, (text, status, reason) in reasons.items():
            self.submit(name, f"{text}[Service]\nExecStart=/bin/sleep 600\n{pin}")
            run = self.expect(status, "unit", "start", name)
            self.assertIn(f"{name} was not started on node-", run.stdout + run.stderr)
            self.assertIn(reason, run.stdout + run.stderr)
            self.assertIn(f"Not started: {reason}", self.expect(DONE, "unit", "status", name).stdout)
        self.submit("picky.service", "[Service]\nExecStart=/bin/sleep 600\n[X-Fleet]\nMachineMetadata=disk=ssd\n")
        self.assertIn("is not on any node: ", self.expect(FAILED, "unit", "start", "picky.service", "--wait", "2").stderr)
        path = os.path.join(self.units, "wrong.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[Service]\nDescription=no command\n")
        self.assertIn("wrong.service was not submitted", self.expect(FAILED, "unit", "submit", path).stderr)
        path = os.path.join(self.units, "tick.timer")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[Timer]\nOnBootSec=1\n")
        self.assertIn("units of type timer cannot be run yet", self.expect(FAILED, "unit", "submit", path).stderr)

    @proves()
    def test_a_start_that_is_cancelled_is_called_so(self):
        self.submit("gate.service", "[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/sleep 600\n")
        self.submit("behind.service", "[Unit]\nRequires=gate.service\nAfter=gate.service\n"
                    "[Service]\nExecStart=/bin/sleep 600\n[X-Fleet]\nMachineOf=gate.service\n")
        opening = Background(self.cluster, "unit", "start", "gate.service")
        wait_for(lambda: self.cluster.units()["gate.service"]["subState"] == "start", 20, "gate.service to start")
        number = self.place("gate.service")
        waiting = Background(self.cluster, "unit", "start", "behind.service")
        wait_for(lambda: "behind.service" in self.cluster.in_node(number, "systemctl", "list-jobs").stdout, 20,
                 "the job that waits for its turn")
        self.cluster.in_node(number, "systemctl", "stop", "behind.service")
        self.assertEqual(waiting.process.wait(timeout=20), FAILED)
        self.assertEqual(waiting.text(waiting.errors),
                         f"qdctl: behind.service was not started on node-{number}: the start was cancelled.\n")
        self.expect(DONE, "unit", "destroy", "gate.service")
        self.assertEqual(opening.process.wait(timeout=10), FAILED)
        self.assertEqual(opening.text(opening.errors), "qdctl: gate.service was destroyed meanwhile.\n")

    @proves("F41")
    def test_several_at_once(self):
        self.submit("web@.service", "[Service]\nExecStart=/bin/sleep 600\n")
        names = [f"web@{n}.service" for n in (1, 2, 3)]
        for name in names:
            self.addCleanup(self.ctl, "unit", "destroy", name)
        run = self.expect(DONE, "unit", "start", *names, "--json")
        units = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual(sorted(unit["name"] for unit in units), names)
        self.assertEqual(len({unit["machineName"] for unit in units}), 3)  # the least loaded each time
        rolled = self.expect(DONE, "run", os.path.join(EXAMPLES, "rolling-restart.js"), "web@").stdout.splitlines()
        self.assertEqual(rolled[0], "3 units")
        self.assertEqual(sorted(line.split()[0] for line in rolled[1:]), names)
        before = {unit["name"]: unit["invocationId"] for unit in units}
        after = self.cluster.units()
        self.assertEqual([name for name in names if after[name]["invocationId"] == before[name]], [])

    @proves()
    def test_the_tour_says_what_it_should(self):
        nodes = "\n".join(f"node-{n}  {self.cluster.addresses[n - 1]}  Ready" for n in (1, 2, 3))
        width = len(self.cluster.addresses[0])
        tour = TOUR.format(nodes=nodes).replace("ADDRESS     STATE", "ADDRESS".ljust(width) + "  STATE")
        for _ in range(2):  # it leaves nothing behind
            self.assertEqual(self.expect(DONE, "run", os.path.join(EXAMPLES, "tour.js")).stdout, tour)
        self.assertNotIn("tour.service", self.cluster.units())

    @proves()
    def test_the_watcher_raises_its_alarms(self):
        self.submit("frail.service", "[Service]\nExecStart=/bin/sleep 600\n")
        self.expect(DONE, "unit", "start", "frail.service")
        number = self.place("frail.service")
        watcher = Background(self.cluster, "run", os.path.join(EXAMPLES, "watcher.js"))
        watcher.await_line("watching; stop me when you have seen enough")
        pid = self.cluster.in_node(number, "systemctl", "show", "-P", "MainPID", "frail.service").stdout.strip()
        self.cluster.in_node(number, "kill", "-KILL", pid)
        wait_for(lambda: f"alert: unit frail.service failed on node-{number}" in watcher.text(watcher.errors), 20,
                 "the alarm of the unit")
        lost = number % 3 + 1
        lost = lost if lost != 1 else 2  # not the one that the watcher is connected to
        if lost == number:
            lost = 5 - number
        self.cluster.crash(lost)
        try:
            wait_for(lambda: f"alert: node node-{lost}: Ready -> Lost" in watcher.text(watcher.errors), 20,
                     "the alarm of the node")
        finally:
            self.cluster.start_node(lost)
        wait_for(lambda: f"alert: node node-{lost}: Lost -> Ready" in watcher.text(watcher.errors), 40,
                 "the all-clear of the node")
        self.assertEqual(watcher.end(), 130)
        self.expect(DONE, "cluster", "health", "--wait", "40", "--nodes", "3")


if __name__ == "__main__":
    main()
