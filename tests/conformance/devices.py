# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a real unit engine: a mount waits for its device, what is bound to one goes with it."""
import os
import unittest

from qdtest import main, proves, wait_for
from unit_machine import MachineCase

DISK = "dev-shm-disk0.device"
UNITS = {
    "run-disk.mount": "[Mount]\nWhat=/dev/shm/disk0\nWhere=/run/disk\nType=tmpfs\n",
    "run-deep.mount": "[Mount]\nWhat=/dev/shm/by/name/disk\nWhere=/run/deep\nType=tmpfs\n",
    "run-never.mount": "[Mount]\nWhat=/dev/shm/never\nWhere=/run/never\nType=tmpfs\n",
    "dev-shm-never.device": "[Unit]\nJobRunningTimeoutSec=300ms\n",
    "bound.service": f"[Unit]\nBindsTo={DISK}\nAfter={DISK}\n[Service]\nExecStart=/bin/sleep 1000\n",
}


@unittest.skipUnless(os.geteuid() == 0, "only root makes nodes of devices")
class Devices(MachineCase):
    units = UNITS

    def jobs(self):
        rows = self.machine.systemctl("list-jobs", "--plain", "--no-legend").stdout.splitlines()
        return {row.split()[1]: row.split()[2:] for row in rows}

    @proves("S94")
    def test_1_a_mount_waits_for_its_device(self):
        self.sh("mount -t tmpfs tmpfs /dev/shm")  # of this machine alone
        self.machine.systemctl("start", "--no-block", "run-disk.mount")
        wait_for(lambda: DISK in self.jobs(), 5, "the wait for the device")
        self.assertEqual((self.jobs()[DISK], self.jobs()["run-disk.mount"]), (["start", "running"], ["start", "waiting"]))
        self.assertEqual(self.machine.show(DISK, "SubState"), "dead")
        self.assertIn(DISK, self.machine.show("run-disk.mount", "Requires"))
        self.sh("touch /dev/shm/disk0")  # no device
        self.assertEqual(self.machine.show("run-disk.mount", "SubState"), "dead")
        self.sh("rm /dev/shm/disk0 && mknod /dev/shm/real c 1 3 && ln -s real /dev/shm/disk0")  # as udev names them
        self.await_sub("run-disk.mount", "mounted")
        self.assertEqual(self.jobs(), {})
        status = self.machine.systemctl("status", DISK).stdout
        self.assertIn("Active: active (plugged) since", status)
        self.assertIn(f"{DISK} - /dev/shm/disk0", status)
        rows = self.machine.systemctl("list-units", "--type=device", "--plain", "--no-legend").stdout
        self.assertEqual(rows.split()[:4], [DISK, "loaded", "active", "plugged"])

    @proves("S94")
    def test_2_what_is_bound_to_it_goes_with_it(self):
        self.assertEqual(self.machine.systemctl("start", "bound.service").returncode, 0)
        self.sh("rm /dev/shm/disk0")
        self.await_sub("bound.service", "dead")
        self.await_sub(DISK, "dead")
        self.assertEqual(self.machine.show("run-disk.mount", "SubState"), "mounted")
        self.sh("ln -s real /dev/shm/disk0")
        self.await_sub(DISK, "plugged")
        self.machine.systemctl("stop", "run-disk.mount")
        wait_for(lambda: DISK not in self.machine.systemctl("list-units", "--all").stdout, 5, "nobody to name it")

    @proves("S94")
    def test_3_folders_may_come_later(self):
        self.machine.systemctl("start", "--no-block", "run-deep.mount")
        wait_for(lambda: "dev-shm-by-name-disk.device" in self.jobs(), 5, "the wait for the device")
        self.sh("mkdir /dev/shm/by; mkdir /dev/shm/by/name; ln -s /dev/shm/real /dev/shm/by/name/disk")
        self.await_sub("run-deep.mount", "mounted")
        self.machine.systemctl("stop", "run-deep.mount")

    @proves("S94")
    def test_4_it_does_not_wait_for_ever(self):
        done = self.machine.systemctl("start", "run-never.mount")
        self.assertEqual(done.returncode, 1)
        self.assertIn("A dependency job for run-never.mount failed.", done.stderr)
        self.machine.await_message("dev-shm-never.device",
                                   "Timed out waiting for device dev-shm-never.device - /dev/shm/never.")
        self.assertEqual(self.machine.show("run-never.mount", "SubState"), "dead")


if __name__ == "__main__":
    main()
