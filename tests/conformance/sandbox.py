# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that see and may do less (systemd.exec(5)): a real unit engine, asked by Debian's systemctl 252."""
import os
import unittest

from qdtest import main, proves, wait_for
from unit_machine import MachineCase

SAYS = "can() { \"$@\" 2>/dev/null && echo yes || echo no; }; "


def oneshot(script, *options):
    """Its output goes to /run/out/NAME."""
    return "\n".join(["[Service]", "Type=oneshot", "RemainAfterExit=yes", "StandardOutput=truncate:/run/out/%N", *options,
                      f"ExecStart=/bin/sh -c '{SAYS}{script}'", ""])


# Tries what it is told to, and says how each went: "yes", or the error's name.
PROBE = """
import ctypes, errno, mmap, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *words):
    if getattr(libc, name)(*words) != 0:
        raise OSError(ctypes.get_errno(), name)
tries = {
    "unix": lambda: socket.socket(socket.AF_UNIX),
    "inet": lambda: socket.socket(socket.AF_INET),
    "inet6": lambda: socket.socket(socket.AF_INET6),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "realtime": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "batch": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    "suid": lambda: os.chmod("/run/probe-file", 0o4755),
    "chmod": lambda: os.chmod("/run/probe-file", 0o755),
    "sgid-folder": lambda: os.mkdir("/run/probe-folder", 0o2755),
    "write-execute": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "personality": lambda: call("personality", 0x40000),
    "net": lambda: call("unshare", 0x40000000),
    "uts": lambda: call("unshare", 0x04000000),
    "swap": lambda: call("swapon", b"/run/none", 0),
    "fork": lambda: os._exit(0) if os.fork() == 0 else os.wait(),
}
for word in sys.argv[1:]:
    try:
        tries[word]()
        print("yes")
    except OSError as wrong:
        print(errno.errorcode[wrong.errno])
with open("/proc/self/status", encoding="ascii") as file:
    for line in file:
        if line.startswith(("CapPrm", "NoNewPrivs")):
            print(line.split()[1].lstrip("0") or "0")
"""


def probe(tries, *options):
    """Its output goes to /run/out/NAME: one line for each try, what it is permitted, and whether it may gain more."""
    return "\n".join(["[Service]", "Type=oneshot", "RemainAfterExit=yes", "StandardOutput=truncate:/run/out/%N", *options,
                      f"ExecStart=/usr/bin/python3 /run/probe.py {tries}", ""])


UNITS = {
    "families.service": probe("unix inet inet6 netlink", "RestrictAddressFamilies=AF_UNIX AF_INET"),
    "no-inet.service": probe("unix inet inet6", "RestrictAddressFamilies=~AF_INET", "RestrictAddressFamilies=~AF_INET6"),
    "no-family.service": probe("unix inet", "RestrictAddressFamilies=none"),
    "restricted.service": probe("realtime batch suid chmod sgid-folder write-execute personality net uts fork",
                                "RestrictRealtime=yes", "RestrictSUIDSGID=yes", "MemoryDenyWriteExecute=yes",
                                "LockPersonality=yes", "RestrictNamespaces=yes"),
    "free.service": probe("batch suid sgid-folder write-execute personality net uts fork"),
    "namespaces.service": probe("net uts fork", "RestrictNamespaces=net"),
    "denied.service": probe("swap chmod unix", "SystemCallFilter=~@swap chmod:EACCES fchmodat:EACCES",
                            "SystemCallErrorNumber=EXDEV"),
    "allowed.service": probe("swap unix chmod", "User=daemon", "SystemCallFilter=@system-service", "SystemCallFilter=~chmod",
                             "SystemCallFilter=~fchmodat", "SystemCallErrorNumber=EPERM", "SystemCallArchitectures=native"),
    "humble.service": probe("swap unix", "User=daemon", "SystemCallFilter=~@swap", "SystemCallErrorNumber=EPERM",
                            "NoNewPrivileges=yes"),
    "kill-one.service": probe("chmod swap", "SystemCallFilter=~swapon:kill\tchmod:0\tfchmodat:0", "SystemCallErrorNumber=EPERM"),
    "logged.service": probe("swap unix", "SystemCallLog=~swapon:EPERM"),
    "killed.service": probe("swap", "SystemCallFilter=~@swap"),
    "usr.service": oneshot("can touch /usr/qd-probe; can touch /etc/qd-probe; rm -f /etc/qd-probe", "ProtectSystem=yes"),
    "full.service": oneshot("can touch /etc/qd-probe; can touch /run/qd-probe", "ProtectSystem=full"),
    "strict.service": oneshot("can touch /run/qd-probe; can touch /run/rw/a; can touch /run/rw/closed/a; can touch /dev/null",
                              "ProtectSystem=strict", "ReadWritePaths=/run/rw /run/out", "ReadOnlyPaths=/run/rw/closed"),
    "home.service": oneshot("can ls /root; can ls /home", "ProtectHome=yes"),
    "home-tmpfs.service": oneshot("ls -A /root | wc -l; can touch /root/x", "ProtectHome=tmpfs"),
    "hidden.service": oneshot("can cat /run/secret/key; can ls /run/secret; wc -c </run/secret-file",
                              "InaccessiblePaths=/run/secret /run/secret-file -/run/missing"),
    "missing.service": oneshot("true", "ReadWritePaths=/run/missing"),
    "tmp.service": oneshot("ls -A /tmp /var/tmp; echo x >/tmp/own; stat -c %%a /tmp", "PrivateTmp=yes"),
    "devices.service": oneshot("echo $$(ls /dev); can dd if=/dev/zero of=/dev/null count=1; can test -c /dev/pts/ptmx",
                               "PrivateDevices=yes"),
    "bind.service": oneshot("cat /run/shown/file; can touch /run/shown-ro/x; can touch /run/shown/x",
                            "BindPaths=/run/source:/run/shown", "BindReadOnlyPaths=/run/source:/run/shown-ro -/run/missing"),
    "memory.service": oneshot("ls -A /run/rw | wc -l; can touch /run/rw/x", "TemporaryFileSystem=/run/rw:size=64k"),
    "noexec.service": oneshot("can /run/bin/sh -c true; can /bin/true", "NoExecPaths=/run/bin"),
    "kernel.service": oneshot("can touch /proc/sys/kernel/domainname; can touch /sys/fs/cgroup/x; ls /lib/modules 2>/dev/null | wc -l",
                              "ProtectKernelTunables=yes", "ProtectControlGroups=yes", "ProtectKernelModules=yes"),
    "net.service": oneshot("ls /sys/class/net; ip -o link show lo | grep -c ,UP", "PrivateNetwork=yes", "PrivateMounts=yes"),
    "host.service": oneshot("can hostname other; hostname", "ProtectHostname=yes"),
    "slave.service": oneshot("mount -t tmpfs none /run/mnt; findmnt -n -o FSTYPE /run/mnt", "MountFlags=slave"),
    "private.service": oneshot("mount -t tmpfs none /run/mnt; findmnt -n -o FSTYPE /run/mnt", "MountFlags=private"),
    "shared.service": oneshot("mount -t tmpfs none /run/mnt; findmnt -n -o FSTYPE /run/mnt", "MountFlags=shared"),
    "caps.service": oneshot("grep -E \"^Cap(Bnd|Eff|Amb)\" /proc/self/status", "CapabilityBoundingSet=CAP_CHOWN CAP_KILL"),
    "caps-less.service": oneshot("grep CapBnd /proc/self/status", "CapabilityBoundingSet=~CAP_SYS_ADMIN", "ProtectClock=yes"),
    "ambient.service": oneshot("grep -E \"^Cap(Eff|Amb)\" /proc/self/status; id -u", "User=daemon",
                               "AmbientCapabilities=CAP_NET_BIND_SERVICE"),
    "nnp.service": oneshot("grep NoNewPrivs /proc/self/status", "NoNewPrivileges=yes"),
    "folders.service": oneshot("stat -c \"%%U %%a\" /run/qd-run /var/lib/qd-lib /var/log/qd-log/deep; echo $RUNTIME_DIRECTORY; "
                               "echo $STATE_DIRECTORY; echo $LOGS_DIRECTORY; touch /run/qd-run/x /var/lib/qd-lib/x; ls -A /etc/qd-etc",
                               "User=daemon", "RuntimeDirectory=qd-run", "RuntimeDirectoryMode=0710", "StateDirectory=qd-lib",
                               "LogsDirectory=qd-log/deep", "ConfigurationDirectory=qd-etc", "StandardOutput=null"),
    "own.service": oneshot("can touch /run/qd-own/x; can touch /var/lib/qd-own/x; can touch /var/lib/x", "ProtectSystem=strict",
                           "RuntimeDirectory=qd-own", "StateDirectory=qd-own", "ReadWritePaths=/run/out /var/lib/qd-own"),
    "kept.service": oneshot("true", "RuntimeDirectory=qd-kept", "RuntimeDirectoryPreserve=yes"),
    "plus.service": oneshot("true", "ProtectSystem=strict", "ReadWritePaths=/run/out",
                            "ExecStartPre=+/bin/touch /run/by-plus"),
}
for _name in ("folders.service",):
    UNITS[_name] = UNITS[_name].replace("StandardOutput=truncate:/run/out/%N\n", "").replace(
        "StandardOutput=null", "StandardOutput=append:/run/out/folders")


@unittest.skipIf(os.geteuid() != 0, "only root may make what these services live in")
class Sandbox(MachineCase):
    units = UNITS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = cls.machine.run(
            "sh", "-ec", "mkdir -p /run/out /run/rw/closed /run/secret /run/source /run/bin /run/mnt; echo k >/run/secret/key; "
            "echo k >/run/secret-file; echo shown >/run/source/file; cp /bin/sh /run/bin/sh; touch /run/rw/there; "
            "mount -t tmpfs none /root; touch /root/there")
        assert done.returncode == 0, done
        folder = cls.machine.put("probe.py", PROBE)
        done = cls.machine.run("sh", "-ec", f"cp {folder}/probe.py /run/probe.py; touch /run/probe-file")
        assert done.returncode == 0, done

    def said(self, name):
        """What the service prints while it starts."""
        done = self.machine.systemctl("start", f"{name}.service")
        self.assertEqual(done.returncode, 0, (done.stderr, [each["MESSAGE"] for each in self.machine.journal("-u", name)]))
        return self.sh(f"cat /run/out/{name}").split("\n")[:-1]

    @proves()
    def test_1_the_system_is_read_only(self):
        self.assertEqual(self.said("usr"), ["no", "yes"])
        self.assertEqual(self.said("full"), ["no", "yes"])
        self.assertEqual(self.said("strict"), ["no", "yes", "no", "yes"])
        self.sh("touch /run/qd-probe")  # nothing of it is seen outside
        self.assertEqual(self.machine.show("strict.service", "ProtectSystem"), "strict")
        self.assertEqual(self.machine.show("strict.service", "ReadWritePaths"), "/run/rw /run/out")
        self.assertEqual(self.machine.systemctl("start", "missing.service").returncode, 1)
        self.assertEqual(self.machine.show("missing.service", "ExecMainStatus"), "226")

    @proves()
    def test_2_what_is_hidden_is_not_there(self):
        self.assertEqual(self.said("home"), ["yes", "yes"])  # root may look into a folder that nobody may read: it is empty
        self.assertEqual(self.sh("ls -A /root"), "there\n")
        self.assertEqual(self.said("home-tmpfs"), ["0", "no"])
        self.assertEqual(self.said("hidden"), ["no", "yes", "0"])
        self.assertEqual(self.machine.show("hidden.service", "InaccessiblePaths"),
                         "/run/secret /run/secret-file -/run/missing")

    @proves()
    def test_3_files_of_its_own(self):
        self.assertEqual(self.said("tmp"), ["/tmp:", "", "/var/tmp:", "1777"])
        self.assertIn("systemd-private-", self.sh("ls /tmp"))
        own = self.sh("cat /tmp/systemd-private-*-tmp.service-*/tmp/own")
        self.assertEqual(own, "x\n")
        self.machine.systemctl("stop", "tmp.service")
        self.assertEqual(self.sh("ls /tmp /var/tmp | grep -c -- -tmp.service- || true"), "0\n")
        said = self.said("devices")
        for name in ("full", "log", "null", "ptmx", "pts", "random", "shm", "stdout", "tty", "urandom", "zero"):
            self.assertIn(name, said[0].split())
        self.assertNotIn("mem", said[0].split())
        self.assertEqual(said[1:], ["yes", "yes"])
        self.assertEqual(self.said("bind"), ["shown", "no", "yes"])
        self.assertEqual(self.machine.show("bind.service", "BindPaths"), "/run/source:/run/shown:rbind")
        self.assertEqual(self.said("memory"), ["0", "yes"])
        self.assertEqual(self.said("noexec"), ["no", "yes"])

    @proves()
    def test_4_the_kernel_and_the_network_are_out_of_reach(self):
        self.assertEqual(self.said("kernel"), ["no", "no", "0"])
        self.assertEqual(self.said("net")[-1], "1")
        self.assertEqual(self.said("host"), ["no", "unit-machine"])  # it has a name of its own, and may not set it
        self.assertEqual(self.sh("hostname"), "unit-machine\n")

    @proves()
    def test_8_calls_of_the_system_are_judged(self):
        full = self.said("free")[-2]
        self.assertEqual(self.said("free")[:-2], ["yes"] * 8)
        self.sh("rmdir /run/probe-folder")
        self.assertEqual(self.said("families"), ["yes", "yes", "EAFNOSUPPORT", "EAFNOSUPPORT", full, "0"])
        self.assertEqual(self.machine.show("families.service", "RestrictAddressFamilies"), "AF_INET AF_UNIX")
        self.assertEqual(self.said("no-inet")[:3], ["yes", "EAFNOSUPPORT", "EAFNOSUPPORT"])
        self.assertEqual(self.machine.show("no-inet.service", "RestrictAddressFamilies"), "~AF_INET AF_INET6")
        self.assertEqual(self.said("no-family")[:2], ["EAFNOSUPPORT"] * 2)
        self.assertEqual(self.said("restricted")[:-2], ["EPERM", "yes", "EPERM", "yes", *["EPERM"] * 5, "yes"])
        self.assertEqual(self.machine.show("restricted.service", "RestrictNamespaces"), "yes")
        self.assertEqual(self.said("namespaces")[:3], ["yes", "EPERM", "yes"])
        self.assertEqual(self.machine.show("namespaces.service", "RestrictNamespaces"), "net")

    @proves()
    def test_9_filters_allow_or_forbid_by_name_and_group(self):
        self.assertEqual(self.said("denied")[:3], ["EXDEV", "EACCES", "yes"])
        self.assertEqual(self.machine.show("denied.service", "SystemCallFilter"),
                         "~chmod:EACCES fchmodat:EACCES swapoff swapon")
        # Who is not privileged gains nothing from there on.
        self.assertEqual(self.said("allowed"), ["EPERM", "yes", "EPERM", "0", "1"])
        shown = self.machine.show("allowed.service", "SystemCallFilter").split()
        self.assertIn("execve", shown)
        self.assertNotIn("chmod", shown)
        self.assertEqual(self.said("humble"), ["EPERM", "yes", "0", "1"])
        self.assertEqual(self.machine.systemctl("start", "killed.service").returncode, 1)
        self.assertIn(self.machine.show("killed.service", "Result"), ("core-dump", "signal"))
        self.assertEqual(self.machine.show("killed.service", "ExecMainStatus"), "31")
        # "kill" beside a call wins over the usual error, and 0 is an error, too.
        self.assertEqual(self.machine.systemctl("start", "kill-one.service").returncode, 1)
        self.assertEqual(self.machine.show("kill-one.service", "ExecMainStatus"), "31")
        self.assertEqual(self.machine.show("kill-one.service", "SystemCallFilter"), "~chmod:0 fchmodat:0 swapon:kill")
        # What is only logged goes on.
        self.assertEqual(self.said("logged")[:2], ["ENOENT", "yes"])

    @proves("S76")
    def test_5_its_mounts_are_seen_only_when_they_are_shared(self):
        for name in ("slave", "private"):
            self.assertEqual(self.said(name), ["tmpfs"])
            self.assertEqual(self.machine.run("findmnt", "-n", "/run/mnt").stdout, "")
        self.assertEqual(self.said("shared"), ["tmpfs"])
        self.assertIn("tmpfs", self.machine.run("findmnt", "-n", "/run/mnt").stdout)

    @proves()
    def test_6_capabilities(self):
        self.assertEqual(self.said("caps"), ["CapEff:\t0000000000000021", "CapBnd:\t0000000000000021", "CapAmb:\t0000000000000000"])
        self.assertEqual(self.machine.show("caps.service", "CapabilityBoundingSet"), "cap_chown cap_kill")
        bounding = int(self.said("caps-less")[0].split()[1], 16)
        for number in (21, 25, 35):  # CAP_SYS_ADMIN; CAP_SYS_TIME and CAP_WAKE_ALARM
            self.assertEqual(bounding >> number & 1, 0)
        self.assertEqual(bounding & 1, 1)
        self.assertEqual(self.said("ambient"), ["CapEff:\t0000000000000400", "CapAmb:\t0000000000000400", "1"])
        self.assertEqual(self.machine.show("ambient.service", "AmbientCapabilities"), "cap_net_bind_service")
        self.assertEqual(self.said("nnp"), ["NoNewPrivs:\t1"])

    @proves()
    def test_7_folders_that_a_unit_owns(self):
        self.assertEqual(self.said("folders"),
                         ["daemon 710", "daemon 755", "daemon 755", "/run/qd-run", "/var/lib/qd-lib", "/var/log/qd-log/deep"])
        self.assertEqual(self.machine.show("folders.service", "RuntimeDirectory"), "qd-run")
        self.machine.systemctl("stop", "folders.service")
        wait_for(lambda: self.machine.run("test", "-e", "/run/qd-run").returncode == 1, 5, "the runtime folder to go")
        self.assertEqual(self.sh("ls /var/lib/qd-lib"), "x\n")  # the state stays
        self.assertEqual(self.said("own"), ["yes", "yes", "no"])
        self.said("kept")
        self.machine.systemctl("stop", "kept.service")
        self.assertEqual(self.sh("ls -d /run/qd-kept"), "/run/qd-kept\n")
        self.assertEqual(self.sh("ls -d /etc/qd-etc"), "/etc/qd-etc\n")

    @proves()
    def test_8_a_plus_is_outside_of_it(self):
        self.said("plus")
        self.assertEqual(self.sh("ls /run/by-plus"), "/run/by-plus\n")


if __name__ == "__main__":
    main()
