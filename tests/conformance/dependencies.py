# SPDX-License-Identifier: GPL-3.0-or-later
"""What [Unit] says of other units, on a real unit engine: each directive against each thing that can happen."""
from qdtest import main, proves, wait_for
from unit_machine import MachineCase

LONG = "[Service]\nExecStart=/bin/sleep 1000\n"
B = "[Unit]\nDescription=The other one\n[Service]\nExecStartPre=/usr/bin/test ! -e /run/b-fails\nExecStart=/bin/sleep 1001\n"
UNITS = {
    "b.service": B,
    "requires.service": "[Unit]\nRequires=b.service\nAfter=b.service\n" + LONG,
    "wants.service": "[Unit]\nWants=b.service\nAfter=b.service\n" + LONG,
    "binds.service": "[Unit]\nBindsTo=b.service\nAfter=b.service\n" + LONG,
    "part.service": "[Unit]\nPartOf=b.service\n" + LONG,
    "conflicts.service": "[Unit]\nConflicts=b.service\n" + LONG,
    "loose.service": "[Unit]\nRequires=b.service\n" + LONG,
    "failing.service": "[Unit]\nOnFailure=b.service\n[Service]\nExecStart=/bin/sh -c 'exec sleep 1002'\n"
                       "ExecStartPre=/usr/bin/test ! -e /run/a-fails\n",
    "before.service": "[Unit]\nBefore=late.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                      "ExecStart=/bin/sleep 0.3\n",
    "late.service": LONG,
    "one-line.service": "[Unit]\nDescription=The first\nDescription=The second\nAfter=b.service late.service\n"
                        "Wants=b.service late.service\nDocumentation=man:a(1) https://example.com/b\n" + LONG,
    "two-lines.service": "[Unit]\nDescription=The second\nAfter=b.service\nAfter=late.service\nWants=b.service\n"
                         "Wants=late.service\nDocumentation=man:a(1)\nDocumentation=https://example.com/b\n" + LONG,
    **{f"step-{i}.service": "[Unit]\nBefore=all.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                          "ExecStart=/bin/sleep 1\n"
       for i in range(10)},
    "all.target": "[Unit]\nWants=" + " ".join(f"step-{i}.service" for i in range(10)) + "\n",
}
NEEDING = ("requires", "wants", "binds", "part", "loose")


class Dependencies(MachineCase):
    units = UNITS

    def setUp(self):
        super().setUp()
        self.sh("rm -f /run/b-fails /run/a-fails")
        self.machine.systemctl("stop", "b.service", *(f"{name}.service" for name in NEEDING + ("conflicts", "failing")))
        self.machine.systemctl("reset-failed")

    def do(self, *words, status=0):
        done = self.machine.systemctl(*words)
        self.assertEqual(done.returncode, status, (words, done.stderr))
        return done

    def state(self, *units):
        return self.machine.systemctl("is-active", *units).stdout.split()

    def started(self, unit):
        return int(self.machine.show(unit, "ExecMainStartTimestampMonotonic"))

    def both(self, name):
        """`name` and b.service run; their process ids."""
        self.do("start", "b.service", f"{name}.service")
        return self.machine.show(f"{name}.service", "MainPID"), self.machine.show("b.service", "MainPID")

    @proves("S51", "S53", "S54", "S57", "S59")
    def test_1_a_start(self):
        for name in ("requires", "wants", "binds", "loose"):
            self.do("start", name)
            self.assertEqual(self.state(name, "b"), ["active", "active"], name)
            if name != "loose":
                self.assertLessEqual(self.started("b"), self.started(name), name)
            self.do("stop", name)
            self.assertEqual(self.state(name, "b"), ["inactive", "active"], f"b goes on after {name}")
            self.do("stop", "b")
        self.do("start", "part")
        self.assertEqual(self.state("part", "b"), ["active", "inactive"])
        self.do("start", "b")
        self.do("start", "conflicts")
        wait_for(lambda: self.state("conflicts", "b") == ["active", "inactive"], 5, "b to make room")
        self.do("start", "b")
        wait_for(lambda: self.state("conflicts", "b") == ["inactive", "active"], 5, "b to be back")

    @proves("S51", "S53", "S54", "S56")
    def test_2_a_start_that_fails(self):
        self.sh("touch /run/b-fails")
        for name in ("requires", "binds"):
            refused = self.do("start", name, status=1)
            self.assertIn(f"A dependency job for {name}.service failed.", refused.stderr)
            self.assertEqual(self.state(name, "b"), ["inactive", "failed"])
        self.do("start", "wants")
        self.assertEqual(self.state("wants", "b"), ["active", "failed"])

    @proves("S51", "S53", "S54", "S56", "S57")
    def test_3_a_stop(self):
        for name, after in (("requires", "inactive"), ("wants", "active"), ("binds", "inactive"), ("part", "inactive"),
                            ("loose", "inactive")):
            self.both(name)
            self.do("stop", "b")
            wait_for(lambda n=name, a=after: self.state(n) == [a], 5, f"{name} to be {after}")

    @proves("S51", "S53", "S54", "S56", "S57")
    def test_4_a_restart(self):
        for name, follows in (("requires", True), ("wants", False), ("binds", True), ("part", True), ("loose", True)):
            before, other = self.both(name)
            self.do("restart", "b")
            wait_for(lambda n=name: self.state(n, "b") == ["active", "active"], 5, f"{name} and b to be active")
            self.assertNotEqual(self.machine.show("b.service", "MainPID"), other)
            self.assertEqual(self.machine.show(f"{name}.service", "MainPID") != before, follows, name)
            self.do("stop", name, "b")

    @proves("S51", "S56")
    def test_5_a_death(self):
        for name in NEEDING:
            self.both(name)
            self.do("kill", "--signal=KILL", "b")
            wait_for(lambda: self.state("b") == ["failed"], 5, "b to be failed")
            if name == "binds":
                wait_for(lambda: self.state("binds") == ["inactive"], 5, "binds to be stopped")
            self.assertEqual(self.state(name), ["inactive" if name == "binds" else "active"], name)
            self.do("stop", name)
            self.do("reset-failed")

    @proves("S51", "S58")
    def test_6_a_failure_calls_for_another(self):
        self.do("start", "failing")
        self.do("stop", "failing")
        self.assertEqual(self.state("failing", "b"), ["inactive", "inactive"])
        self.sh("touch /run/a-fails")
        self.do("start", "failing", status=1)
        wait_for(lambda: self.state("failing", "b") == ["failed", "active"], 5, "the handler")
        self.do("stop", "b")
        self.do("reset-failed")
        self.sh("rm /run/a-fails")
        self.do("start", "failing")
        self.do("kill", "--signal=KILL", "failing")
        wait_for(lambda: self.state("failing", "b") == ["failed", "active"], 5, "the handler")

    @proves("S51", "S55")
    def test_7_before_and_what_is_shown(self):
        self.do("start", "before", "late")
        ready = int(self.machine.show("before.service", "ActiveEnterTimestampMonotonic"))
        self.assertGreaterEqual(self.started("late"), ready)
        self.assertEqual(self.machine.show("b.service", "Description"), "The other one")
        self.assertIn("before.service", self.machine.show("late.service", "After"))
        status = self.machine.systemctl("status", "one-line.service").stdout
        self.assertIn("Docs: man:a(1)\n", status)
        self.assertIn("https://example.com/b", status)

    @proves("S52")
    def test_8_lists_add_up_a_description_does_not(self):
        names = "Description,After,Wants,Documentation"
        shown = [self.do("show", unit, "--property", names).stdout for unit in ("one-line.service", "two-lines.service")]
        self.assertEqual(shown[0], shown[1])
        self.assertIn("Description=The second\n", shown[0])
        self.assertRegex(shown[0], r"Wants=(b.service late.service|late.service b.service)\n")

    @proves("S5", "S55")
    def test_9_all_at_once_unless_they_are_ordered(self):
        self.do("start", "all.target")
        begun, ended = [], []
        for i in range(10):
            begun.append(int(self.machine.show(f"step-{i}.service", "InactiveExitTimestampMonotonic")))
            ended.append(int(self.machine.show(f"step-{i}.service", "ActiveEnterTimestampMonotonic")))
        took = (max(ended) - min(begun)) / 1e6
        self.assertGreater(took, 1.0)
        self.assertLess(took, 3.0, "10 steps of a second each")
        self.assertLess(max(begun), min(ended), "every one had begun when the first one was done")


if __name__ == "__main__":
    main()
