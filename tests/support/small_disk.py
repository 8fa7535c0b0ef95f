# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are small enough to be filled. They are mounted for this process and its children alone, and go with it."""
import ctypes
import errno
import os
import subprocess

from qdtest import wait_for

CLONE_NEWNS = 0x00020000


def own_mounts():
    """From now on what this process mounts nobody else sees. Needs root."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


class SmallDisk:
    """A file system in memory of that many MiB at a folder: no loop device is needed."""

    def __init__(self, folder, mebibytes):
        self.folder = folder
        self.filler = os.path.join(folder, "filler")
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "none", folder], check=True)

    def free(self):
        info = os.statvfs(self.folder)
        return info.f_bavail * info.f_frsize

    def fill(self, leave=0):
        """Another program takes all but that many bytes."""
        file = os.open(self.filler, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            wait_for(lambda: self.take(file, leave), 20, f"a full disk at {self.folder}")
        finally:
            os.close(file)

    def take(self, file, leave):
        """False when somebody else took some of it meanwhile."""
        size = os.fstat(file).st_size + self.free() - leave
        try:
            if size > 0:
                os.posix_fallocate(file, 0, size)
            return True
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return False

    def empty(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=False)
