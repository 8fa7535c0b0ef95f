# SPDX-License-Identifier: GPL-3.0-or-later
"""Mount units of a real unit engine in a mount namespace of its own, seen by Debian's systemctl (systemd 252)."""
from qdtest import main, proves, wait_for
from unit_machine import MachineCase

NAME = r"run-m-my\x2dmount\x2dpoint.mount"
UNITS = {
    NAME: "[Unit]\nDescription=A place\n[Mount]\nWhat=tmpfs\nWhere=/run/m/my-mount-point\nType=tmpfs\n"
          "Options=nodev,size=64k\nDirectoryMode=0711\n[Install]\nWantedBy=multi-user.target\n",
    "run-m-bound.mount": "[Mount]\nWhat=/run/m/my-mount-point/folder\nWhere=/run/m/bound\nOptions=bind\n",
    "run-m-wrong.mount": "[Mount]\nWhat=tmpfs\nWhere=/run/m/another\nType=tmpfs\n",
    "run-m-fails.mount": "[Mount]\nWhat=/run/no-such-file\nWhere=/run/m/fails\nType=ext4\n",
    "run-m-strict.mount": "[Mount]\nWhat=tmpfs\nWhere=/run/m/strict\nType=tmpfs\nOptions=colour=red\n",
    "user.service": "[Unit]\nRequiresMountsFor=/run/m/my-mount-point/data\n"
                    "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'echo ok "
                    ">/run/m/my-mount-point/data'\n",
    "skipped.mount": "[Unit]\nDefaultDependencies=no\nConditionPathExists=!/etc/passwd\n"
                     "[Mount]\nWhat=tmpfs\nWhere=/skipped\nType=tmpfs\n",
}


class Mounts(MachineCase):
    units = UNITS

    def mounted(self, where):
        return self.machine.run("findmnt", "-n", "-o", "FSTYPE,OPTIONS", where).stdout.strip()

    @proves("S125", "S126", "S127", "S130")
    def test_1_start_mounts_and_stop_unmounts(self):
        self.assertEqual(self.machine.systemctl("start", NAME).returncode, 0, self.machine.log())
        self.await_sub(NAME, "mounted")
        self.assertRegex(self.mounted("/run/m/my-mount-point"), r"^tmpfs +rw,nodev,relatime,size=64k")
        self.assertEqual(self.machine.show(NAME, "Where"), "/run/m/my-mount-point")
        self.assertEqual(self.machine.show(NAME, "What"), "tmpfs")
        self.assertEqual(self.sh("umount /run/m/my-mount-point; stat -c %a /run/m/my-mount-point"), "711\n")
        self.await_sub(NAME, "dead")  # somebody else may do it
        self.machine.systemctl("start", NAME)
        self.assertEqual(self.machine.systemctl("stop", NAME).returncode, 0)
        self.assertEqual(self.mounted("/run/m/my-mount-point"), "")
        messages = [entry["MESSAGE"] for entry in self.machine.journal("-u", NAME)]
        for words in ("Mounting {}...", "Mounted {}.", "Unmounting {}...", "Unmounted {}."):
            self.assertIn(words.format(f"{NAME} - A place"), messages)

    @proves()
    def test_2_what_is_refused_and_what_fails(self):
        self.assertEqual(self.machine.systemctl("start", "run-m-wrong.mount").returncode, 1)
        self.machine.await_message("run-m-wrong.mount",
                                   "run-m-wrong.mount: Where= setting doesn't match unit name. Refusing.")
        for name in ("run-m-fails.mount", "run-m-strict.mount"):
            self.assertEqual(self.machine.systemctl("start", name).returncode, 1)
            self.assertEqual(self.machine.show(name, "Result"), "exit-code")
            self.assertEqual(self.machine.show(name, "SubState"), "failed")

    @proves()
    def test_3_what_is_mounted_by_hand_is_a_unit(self):
        self.sh("mkdir -p '/run/by hand' && mount -t tmpfs -o size=8k none '/run/by hand'")
        name = r"run-by\x20hand.mount"
        self.await_sub(name, "mounted")
        self.assertEqual(self.machine.show(name, "LoadState"), "loaded")
        rows = self.machine.systemctl("list-units", "--type=mount", "--plain", "--no-legend").stdout
        self.assertIn(name, rows)
        self.assertIn("-.mount", rows)
        self.assertEqual(self.machine.systemctl("stop", name).returncode, 0)
        self.assertEqual(self.mounted("/run/by hand"), "")

    @proves()
    def test_4_a_busy_one_stays_and_a_reload_remounts(self):
        self.machine.systemctl("start", NAME)
        self.sh("cd /run/m/my-mount-point && (sleep 60 </dev/null >/dev/null 2>&1 &)")
        self.assertEqual(self.machine.systemctl("stop", NAME).returncode, 1)
        self.assertEqual(self.machine.show(NAME, "SubState"), "mounted")
        self.sh("kill $(pgrep -x sleep); while pgrep -x sleep; do :; done")
        self.machine.write_unit(NAME, UNITS[NAME].replace("size=64k", "size=32k"))
        self.machine.systemctl("daemon-reload")
        self.assertEqual(self.machine.systemctl("reload", NAME).returncode, 0)
        self.assertIn("size=32k", self.mounted("/run/m/my-mount-point"))
        wait_for(lambda: "size=32k" in self.machine.show(NAME, "Options"), 10, "the new options")

    @proves()
    def test_5_who_needs_a_path_needs_its_mounts(self):
        self.machine.systemctl("stop", NAME)
        self.assertEqual(self.machine.systemctl("start", "user.service").returncode, 0)
        self.assertEqual(self.sh("cat /run/m/my-mount-point/data"), "ok\n")
        self.assertEqual(self.machine.show(NAME, "SubState"), "mounted")
        self.sh("mkdir /run/m/my-mount-point/folder")
        self.assertEqual(self.machine.systemctl("start", "run-m-bound.mount").returncode, 0)
        self.assertIn(NAME, self.machine.systemctl("list-dependencies", "run-m-bound.mount").stdout)
        self.machine.systemctl("stop", NAME)
        self.assertEqual(self.machine.show("run-m-bound.mount", "ActiveState"), "inactive")

    @proves("S129")
    def test_6_an_unmet_condition_skips_it(self):
        self.assertEqual(self.machine.systemctl("start", "skipped.mount").returncode, 0)
        self.assertEqual(self.machine.show("skipped.mount", "ActiveState"), "inactive")
        self.assertEqual(self.machine.show("skipped.mount", "Result"), "success")
        self.assertEqual(self.mounted("/skipped"), "")

    @proves()
    def test_7_systemctl_shows_it(self):
        self.machine.systemctl("start", NAME)
        status = self.machine.systemctl("status", NAME).stdout
        self.assertIn("Active: active (mounted)", status)
        self.assertIn("Where: /run/m/my-mount-point", status)
        self.assertIn("What: tmpfs", status)
        shown = self.machine.systemctl("show", NAME).stdout
        for line in ("Type=tmpfs", "DirectoryMode=0711", "TimeoutUSec=1min 30s", "SloppyOptions=no", "ExecMount="):
            self.assertIn(line, shown)
        self.machine.systemctl("enable", NAME)
        self.assertEqual(self.machine.systemctl("is-enabled", NAME).stdout, "enabled\n")


if __name__ == "__main__":
    main()
