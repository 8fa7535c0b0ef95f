# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that are made over the bus, by Debian's systemd-run (systemd 252): services, timers, and what is left of them."""
import json
import os
import re

from qdtest import main, proves, wait_for
from unit_machine import MachineCase

PRIVATE = "unix:path=/run/systemd/private"
BUSCTL = ("busctl", f"--address={PRIVATE}")
MANAGER = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")


class Transient(MachineCase):
    units = {"mine.service": "[Service]\nExecStart=/bin/sleep 1000\n",
             "dbus.service": "[Service]\nExecStartPre=/bin/mkdir -p /run/dbus\n"
                             "ExecStart=/usr/bin/dbus-daemon --system --nofork --nopidfile\n"}

    def systemd_run(self, *words, status=0):
        done = self.machine.run("systemd-run", *words)
        self.assertEqual(done.returncode, status, done.stderr + self.machine.log())
        return done

    def row(self, unit):
        """Of list-units; systemctl's show would take a snapshot for a service's name."""
        return json.loads(self.machine.systemctl("list-units", "--all", "--output=json", unit).stdout)

    def is_known(self, unit):
        return bool(self.row(unit))

    def await_gone(self, unit):
        try:
            wait_for(lambda: not self.is_known(unit), 10, f"{unit} to be forgotten")
        except AssertionError as late:
            raise AssertionError(f"{late}: {self.row(unit)}, {self.machine.systemctl('show', unit).stdout}") from late

    def files(self):
        return self.sh("ls /run/quarterdeck/transient").split()

    @proves("S155", "S158", "S178")
    def test_1_what_ends_well_is_gone_and_its_log_stays(self):
        done = self.systemd_run("echo", "a  word", "100%", 'say "\\hi\\"', "$HOME", "", ";", "é")
        named = re.match(r"Running as unit: (run-\w+\.service)\n$", done.stderr)
        self.assertTrue(named, done.stderr)
        unit = named.group(1)
        self.machine.await_message(unit, 'a  word 100% say "\\hi\\"  ; é')  # of $HOME, which no unit has, nothing
        self.await_gone(unit)
        self.assertEqual(self.machine.show(unit, "LoadState"), "not-found")
        self.assertNotIn(unit, self.files())
        self.assertEqual(len(self.machine.journal("-u", unit, "-t", "echo")), 1)

    @proves("S158", "S178", "S50")
    def test_2_what_fails_stays_until_its_failure_is_forgotten(self):
        self.systemd_run("--unit", "broken", "sh", "-c", "exit 7")
        self.await_sub("broken.service", "failed")
        rows = self.machine.systemctl("list-units", "--plain", "--no-legend", "broken*").stdout
        self.assertEqual(rows.split(None, 4), ["broken.service", "loaded", "failed", "failed", '/usr/bin/sh -c exit 7\n'])
        status = self.machine.systemctl("status", "broken").stdout
        self.assertIn("Loaded: loaded (/run/quarterdeck/transient/broken.service; transient)\n  Transient: yes\n", status)
        self.assertIn("(code=exited, status=7)", status)
        self.machine.systemctl("daemon-reload")
        self.assertEqual(self.machine.show("broken", "ExecMainStatus"), "7")
        again = self.systemd_run("--unit", "broken", "true", status=1)
        self.assertIn("Unit broken.service was already loaded or has a fragment file.", again.stderr)
        self.machine.systemctl("reset-failed", "broken.service")
        self.await_gone("broken.service")
        self.assertEqual(self.files(), [])
        self.systemd_run("--unit", "broken", "true")  # the name is free
        self.await_gone("broken.service")
        collected = self.systemd_run("--unit", "broken", "--collect", "false")
        self.assertIn("Running as unit: broken.service", collected.stderr)
        self.await_gone("broken.service")

    @proves("S157")
    def test_3_somebody_else_runs_it(self):
        self.systemd_run("--unit", "who", "--uid", "nobody", "--gid", "daemon", "sh", "-c",
                         "id -un; id -gn; echo $$ is it")
        self.machine.await_message("who.service", "nobody")
        self.machine.await_message("who.service", "daemon")
        self.systemd_run("--unit", "root", "--uid=root", "--gid=root", "id", "-u")
        self.machine.await_message("root.service", "0")

    @proves("S156")
    def test_4_it_outlives_who_has_started_it(self):
        self.sh("setsid sh -c 'systemd-run --unit long --nice 5 --setenv NAME=value --property LimitNOFILE=321:654 "
                "--setenv \"A=b c\" --working-directory /usr --description \"A 100% long run\" "
                "--property OOMScoreAdjust=11 --property UMask=0027 --property KillSignal=SIGINT "
                "--property After=mine.service --property TimeoutStopSec=7 --property SuccessExitStatus=\"3 SIGUSR1\" "
                "--property ExecStopPost=\"-/bin/echo over now\" "
                "sleep 4720 && kill -9 $$' 2>/run/long-log || true")
        self.await_sub("long.service", "running")
        pid = self.machine.show("long", "MainPID")
        self.assertEqual(self.machine.processes("sleep 4720"), [int(pid)])
        parent = self.sh(f"ps -o ppid= -p {pid}")
        self.assertEqual(int(parent), self.machine.engine_pid())
        self.assertIn("321                  654", self.sh(f"grep 'open files' /proc/{pid}/limits"))
        self.assertEqual(self.sh(f"ps -o ni= -p {pid}").strip(), "5")
        environment = self.sh(f"tr '\\0' '\\n' </proc/{pid}/environ")
        self.assertIn("NAME=value\n", environment)
        self.assertIn("A=b c\n", environment)
        self.assertEqual(self.sh(f"readlink /proc/{pid}/cwd; cat /proc/{pid}/oom_score_adj"), "/usr\n11\n")
        shown = self.machine.systemctl("show", "long").stdout
        for line in ("Description=A 100% long run", "Transient=yes", "UMask=0027", "KillSignal=2", "TimeoutStopUSec=7s",
                     "SuccessExitStatus=3 USR1", "UnitFileState=transient"):
            self.assertIn(line + "\n", shown)
        self.assertRegex(shown, r"\nAfter=.*mine\.service")
        self.assertEqual(self.machine.systemctl("stop", "long").returncode, 0)
        self.machine.await_message("long.service", "over now")
        self.await_gone("long.service")

    @proves("S155")
    def test_5_it_may_make_fewer_calls_of_the_system(self):
        self.systemd_run("--unit", "judged", "--property", "SystemCallFilter=~@swap fchmodat:EACCES",
                         "--property", "RestrictAddressFamilies=AF_UNIX", "--property", "RestrictNamespaces=uts net",
                         "--property", "MemoryDenyWriteExecute=yes", "sh", "-c",
                         "systemctl show judged -p SystemCallFilter,RestrictAddressFamilies,RestrictNamespaces "
                         ">/run/judged; grep Seccomp: /proc/self/status >>/run/judged; chmod 600 /run/judged")
        self.await_sub("judged", "failed")
        self.assertEqual(self.machine.show("judged", "ExecMainStatus"), "1")
        self.machine.systemctl("reset-failed", "judged")
        self.assertEqual(self.sh("sort /run/judged").split("\n")[:-1],
                         ["RestrictAddressFamilies=AF_UNIX", "RestrictNamespaces=net uts", "Seccomp:\t2",
                          "SystemCallFilter=~fchmodat:EACCES swapoff swapon"])

    @proves("S155")
    def test_5_what_the_engine_does_not_do_is_refused(self):
        refused = self.systemd_run("--unit", "odd", "--property", "DynamicUser=yes", "true", status=1)
        self.assertIn("Cannot set property DynamicUser, or unknown property.", refused.stderr)
        taken = self.systemd_run("--unit", "mine", "true", status=1)
        self.assertIn("Unit mine.service was already loaded or has a fragment file.", taken.stderr)
        self.assertEqual(self.files(), [])
        self.assertFalse(self.is_known("odd.service"))

    @proves("S159")
    def test_6_later_by_a_timer(self):
        done = self.systemd_run("--unit", "later", "--on-active=300ms", "--timer-property=AccuracySec=1ms",
                                "touch", "/run/time-up")
        self.assertEqual(done.stderr.splitlines(), ["Running timer as unit: later.timer",
                                                    "Will run service as unit: later.service"])
        self.assertEqual(self.machine.show("later.timer", "AccuracyUSec"), "1ms")
        self.assertEqual(self.machine.show("later.timer", "Triggers"), "later.service")
        wait_for(lambda: self.machine.run("test", "-e", "/run/time-up").returncode == 0, 10, "the time to be up")
        self.await_gone("later.timer")  # systemd-run asks for that: RemainAfterElapse=no
        self.await_gone("later.service")
        self.assertEqual(self.files(), [])
        self.systemd_run("--unit", "yearly", "--on-calendar=*-01-01", "--timer-property=RandomizedDelaySec=1h",
                         "--timer-property=Persistent=no", "echo", "a", "year")
        timer = json.loads(self.machine.systemctl("list-timers", "--output=json", "yearly.timer").stdout)[0]
        self.assertEqual(timer["activates"], "yearly.service")
        self.assertIn("{ OnCalendar=*-01-01 00:00:00 ; next_elapse=", self.machine.show("yearly.timer", "TimersCalendar"))
        self.assertEqual(self.machine.show("yearly.timer", "RandomizedDelayUSec"), "1h")
        self.assertEqual(self.machine.systemctl("start", "yearly.service").returncode, 0)
        self.machine.await_message("yearly.service", "a year")
        self.assertEqual(self.machine.systemctl("stop", "yearly.timer").returncode, 0)
        self.await_gone("yearly.timer")
        self.await_gone("yearly.service")
        wrong = self.systemd_run("--on-active=5", "--timer-property=Nonsense=1", "true", status=1)
        self.assertIn("Nonsense", wrong.stderr)

    @proves("S160")
    def test_7_a_timer_that_is_to_stay_is_elapsed_until_it_is_stopped(self):
        made = self.machine.run(
            *BUSCTL, "call", *MANAGER, "StartTransientUnit", "ssa(sv)a(sa(sv))", "once.timer", "fail",
            "2", "TimersMonotonic", "a(st)", "1", "OnActiveSec", "200000", "AccuracyUSec", "t", "1000",
            "1", "once.service", "1", "ExecStart", "a(sasb)", "1", "/bin/echo", "2", "/bin/echo", "fired", "false")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.machine.await_message("once.service", "fired")
        self.await_sub("once.timer", "elapsed")
        rows = self.machine.systemctl("list-units", "--plain", "--no-legend", "once*").stdout
        self.assertEqual(rows.split()[:4], ["once.timer", "loaded", "active", "elapsed"])
        self.assertEqual(len(rows.splitlines()), 1, "of the service nothing is to be seen")
        self.assertEqual(self.machine.systemctl("stop", "once.timer").returncode, 0)
        self.await_gone("once.timer")
        self.assertEqual(self.files(), [])

    def call(self, *words):
        done = self.machine.run(*BUSCTL, "call", *MANAGER, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    @proves("S93")
    def test_8_a_snapshot_brings_back_what_was_active(self):
        self.machine.systemctl("start", "mine.service")
        path = self.call("CreateSnapshot", "sb", "before", "false")
        self.assertEqual(path, 'o "/org/freedesktop/systemd1/unit/before_2esnapshot"')
        rows = self.machine.systemctl("list-units", "--all", "--plain", "--no-legend", "before*").stdout
        self.assertEqual(rows.split()[:4], ["before.snapshot", "loaded", "inactive", "dead"])
        self.machine.systemctl("stop", "mine.service")
        self.systemd_run("--unit", "extra", "sleep", "1000")
        self.machine.systemctl("daemon-reload")
        self.call("StartUnit", "ss", "before.snapshot", "isolate")
        self.await_sub("mine.service", "running")
        self.assertEqual(self.row("before.snapshot")[0]["sub"], "active")
        self.await_gone("extra.service")
        self.assertEqual(self.machine.show("multi-user.target", "ActiveState"), "active")
        self.call("RemoveSnapshot", "s", "before.snapshot")
        self.machine.systemctl("stop", "mine.service")  # it needs that one
        self.await_gone("before.snapshot")
        self.assertEqual(self.call("CreateSnapshot", "sb", "", "true"),
                         'o "/org/freedesktop/systemd1/unit/snapshot_2d0_2esnapshot"')
        self.call("StartUnit", "ss", "snapshot-0.snapshot", "replace")
        wait_for(lambda: self.row("snapshot-0.snapshot")[0]["sub"] == "active", 5, "the snapshot to be active")
        self.call("StopUnit", "ss", "snapshot-0.snapshot", "replace")
        self.await_gone("snapshot-0.snapshot")

    @proves("S93")
    def test_9_scopes_and_slices_are_made_by_the_engine(self):
        self.sh("setsid sleep 4721 >/dev/null 2>&1 & echo $! >/run/leader")
        leader = wait_for(lambda: self.machine.processes("sleep 4721"), 5, "a process")[0]
        unit = "machine-centos\\x2droot.scope"
        self.call("StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail", "3", "PIDs", "au", "1", str(leader), "Slice", "s",
                  "machine.slice", "Description", "s", "Container centos-root", "0")
        self.await_sub(unit, "running")
        self.assertEqual(self.machine.show("machine.slice", "ActiveState"), "active")
        rows = self.machine.systemctl("list-units", "--plain", "--no-legend", "--type=scope").stdout
        self.assertEqual(rows.split(None, 4), [unit, "loaded", "active", "running", "Container centos-root\n"])
        self.machine.systemctl("stop", unit)
        self.await_gone(unit)
        self.assertEqual(self.machine.processes("sleep 4721"), [])

    @proves()
    def test_a_a_hold_ends_with_who_holds(self):
        self.call("RefUnit", "s", "mine.service")  # and busctl is gone
        self.await_gone("mine.service")
        self.call("StartTransientUnit", "ssa(sv)a(sa(sv))", "held.service", "fail", "2", "AddRef", "b", "true", "ExecStart",
                  "a(sasb)", "1", "/bin/true", "1", "/bin/true", "false", "0")
        self.await_gone("held.service")

    @proves("S155")
    def test_b_on_the_nodes_bus_who_waits_hears_of_the_end(self):
        self.assertEqual(self.machine.systemctl("start", "dbus.service").returncode, 0)
        wait_for(lambda: self.machine.run("busctl", "status", "org.freedesktop.systemd1").returncode == 0, 10,
                 "the engine to be on the bus: " + self.machine.log())
        done = self.systemd_run("--wait", "--unit", "awaited", "sh", "-c", "exit 9", status=9)
        self.assertIn("Finished with result: exit-code", done.stderr)
        self.assertIn("Main processes terminated with: code=exited/status=9", done.stderr)
        self.assertEqual(self.machine.systemctl("reset-failed", "awaited").returncode, 0)
        self.await_gone("awaited.service")  # nobody holds it any more
        piped = self.machine.run("sh", "-c", "echo through | systemd-run --pipe --quiet --unit piped sh -c "
                                             "'tr a-z A-Z; echo wrong >&2; exit 4' 2>/run/errors | cat; "
                                             "cat /run/errors; echo end")
        self.assertEqual(piped.stdout, "THROUGH\nwrong\nend\n")
        stranger = self.machine.run(
            "setpriv", "--reuid", "daemon", "--regid", "daemon", "--clear-groups", "dbus-send", "--system", "--print-reply",
            f"--dest={MANAGER[0]}", MANAGER[1], f"{MANAGER[2]}.StartUnit", "string:mine.service", "string:replace")
        self.assertNotEqual(stranger.returncode, 0)
        self.assertIn("Only root may speak to the unit engine.", stranger.stderr)
        self.assertEqual(self.machine.show("mine.service", "ActiveState"), "inactive")
        self.machine.systemctl("restart", "dbus.service")  # the engine joins the new one
        wait_for(lambda: self.machine.run("busctl", "status", "org.freedesktop.systemd1").returncode == 0, 10,
                 "the engine to be on the bus again: " + self.machine.log())
        self.systemd_run("--wait", "--quiet", "--unit", "last", "true")


if __name__ == "__main__":
    main()
