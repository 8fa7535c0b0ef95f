# SPDX-License-Identifier: GPL-3.0-or-later
"""Automounts, swaps and scopes of a real unit engine, seen by Debian's systemctl and systemd-run (systemd 252)."""
import os
import tempfile
import unittest

from qdtest import main, proves, wait_for
from unit_machine import MachineCase

UNITS = {
    "run-a-place.mount": "[Mount]\nWhat=tmpfs\nWhere=/run/a/place\nType=tmpfs\nOptions=size=16k\n",
    "run-a-place.automount": "[Unit]\nDescription = Test automount\n[Automount]\nWhere = /run/a/place\n"
                             "TimeoutIdleSec=1\n[Install]\nWantedBy=multi-user.target\n",
    "run-a-broken.mount": "[Mount]\nWhat=/run/nothing\nWhere=/run/a/broken\nType=ext4\n",
    "run-a-broken.automount": "[Automount]\nWhere=/run/a/broken\nDirectoryMode=0700\n",
    "run-a-lonely.automount": "[Automount]\nWhere=/run/a/lonely\n",
}


class Places(MachineCase):
    units = UNITS

    def sub(self, unit):
        return self.machine.show(unit, "SubState")

    def table(self, where):
        return [line.split(" - ")[1] for line in self.sh("cat /proc/self/mountinfo").splitlines()
                if line.split()[4] == where]

    @unittest.skipUnless(os.path.exists("/dev/autofs"), "this kernel has no automounter")
    @proves("S131", "S134", "S133")
    def test_1_the_first_look_mounts_and_idleness_unmounts(self):
        self.assertEqual(self.machine.systemctl("start", "run-a-place.automount").returncode, 0, self.machine.log())
        self.assertEqual(self.sub("run-a-place.automount"), "waiting")
        self.assertEqual(self.machine.show("run-a-place.automount", "Description"), "Test automount")
        armed = self.table("/run/a/place")
        self.assertEqual(len(armed), 1)
        self.assertRegex(armed[0], r"^autofs systemd-\d+ rw,fd=\d+,pgrp=\d+,timeout=1,minproto=5,maxproto=5,direct")
        self.assertEqual(self.sub("run-a-place.mount"), "dead")
        self.sh("echo text >/run/a/place/file && cat /run/a/place/file")  # blocks until it is mounted
        self.assertEqual(self.sub("run-a-place.mount"), "mounted")
        self.assertEqual(self.sub("run-a-place.automount"), "running")
        self.assertEqual([line.split()[0] for line in self.table("/run/a/place")], ["autofs", "tmpfs"])
        wait_for(lambda: len(self.table("/run/a/place")) == 1, 20, "the place to be given up")
        self.await_sub("run-a-place.automount", "waiting")
        self.assertEqual(self.sub("run-a-place.mount"), "dead")
        self.assertEqual(self.sh("ls /run/a/place"), "")  # once more: a new one
        self.assertEqual(self.sub("run-a-place.mount"), "mounted")

    @unittest.skipUnless(os.path.exists("/dev/autofs"), "this kernel has no automounter")
    @proves("S132")
    def test_2_what_is_refused_and_what_fails(self):
        self.machine.systemctl("stop", "run-a-place.automount")
        self.assertEqual(self.table("/run/a/place"), [])
        self.sh("mount -t tmpfs none /run/a/place")
        self.assertEqual(self.machine.systemctl("start", "run-a-place.automount").returncode, 1)
        self.machine.await_message(
            "run-a-place.automount",
            "run-a-place.automount: Path /run/a/place is already a mount point, refusing start.")
        self.sh("umount /run/a/place")
        self.assertEqual(self.machine.systemctl("start", "run-a-lonely.automount").returncode, 1)
        self.assertEqual(self.machine.systemctl("start", "run-a-broken.automount").returncode, 0)
        self.assertNotEqual(self.machine.run("ls", "/run/a/broken").returncode, 0)  # and it does not hang
        self.assertEqual(self.sub("run-a-broken.automount"), "waiting")
        self.assertEqual(self.machine.show("run-a-broken.mount", "Result"), "exit-code")
        status = self.machine.systemctl("status", "run-a-broken.automount").stdout
        self.assertIn("Triggers: ", status)
        self.assertIn("Where: /run/a/broken", status)

    @proves("S135")
    def test_3_swaps(self):
        folder = tempfile.mkdtemp(prefix="qdswap", dir="/var/tmp")
        file = os.path.join(folder, "file")
        name = f"var-tmp-{os.path.basename(folder)}-file.swap"
        try:
            self.sh(f"dd if=/dev/zero of={file} bs=1M count=2 2>/dev/null; chmod 600 {file}; /sbin/mkswap {file}")
            self.machine.write_unit(name, f"[Swap]\nWhat={file}\nPriority=7\nTimeoutSec=30\n")
            done = self.machine.systemctl("start", name)
            if done.returncode != 0 and os.geteuid() != 0:
                self.skipTest("only root may swap")
            self.assertEqual(done.returncode, 0, self.machine.systemctl("status", name).stdout)
            self.assertEqual(self.sub(name), "active")
            self.assertRegex(self.sh("/sbin/swapon --noheadings"), rf"{file} +file +2M +0B +7")
            self.assertEqual(self.machine.show(name, "Priority"), "7")
            self.assertEqual(self.machine.systemctl("stop", name).returncode, 0)
            self.assertNotIn(file, self.sh("cat /proc/swaps"))
            self.sh(f"/sbin/swapon {file}")  # by hand
            self.await_sub(name, "active")
            self.sh(f"/sbin/swapoff {file}")
            self.await_sub(name, "dead")
            self.sh(f": >{file}")
            self.assertEqual(self.machine.systemctl("start", name).returncode, 1)
            self.assertEqual(self.machine.show(name, "Result"), "exit-code")
        finally:
            self.machine.systemctl("stop", name)
            self.machine.run("/sbin/swapoff", file)
            os.unlink(file)
            os.rmdir(folder)

    @proves()
    def test_4_scopes(self):
        if not self.machine.groups or not os.path.isdir(self.machine.groups[0]):
            self.skipTest("no control groups of our own")
        run = ("systemd-run --scope --unit mine --description Mine --property TimeoutStopSec=5 "
               "sh -c 'echo $$ >/run/scope-pid; until test -e /run/scope-end; do sleep 0.02; done; exit 3'; "
               "echo status $? >/run/scope-status")
        self.sh(f"({run}) </dev/null >/run/scope-log 2>&1 &")
        self.await_sub("mine.scope", "running")
        wait_for(lambda: self.machine.run("test", "-s", "/run/scope-pid").returncode == 0, 10, "the command: "
                 + self.sh("cat /run/scope-log"))
        shown = self.machine.systemctl("show", "mine.scope").stdout
        for line in ("Description=Mine", "Transient=yes", "TimeoutStopUSec=5s", "ControlGroup=/system.slice/mine.scope",
                     "UnitFileState=transient"):
            self.assertIn(line + "\n", shown)
        status = self.machine.systemctl("status", "mine.scope").stdout
        self.assertIn("Active: active (running)", status)
        self.assertIn(self.sh("cat /run/scope-pid").strip() + " /usr/bin/sh -c", status)
        self.sh("touch /run/scope-end")
        wait_for(lambda: self.machine.run("cat", "/run/scope-status").stdout == "status 3\n", 10, "its end")
        wait_for(lambda: "mine.scope" not in self.machine.systemctl("list-units", "--all").stdout, 10,
                 "the scope to be forgotten")
        self.assertEqual(self.sh("ls /run/quarterdeck/transient"), "")
        # Neither the first process nor the engine itself can be taken into one.
        for pid in ("1", self.sh("pidof quarterdeck-unitd").split()[0]):
            refused = self.machine.run(
                "busctl", "--address=unix:path=/run/systemd/private", "call", "org.freedesktop.systemd1",
                "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))",
                "greedy.scope", "fail", "1", "PIDs", "au", "1", pid, "0")
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(f"Process {pid} is a manager process, refusing.", refused.stderr)
        self.sh("(systemd-run --scope --unit other sleep 60) </dev/null >/dev/null 2>&1 &")
        self.await_sub("other.scope", "running")
        self.assertEqual(self.machine.systemctl("stop", "other.scope").returncode, 0)
        self.assertEqual(self.machine.processes("sleep 60"), [])


if __name__ == "__main__":
    main()
