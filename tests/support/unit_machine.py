# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with nothing but the unit engine: quarterdeck-unitd in namespaces of its own, at the places where
Debian's systemctl and journalctl look for systemd. What runs in it is gone when it is stopped."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import uuid

from qdtest import Case, program, wait_for

_SETUP = """
set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system
# What units own (StateDirectory= ...) is not the host's.
for top in etc var/lib var/cache; do
    mkdir -p /run/own/$top/upper /run/own/$top/work
    mount -t overlay -o lowerdir=/$top,upperdir=/run/own/$top/upper,workdir=/run/own/$top/work overlay /$top ||
        echo "/$top is the host's" >&2
done
test -z "$QD_CONTAINER" || echo quarterdeck >/run/systemd/container
test -z "$QD_VENDOR" || mount --bind "$QD_DIR/vendor" /usr/lib/systemd/system
test -z "$QD_VENDOR" || mount -o remount,bind,ro /usr/lib/systemd/system
mount --bind "$QD_DIR/etc" /etc/systemd/system
mount --bind "$QD_DIR/machine-id" /etc/machine-id
mount --bind "$QD_DIR/log" /var/log
hostname unit-machine
test -z "$QD_OWN_NET" || ip link set lo up
set +e
echo ready
# As the node host does: the engine is a child of the first process and is started again when it dies.
while true; do
    "$QD_UNITD" --run /run/quarterdeck --log /var/log --private-socket /run/systemd/private \\
        --system-bus /run/dbus/system_bus_socket --stamps "$QD_DIR/timers" $QD_KERNEL \\
        --unit-path /etc/systemd/system --unit-path /run/systemd/system $QD_VENDOR >>"$QD_DIR/unitd.log" 2>&1 &
    unitd=$!
    trap 'kill -TERM $unitd; while kill -0 $unitd 2>/dev/null; do wait $unitd; done; exit 0' TERM
    wait $unitd
done
"""


def _own_groups():
    """This process's folder in the hierarchies where the engine may want groups of its own."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        lines = [line.strip().split(":", 2) for line in file]
    found = []
    for _, controllers, path in lines:
        top = {"": "/sys/fs/cgroup/unified", "name=systemd": "/sys/fs/cgroup/systemd"}.get(controllers)
        if controllers == "" and not os.path.exists(f"{top}/cgroup.procs"):
            top = "/sys/fs/cgroup"
        if top and os.path.exists(f"{top}{path}/cgroup.procs"):
            found.append(f"{top}{path}")
    return found


class UnitMachine:
    """`groups=False` keeps control groups away, so that processes are tracked by descent; `net=True` gives it a
    network of its own, with nothing but its loopback; `vendor` are files below /usr/lib, which nobody can change;
    with `kernel` there is a kernel whose log can be written (kernel_says)."""

    def __init__(self, units, groups=True, net=False, vendor=None, kernel=False, container=True):
        self.vendor = vendor or {}
        self.kernel = None
        self.net = net
        self.container = container
        self.dir = tempfile.mkdtemp(prefix="qd-units-")
        for folder in ("etc", "log", "log/journal", "vendor"):
            os.mkdir(os.path.join(self.dir, folder))
        for name, text in self.vendor.items():
            self.write(os.path.join("vendor", name), text)
        if kernel:
            path = os.path.join(self.dir, "kmsg")
            os.mkfifo(path)
            self.kernel = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self.machine_id = uuid.uuid4().hex
        self.write("machine-id", self.machine_id + "\n")
        self.write("unitd.log", "")
        for name, text in units.items():
            self.write_unit(name, text)
        self.groups = []
        name = "qd-units-" + uuid.uuid4().hex
        for parent in _own_groups() if os.geteuid() == 0 else []:
            self.groups.append(os.path.join(parent, name))
        flags = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child=KILL", "--mount-proc",
                 "--propagation", "private"]
        if not groups:
            flags.append("--cgroup")  # the mounts that are there show what is outside now: out of reach
        self.namespaces = ["--mount", "--pid", "--uts", "--ipc"] + (["--net"] if net else [])
        if net:
            flags.append("--net")
        if os.geteuid() != 0:
            flags += ["--user", "--map-root-user"]
        self.flags = flags
        self.boot()

    def boot(self):
        """Also after stop(): what is below /run is another one then."""
        self.process = subprocess.Popen(
            ["unshare", *self.flags, "sh", "-c", _SETUP], preexec_fn=self._enter_groups, stdout=subprocess.PIPE,
            env={**os.environ, "QD_DIR": self.dir, "QD_UNITD": program("quarterdeck-unitd"),
                 "QD_OWN_NET": "yes" if self.net else "",
                 "QD_KERNEL": f"--kernel-log {self.dir}/kmsg" if self.kernel else "",
                 "QD_CONTAINER": "yes" if self.container else "",
                 "QD_VENDOR": "--unit-path /usr/lib/systemd/system" if self.vendor else ""}, text=True)
        assert self.process.stdout.readline() == "ready\n", "the namespaces could not be made"
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(children, encoding="ascii") as file:
            self.first = int(file.read().split()[0])
        wait_for(lambda: self.systemctl("is-system-running").stdout.strip() in ("running", "degraded"), 20,
                 "the engine to be up: " + self.log())

    def _enter_groups(self):
        for group in self.groups:
            try:
                os.makedirs(group, exist_ok=True)
                with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file:
                    file.write("0")
            except OSError:
                pass  # not ours to use: the engine then does without

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def write_unit(self, name, text):
        return self.write(os.path.join("etc", name), text)

    def put(self, name, text):
        """Writes a file that the machine sees; gives the folder where it lies there."""
        self.write(name, text)
        return self.dir

    def log(self):
        with open(os.path.join(self.dir, "unitd.log"), encoding="utf-8") as file:
            return file.read()

    def run(self, *command, timeout=20):
        """Runs a command in the machine."""
        namespaces = list(self.namespaces)
        if os.geteuid() != 0:
            namespaces += ["--user", "--preserve-credentials"]
        return subprocess.run(
            ["nsenter", "--target", str(self.first), *namespaces, *command], capture_output=True, text=True,
            timeout=timeout, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0", "LANG": "C.UTF-8", "COLUMNS": "200"})

    def systemctl(self, *words, timeout=20):
        return self.run("systemctl", "--no-ask-password", *words, timeout=timeout)

    def show(self, unit, name):
        return self.systemctl("show", unit, "--property", name, "--value").stdout.strip()

    def journal(self, *words):
        """Entries of the journal as maps."""
        out = self.run("journalctl", "--output", "json", "--all", *words).stdout
        return [json.loads(line) for line in out.splitlines()]

    def await_message(self, unit, text, seconds=10):
        def found():
            return [entry for entry in self.journal("-u", unit) if entry.get("MESSAGE") == text]
        return wait_for(found, seconds, f"'{text}' in the journal of {unit}")[0]

    def kernel_says(self, *records):
        """Lines as /dev/kmsg has them: "6,17,1000000,-;eth0: link is up"."""
        os.write(self.kernel, "".join(record + "\n" for record in records).encode())

    def engine_pid(self):
        """Of the engine, as the machine sees it."""
        return int(self.run("sh", "-c", "pgrep -P 1 -x quarterdeck-uni").stdout)

    def processes(self, pattern):
        """Ids of processes with `pattern` in their command line, as the machine sees them."""
        found = []
        for line in self.run("ps", "-e", "-o", "pid=,args=").stdout.splitlines():
            pid, arguments = line.strip().split(None, 1)
            if pattern in arguments:
                found.append(int(pid))
        return found

    def stop(self):
        """As a machine that is switched off in order; gives what the units' files say afterwards."""
        if self.process.poll() is None:
            try:
                os.kill(self.first, signal.SIGTERM)
                self.process.wait(30)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        for group in self.groups:
            wait_for(lambda g=group: self._is_removed(g), 10, f"the end of the last process in {group}")

    @staticmethod
    def _is_removed(group):
        try:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
        except OSError:
            return False
        return True

    def remove(self):
        if self.kernel is not None:
            os.close(self.kernel)
        shutil.rmtree(self.dir, ignore_errors=True)


class MachineCase(Case):
    """Stories of one machine, `self.machine`, whose unit files are `units`."""
    units = {}
    groups = True
    net = False
    vendor = None
    kernel = False

    @classmethod
    def setUpClass(cls):
        cls.machine = UnitMachine(cls.units, groups=cls.groups, net=cls.net, vendor=cls.vendor, kernel=cls.kernel)

    def sh(self, script):
        """Runs a shell script in the machine; gives what it prints."""
        done = self.machine.run("sh", "-c", script)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def await_sub(self, unit, sub):
        wait_for(lambda: self.machine.show(unit, "SubState") == sub, 10, f"{unit} to be {sub}")

    @classmethod
    def tearDownClass(cls):
        cls.machine.stop()
        cls.machine.remove()
