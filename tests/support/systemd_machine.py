# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that boots Debian's own systemd, in systemd-nspawn, on an overlay of this machine's root: the reference."""
import os
import shutil
import signal
import subprocess
import tempfile

from qdtest import wait_for

_SETUP = """
set -e
mount -t tmpfs tmpfs "$QD_DIR"
mkdir "$QD_DIR/upper" "$QD_DIR/work" "$QD_DIR/root"
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -t overlay overlay -o "lowerdir=/,upperdir=$QD_DIR/upper,workdir=$QD_DIR/work" "$QD_DIR/root"
rm -f "$QD_DIR/root/etc/machine-id"
exec systemd-nspawn --register=no --keep-unit -M "$QD_NAME" -D "$QD_DIR/root" --private-network --capability=all $QD_BINDS \\
    --boot --console=read-only systemd.unit=basic.target
"""


def can_boot():
    """Whether this machine has what it takes; the rest is found out by trying."""
    return os.geteuid() == 0 and shutil.which("systemd-nspawn") is not None


class SystemdMachine:
    """Services that the host has enabled stay away: it boots to basic.target."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="qd-systemd-")
        self.console = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SETUP], stdout=self.console,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env={**os.environ, "QD_DIR": self.dir, "QD_BINDS": "--bind=/dev/autofs" if os.path.exists("/dev/autofs") else "",
                 "QD_NAME": os.path.basename(self.dir).replace("_", "-")})
        self.first = 0
        wait_for(self._is_up, 60, "systemd to boot: " + self._console())

    def _console(self):
        self.console.seek(0)
        return self.console.read()[-2000:]

    def _is_up(self):
        assert self.process.poll() is None, self._console()
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        self.first = int(children[0]) if children else 0
        if not self.first:
            return False
        done = self.run("systemctl", "is-system-running")
        return done.stdout.strip() in ("running", "degraded")

    def version(self):
        return "systemd " + self.run("dpkg-query", "-W", "-f", "${Version}", "systemd").stdout.strip()

    def run(self, *command, timeout=20):
        return subprocess.run(["nsenter", "--target", str(self.first), "--all", *command], capture_output=True, text=True,
                              timeout=timeout, check=False, stdin=subprocess.DEVNULL,
                              env={**os.environ, "LANG": "C.UTF-8"})

    def put(self, name, text):
        """Writes a file that the machine sees; gives the folder where it lies there."""
        done = subprocess.run(["nsenter", "--target", str(self.first), "--all", "sh", "-c",
                               f"mkdir -p /run/qd-put && cat >/run/qd-put/{name}"], input=text, text=True, check=True)
        assert done.returncode == 0
        return "/run/qd-put"

    def stop(self):
        if self.process.poll() is None:
            self.run("systemctl", "poweroff", "--force", "--force")
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.kill(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.console.close()

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)
