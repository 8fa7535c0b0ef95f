# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers of a real unit engine, seen by Debian's systemctl (systemd 252): armed, listed, due, kept over a restart."""
import json
import os
import re

from qdtest import main, proves, wait_for
from unit_machine import MachineCase

JOB = "[Service]\nType=oneshot\nExecStart=/bin/echo done by %n\n"
UNITS = {
    "soon.service": JOB,
    "soon.timer": "[Timer]\nOnActiveSec=300ms\nAccuracySec=1ms\n[Install]\nWantedBy=timers.target\n",
    "often.service": JOB,
    "often.timer": "[Timer]\nOnActiveSec=100ms\nOnUnitActiveSec=200ms\nAccuracySec=1ms\n",
    "yearly.service": JOB,
    "yearly.timer": "[Unit]\nDescription=Once a year\n[Timer]\nOnCalendar=*-01-01 00:00:00 UTC\nPersistent=yes\n",
    "mytask.service": JOB,
    "mytask.timer": "[Timer]\nOnCalendar=daily\nRandomizedDelaySec=1h\n[Install]\nWantedBy=timers.target\n",
    "lone.timer": "[Timer]\nOnActiveSec=1\n",
}


class Timers(MachineCase):
    units = UNITS

    def start(self, unit):
        self.assertEqual(self.machine.systemctl("start", unit).returncode, 0, self.machine.log())

    def await_state(self, unit, active, sub):
        wait_for(lambda: (self.machine.show(unit, "ActiveState"), self.machine.show(unit, "SubState")) == (active, sub),
                 10, f"{unit} to be {active}/{sub}")

    def list_timers(self, *words):
        return json.loads(self.machine.systemctl("list-timers", "--output=json", *words).stdout)

    @proves("S95", "S104")
    def test_1_it_starts_its_service_when_it_is_due(self):
        self.start("soon.timer")
        self.machine.await_message("soon.service", "done by soon.service")
        self.await_state("soon.timer", "active", "elapsed")
        self.assertEqual(self.machine.show("soon.service", "TriggeredBy"), "soon.timer")
        self.assertEqual(self.machine.show("soon.timer", "Triggers"), "soon.service")
        status = self.machine.systemctl("status", "soon.timer").stdout
        self.assertIn("Active: active (elapsed)", status)
        self.assertIn("Triggers: ● soon.service", status)

    @proves("S96")
    def test_2_a_period_goes_on_until_it_is_stopped(self):
        self.start("often.timer")
        wait_for(lambda: len(self.machine.journal("-u", "often.service", "-t", "echo")) >= 3, 10, "three runs")
        stopped = self.machine.systemctl("stop", "often.timer")
        self.assertEqual((stopped.returncode, stopped.stderr), (0, ""))
        wait_for(lambda: self.machine.show("often.service", "ActiveState") == "inactive", 10, "the last run's end")
        self.assertEqual(self.machine.show("often.timer", "SubState"), "dead")

    @proves("S98", "S104")
    def test_3_systemctl_lists_it_with_its_next_time(self):
        self.start("yearly.timer")
        row = [row for row in self.list_timers() if row["unit"] == "yearly.timer"][0]
        self.assertEqual(row["activates"], "yearly.service")
        now = int(self.machine.run("date", "+%s").stdout)
        self.assertTrue(now < row["next"] / 1e6 < now + 366 * 86400, row)
        text = self.machine.systemctl("list-timers", "yearly.timer").stdout
        self.assertRegex(text, r"NEXT +LEFT +LAST +PASSED +UNIT +ACTIVATES")
        self.assertRegex(text, r"\d\d\d\d-01-01 00:00:00 UTC .* left .*yearly.timer +yearly.service\n\n1 timers listed.")
        calendar = self.machine.show("yearly.timer", "TimersCalendar")
        self.assertRegex(calendar, r"^\{ OnCalendar=\*-01-01 00:00:00 UTC ; next_elapse=\w+ \d{4}-01-01 00:00:00 UTC \}$")
        self.assertEqual(self.machine.show("yearly.timer", "Description"), "Once a year")

    @proves("S101")
    def test_4_what_was_missed_is_made_up_for_when_the_engine_is_back(self):
        self.machine.systemctl("stop", "yearly.timer")
        stamp = os.path.join(self.machine.dir, "timers", "stamp-yearly.timer")
        self.assertTrue(os.path.exists(stamp), "the first start leaves a stamp")
        os.utime(stamp, (1_000_000_000, 1_000_000_000))  # in 2001
        self.assertEqual(self.machine.journal("-u", "yearly.service"), [])
        self.start("yearly.timer")
        self.machine.await_message("yearly.service", "done by yearly.service")
        self.assertGreater(os.stat(stamp).st_mtime, 1_600_000_000)

    @proves("S104")
    def test_5_enabled_it_is_there_after_a_start_of_the_machine(self):
        enabled = self.machine.systemctl("enable", "mytask.timer")
        self.assertRegex(enabled.stderr, r"Created symlink .*/timers.target.wants/mytask.timer → .*/mytask.timer")
        before = self.machine.engine_pid()
        self.machine.run("kill", "-9", str(before))
        wait_for(lambda: self.machine.show("mytask.timer", "SubState") == "waiting", 20, "the timer to be armed again")
        delay = self.machine.show("mytask.timer", "RandomizedDelayUSec")
        self.assertEqual(delay, "1h")
        self.assertEqual(self.machine.systemctl("disable", "--now", "mytask.timer").returncode, 0)
        self.assertEqual(self.machine.show("mytask.timer", "SubState"), "dead")

    @proves()
    def test_6_without_its_service_it_is_refused(self):
        refused = self.machine.systemctl("start", "lone.timer")
        self.assertEqual(refused.returncode, 1)
        self.machine.await_message("lone.timer", "lone.timer: Refusing to start, unit lone.service to trigger not loaded.")

    @proves()
    def test_7_stopping_the_service_says_what_can_bring_it_back(self):
        self.start("yearly.timer")
        stopped = self.machine.systemctl("stop", "yearly.service")
        self.assertTrue(re.search(r"yearly.service.* can still be activated by:\n +yearly.timer", stopped.stderr), stopped)


if __name__ == "__main__":
    main()
