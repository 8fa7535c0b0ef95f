# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's systemctl and journalctl (systemd 252) against the unit engine: what they print and their exit statuses."""
import json
import os
import subprocess
import time

from local_cluster import LocalCluster
from qdtest import Case, main, proves, wait_for
from unit_machine import MachineCase, UnitMachine

LOOP = "/bin/sh -c 'echo up; while true; do sleep 0.1; done'"
UNITS = {
    "hello.service": """[Unit]
Description=Says hello
Documentation=man:hello(1)
[Service]
ExecStart=/bin/sh -c 'echo "hello world"; echo "<3>it hurts" >&2; while true; do sleep 0.1; done'
ExecReload=/bin/echo reloading $MAINPID
[Install]
WantedBy=multi-user.target
""",
    "plain.service": f"[Service]\nExecStart={LOOP}\n",
    "steps.service": """[Service]
Type=oneshot
RemainAfterExit=yes
ExecStartPre=/bin/echo before
ExecStart=/bin/echo first
ExecStart=/bin/echo second
ExecStartPost=/bin/echo after
ExecStop=/bin/echo stopping
ExecStopPost=/bin/echo stopped
""",
    "missing.service": "[Service]\nExecStart=/no/such/program\n",
    "failing.service": "[Service]\nType=oneshot\nExecStart=-/bin/false\nExecStart=/bin/sh -c 'exit 3'\n",
    "needy.service": f"[Unit]\nRequires=failing.service\nAfter=failing.service\n[Service]\nExecStart={LOOP}\n",
    "wishful.service": f"[Unit]\nWants=failing.service\nAfter=failing.service\n[Service]\nExecStart={LOOP}\n",
    "daemon.service": """[Service]
ExecStart=/bin/sh -c "setsid sh -c 'sleep 4711 & sleep 4711 &' & wait; exec sleep 4712"
""",
    "stubborn.service": """[Service]
ExecStart=/bin/sh -c 'trap "" TERM; echo deaf; while true; do sleep 0.1; done'
TimeoutStopSec=500ms
""",
    "again.service": "[Service]\nExecStart=/bin/sh -c 'echo run; sleep 0.1; exit 1'\nRestart=on-failure\nRestartSec=50ms\n",
    "user.service": "[Service]\nType=oneshot\nUser=nobody\nExecStart=/bin/sh -c 'id -un; pwd; umask'\nUMask=0077\n"
                    "WorkingDirectory=/usr\n",
    "surroundings.service": """[Service]
Type=oneshot
Environment=ONE=1 "TWO=two words"
EnvironmentFile=-/no/such/file
EnvironmentFile=/etc/systemd/system/surroundings.env
ExecStart=/bin/echo ${TWO} $ONE $UNDEFINED $FROM_FILE %n %H %m
SyslogIdentifier=mine
""",
    "greet@.service": f"[Unit]\nDescription=Greets %i\n[Service]\nExecStart={LOOP.replace('up', 'hi %i')}\n",
    "slow.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo begun; sleep 600'\n",
    "late.service": "[Service]\nType=oneshot\nTimeoutStartSec=300ms\nExecStart=/bin/sleep 600\n",
    "telling.service": """[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/sh -c 'sleep 0.3; systemd-notify --ready --status="serving 7 guests"; exec sleep 4713'
""",
    "forking.service": """[Service]
Type=forking
PIDFile=/run/forking.pid
ExecStart=/bin/sh -c 'sleep 4714 & echo $! >/run/forking.pid'
""",
    "first.service": "[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/echo first stops\n",
    "second.service": "[Unit]\nAfter=first.service\n[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/echo second stops\n",
}


class Machine(MachineCase):
    units = UNITS

    def call(self, *words, status=0):
        run = self.machine.systemctl(*words)
        self.assertEqual(run.returncode, status, f"{words}: {run.stdout}{run.stderr}")
        return run

    def state(self, unit):
        return self.machine.systemctl("is-active", unit).stdout.strip()

    def messages(self, unit):
        return [entry.get("MESSAGE") for entry in self.machine.journal("-u", unit)]


class Systemctl(Machine):
    @proves("S19", "S20", "S22")
    def test_start_status_stop(self):
        self.assertEqual(self.machine.systemctl("is-active", "hello").returncode, 3)
        started = self.call("start", "hello")
        self.assertEqual(started.stdout + started.stderr, "")
        self.machine.await_message("hello.service", "it hurts")
        status = self.call("status", "hello").stdout
        pid = self.machine.show("hello.service", "MainPID")
        self.assertIn("hello.service - Says hello", status)
        self.assertRegex(status, r"Loaded: loaded \(/etc/systemd/system/hello.service; disabled")
        self.assertRegex(status, r"Active: active \(running\) since .* ago")
        self.assertIn("Docs: man:hello(1)", status)
        self.assertIn(f"Main PID: {pid} (sh)", status)
        self.assertRegex(status, r"CGroup: /system.slice/hello.service\n\s+├─" + pid + ' /bin/sh -c "echo \\\\"hello')
        self.assertRegex(status, rf"sh\[{pid}\]: hello world")  # its log
        rows = self.call("list-units", "--plain", "--no-legend", "hello*").stdout.splitlines()
        self.assertEqual([row.split(None, 4) for row in rows],
                         [["hello.service", "loaded", "active", "running", "Says hello"]])
        self.assertRegex(self.call("list-units").stdout, r"^  UNIT +LOAD +ACTIVE +SUB +DESCRIPTION\n")
        self.assertIn("1 loaded units listed.", self.call("list-units", "hello.service").stdout)
        self.assertEqual(self.call("is-active", "hello", "plain").stdout, "active\ninactive\n")
        self.call("stop", "hello")
        self.assertIn("Active: inactive (dead)", self.call("status", "hello", status=3).stdout)
        self.assertEqual(self.machine.processes("hello world"), [])
        self.assertEqual(self.machine.show("hello.service", "MainPID"), "0")

    @proves("S46", "S45", "S71")
    def test_restart_reload_kill(self):
        first = [self.call("start", "hello").returncode, self.machine.show("hello", "MainPID"),
                 self.machine.show("hello", "InvocationID")]
        self.call("restart", "hello")
        second = [0, self.machine.show("hello", "MainPID"), self.machine.show("hello", "InvocationID")]
        self.assertNotEqual(first[1], second[1])
        self.assertNotEqual(first[2], second[2])
        self.call("reload", "hello")
        self.machine.await_message("hello.service", f"reloading {second[1]}")
        self.assertEqual(self.machine.show("hello", "MainPID"), second[1])
        self.call("try-restart", "plain")
        self.assertEqual(self.state("plain"), "inactive")
        self.call("reload-or-restart", "hello")
        self.assertEqual(self.machine.show("hello", "MainPID"), second[1])
        self.call("kill", "--signal", "KILL", "hello")
        wait_for(lambda: self.state("hello") == "failed", 10, "hello to be failed")
        self.assertEqual(self.call("is-failed", "hello").stdout, "failed\n")
        self.assertEqual(self.machine.show("hello", "Result"), "signal")
        self.assertRegex(self.call("status", "hello", status=3).stdout,
                         r"Active: failed \(Result: signal\)[\s\S]*\(code=killed, signal=KILL\)")
        self.call("reset-failed", "hello")
        self.assertEqual(self.state("hello"), "inactive")
        self.call("is-failed", "hello", status=1)
        self.call("start", "first")
        self.call("kill", "--signal", "KILL", "first")
        wait_for(lambda: self.state("first") == "failed", 10, "first to be gone")
        self.assertNotIn("first stops", self.messages("first"))
        self.call("reset-failed", "first")
        self.call("start", "plain")
        refused = self.call("reload", "plain", status=3)
        self.assertIn("Job type reload is not applicable for unit plain.service.", refused.stderr)
        self.call("stop", "plain")

    @proves("S40", "S48")
    def test_files_are_read_again_on_daemon_reload(self):
        text = "[Unit]\nDescription=%s\n[Service]\nExecStart=/bin/sleep 1000\n"
        path = self.machine.write_unit("changing.service", text % "One")
        self.call("start", "changing")
        pid = self.machine.show("changing", "MainPID")
        self.machine.write_unit("changing.service", text % "Number two")
        self.assertEqual(self.machine.show("changing", "Description"), "One")
        self.assertEqual(self.machine.show("changing", "NeedDaemonReload"), "yes")
        self.assertIn("changed on disk", self.call("start", "changing").stderr)
        self.call("daemon-reload")
        self.assertEqual(self.machine.show("changing", "Description"), "Number two")
        self.assertEqual(self.machine.show("changing", "NeedDaemonReload"), "no")
        self.assertEqual(self.machine.show("changing", "MainPID"), pid)
        self.machine.write_unit("changing.service.d/name.conf", "[Unit]\nDescription=Dropped in\n")
        self.call("daemon-reload")
        status = self.call("status", "changing").stdout
        self.assertIn("changing.service - Dropped in", status)
        self.assertRegex(status, r"Drop-In: /etc/systemd/system/changing.service.d\n\s+└─name.conf")
        shown = self.call("cat", "changing").stdout
        self.assertIn("# /etc/systemd/system/changing.service\n[Unit]\nDescription=Number two\n", shown)
        self.assertIn("# /etc/systemd/system/changing.service.d/name.conf\n[Unit]\nDescription=Dropped in\n", shown)
        os.unlink(path)
        self.call("daemon-reload")
        rows = self.call("list-units", "--plain", "--no-legend", "changing*").stdout.split()
        self.assertEqual(rows[:4], ["changing.service", "not-found", "active", "running"])
        self.call("stop", "changing")
        self.assertEqual(self.machine.systemctl("start", "changing").returncode, 5)

    @proves("S21", "S23", "S41", "S42", "S47")
    def test_enable_disable_mask(self):
        link = os.path.join(self.machine.dir, "etc/multi-user.target.wants/hello.service")
        self.assertEqual(self.machine.systemctl("is-enabled", "hello").stdout, "disabled\n")
        made = self.call("enable", "hello")
        self.assertIn("Created symlink /etc/systemd/system/multi-user.target.wants/hello.service", made.stdout + made.stderr)
        self.assertTrue(os.path.islink(link))
        self.assertEqual(self.call("is-enabled", "hello").stdout, "enabled\n")
        self.assertEqual(self.state("hello"), "inactive")
        self.assertIn("hello.service", self.call("list-dependencies", "--plain", "multi-user.target").stdout)
        rows = [row.split()[:2] for row in self.call("list-unit-files", "--no-legend").stdout.splitlines()]
        self.assertIn(["hello.service", "enabled"], rows)
        self.assertIn(["plain.service", "static"], rows)
        self.call("disable", "hello")
        self.assertFalse(os.path.lexists(link))
        elsewhere = self.machine.write("elsewhere/far.service", UNITS["hello.service"])
        self.assertIn("/etc/systemd/system/far.service", self.call("enable", elsewhere).stderr)
        self.assertEqual(self.call("is-enabled", "far").stdout, "enabled\n")
        self.call("start", "far")
        self.assertIn(f"Loaded: loaded ({elsewhere}; enabled", self.call("status", "far").stdout)
        self.call("disable", "--now", "far")
        self.assertEqual(self.machine.systemctl("is-enabled", "far").returncode, 1)
        self.call("mask", "--runtime", "greet@masked")
        self.assertEqual(self.machine.systemctl("is-enabled", "greet@masked").stdout, "masked-runtime\n")
        refused = self.call("start", "greet@masked", status=1)
        self.assertIn("Unit greet@masked.service is masked.", refused.stderr)
        self.call("unmask", "--runtime", "greet@masked")
        self.call("start", "greet@masked")
        self.call("stop", "greet@masked")

    @proves("S43", "S44", "S66")
    def test_commands_run_in_order(self):
        self.call("start", "steps")
        self.assertEqual(self.state("steps"), "active")
        shown = [line.split("Exec")[1].split("=")[0] for line in self.call("status", "steps").stdout.splitlines()
                 if line.strip().startswith("Process:")]
        self.assertEqual(shown, ["StartPre", "Start", "Start", "StartPost"])
        self.assertEqual(self.machine.show("steps", "SubState"), "exited")
        self.call("stop", "steps")
        self.machine.await_message("steps.service", "stopped")
        said = [line for line in self.messages("steps.service")
                if line in ("before", "first", "second", "after", "stopping", "stopped")]
        self.assertEqual(said, ["before", "first", "second", "after", "stopping", "stopped"])

    @proves("S17", "S53", "S54", "S55", "S50")
    def test_failures_and_what_follows(self):
        self.call("start", "missing")  # the process was made
        wait_for(lambda: self.state("missing") == "failed", 10, "missing to be failed")
        status = self.call("status", "missing", status=3).stdout
        self.assertRegex(status, r"Process: \d+ ExecStart=/no/such/program \(code=exited, status=203/EXEC\)")
        self.assertRegex(status, r"Main PID: \d+ \(code=exited, status=203/EXEC\)")
        self.machine.await_message(
            "missing.service", "missing.service: Failed to locate executable /no/such/program: No such file or directory")
        self.machine.await_message(
            "missing.service", "missing.service: Failed at step EXEC spawning /no/such/program: No such file or directory")
        failed = self.call("start", "failing", status=1)
        self.assertIn("Job for failing.service failed because the control process exited with error code.", failed.stderr)
        self.assertEqual(self.machine.show("failing", "ExecMainStatus"), "3")
        self.call("reset-failed", "failing")
        depends = self.call("start", "needy", status=1)
        self.assertIn("A dependency job for needy.service failed.", depends.stderr)
        self.assertEqual(self.state("needy"), "inactive")
        self.call("start", "wishful")
        self.assertEqual(self.state("wishful"), "active")
        self.assertEqual(self.call("is-system-running", status=1).stdout, "degraded\n")
        names = [row.split()[0] for row in self.call("--failed", "--plain", "--no-legend").stdout.splitlines()]
        self.assertEqual(names, ["failing.service", "missing.service"])
        self.call("reset-failed")
        self.call("stop", "wishful")
        self.assertEqual(self.call("is-system-running").stdout, "running\n")
        unknown = self.call("start", "nowhere", status=5)
        self.assertIn("Failed to start nowhere.service: Unit nowhere.service not found.", unknown.stderr)
        self.assertIn("Unit nowhere.service could not be found.", self.call("status", "nowhere", status=4).stderr)
        self.call("stop", "nowhere", status=5)
        self.assertIn("LoadState=not-found", self.call("show", "nowhere").stdout)
        self.assertIn("No files found for nowhere.service.", self.call("cat", "nowhere", status=1).stderr)

    @proves("S50")
    def test_a_service_is_started_again_until_it_is_too_often(self):
        self.call("start", "again")
        wait_for(lambda: self.state("again") == "failed", 20, "again to give up")
        self.assertEqual(self.machine.show("again", "NRestarts"), "5")
        self.machine.await_message("again.service", "again.service: Start request repeated too quickly.")
        self.call("start", "again", status=1)
        self.call("reset-failed", "again")
        self.assertEqual(self.state("again"), "inactive")

    @proves("S65")
    def test_services_that_say_when_they_are_ready(self):
        begin = time.monotonic()
        self.call("start", "telling")
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)
        self.assertIn('Status: "serving 7 guests"', self.call("status", "telling").stdout)
        self.call("start", "forking")
        pid = int(self.machine.show("forking", "MainPID"))
        wait_for(lambda: self.machine.processes("sleep 4714") == [pid], 10, "the daemon alone")
        self.machine.run("kill", str(pid))
        wait_for(lambda: self.state("forking") == "inactive", 10, "the end of the daemon to be seen")
        self.call("stop", "telling")
        self.assertEqual(self.machine.processes("sleep 471"), [])

    @proves("S7", "S68")
    def test_nothing_of_a_service_is_left(self):
        self.call("start", "daemon")
        wait_for(lambda: len(self.machine.processes("sleep 471")) == 3, 10, "the daemon's processes")
        status = self.call("status", "daemon").stdout
        self.assertEqual(status.count("sleep 4711"), 2)
        stray = self.machine.processes("sleep 4711")[0]
        self.assertIn("daemon.service", self.call("status", str(stray)).stdout.splitlines()[0])
        self.call("stop", "daemon")
        self.assertEqual(self.machine.processes("sleep 471"), [])
        self.call("start", "stubborn")
        self.machine.await_message("stubborn.service", "deaf")
        begin = time.monotonic()
        self.call("stop", "stubborn")
        self.assertGreaterEqual(time.monotonic() - begin, 0.5)
        self.assertEqual(self.machine.show("stubborn", "Result"), "timeout")
        self.assertEqual(self.machine.processes("echo deaf"), [])
        self.call("reset-failed", "stubborn")

    @proves("S72", "S75", "S81")
    def test_surroundings(self):
        self.machine.write_unit("surroundings.env", "# of the file\nFROM_FILE=\"read\"\n")
        self.call("start", "user", "surroundings")
        entries = [entry for entry in self.machine.journal("-u", "user") if entry["_TRANSPORT"] == "stdout"]
        self.assertEqual([entry["MESSAGE"] for entry in entries], ["nobody", "/usr", "0077"])
        self.assertEqual({entry["_UID"] for entry in entries}, {"65534"})
        line = self.machine.await_message(
            "surroundings", f"two words 1 read surroundings.service unit-machine {self.machine.machine_id}")
        self.assertEqual(line["SYSLOG_IDENTIFIER"], "mine")

    @proves("S86", "S88")
    def test_instances_of_a_template(self):
        self.call("start", "greet@one", "greet@two")
        rows = [row.split(None, 4) for row in
                self.call("list-units", "--plain", "--no-legend", "greet@*").stdout.splitlines()]
        self.assertEqual([(row[0], row[4]) for row in rows],
                         [("greet@one.service", "Greets one"), ("greet@two.service", "Greets two")])
        self.machine.await_message("greet@two.service", "hi two")
        self.assertIn("/system-greet.slice/", self.machine.show("greet@one", "ControlGroup"))
        self.call("stop", "greet@*")
        self.assertEqual(self.machine.processes("echo hi"), [])

    @proves("S67")
    def test_jobs_are_seen_and_cancelled(self):
        self.call("start", "--no-block", "slow")
        self.machine.await_message("slow.service", "begun")
        row = self.call("list-jobs", "--no-legend").stdout.split()
        self.assertEqual(row[1:], ["slow.service", "start", "running"])
        self.assertEqual(self.machine.show("slow", "ActiveState"), "activating")
        self.assertIn("Destructive", self.call(
            "stop", "--job-mode=fail", "slow", status=4).stderr.replace("is destructive", "Destructive"))
        self.call("cancel", row[0])
        self.assertEqual(self.call("list-jobs").stdout, "No jobs running.\n")
        self.call("stop", "slow")
        self.call("reset-failed", "slow")
        late = self.call("start", "late", status=1)
        self.assertIn("Job for late.service failed because a timeout was exceeded.", late.stderr)
        self.assertEqual(self.machine.show("late", "Result"), "timeout")
        self.call("reset-failed", "late")
        refused = self.call("start", "--job-mode=bogus", "plain", status=1)
        self.assertIn("Job mode bogus invalid", refused.stderr)

    @proves("S25", "S30", "S35", "S36", "S37")
    def test_the_journal_knows_who_spoke(self):
        self.call("start", "hello")
        self.machine.await_message("hello.service", "it hurts")
        pid, invocation = self.machine.show("hello", "MainPID"), self.machine.show("hello", "InvocationID")
        world = [e for e in self.machine.journal("-u", "hello", f"_PID={pid}") if e["MESSAGE"] == "hello world"][-1]
        expected = {"_PID": pid, "_UID": "0", "_GID": "0", "_COMM": "sh", "_EXE": os.path.realpath("/bin/sh"),
                    "_SYSTEMD_UNIT": "hello.service", "_SYSTEMD_SLICE": "system.slice",
                    "_SYSTEMD_CGROUP": "/system.slice/hello.service", "_SYSTEMD_INVOCATION_ID": invocation,
                    "_MACHINE_ID": self.machine.machine_id, "_HOSTNAME": "unit-machine", "_TRANSPORT": "stdout",
                    "SYSLOG_IDENTIFIER": "sh", "PRIORITY": "6"}
        self.assertEqual({key: world.get(key) for key in expected}, expected)
        self.assertEqual(world["_BOOT_ID"], open("/proc/sys/kernel/random/boot_id").read().strip().replace("-", ""))
        errors = self.machine.journal("-u", "hello", "-p", "err", f"_PID={pid}")
        self.assertEqual({e["MESSAGE"] for e in errors}, {"it hurts"})
        started = [e for e in self.machine.journal("-u", "hello") if e["MESSAGE"].startswith("Started ")][-1]
        self.assertEqual(started["MESSAGE"], "Started hello.service - Says hello.")
        self.assertEqual(started["SYSLOG_IDENTIFIER"], "quarterdeck-unitd")
        self.assertEqual(started["_COMM"], "quarterdeck-uni")
        by_program = self.machine.journal(os.path.realpath("/bin/sh"))
        self.assertIn("hello world", [e["MESSAGE"] for e in by_program])
        self.call("stop", "hello")

    @proves("S147")
    def test_show_analyze_and_introspection(self):
        shown = dict(line.split("=", 1) for line in self.call("show").stdout.splitlines())
        self.assertEqual(shown["SystemState"], "running")
        self.assertIn("/etc/systemd/system", shown["UnitPath"])
        self.call("set-environment", "FROM_MANAGER=yes")
        self.assertIn("FROM_MANAGER=yes", self.call("show-environment").stdout)
        self.call("unset-environment", "FROM_MANAGER")
        self.assertIn("multi-user.target", self.call("get-default").stdout)
        dump = self.machine.run("systemd-analyze", "dump")
        self.assertIn("-> Unit multi-user.target:", dump.stdout)
        dot = self.machine.run("systemd-analyze", "dot", "multi-user.target")
        self.assertIn('"multi-user.target"->"basic.target"', dot.stdout)
        self.assertEqual(self.machine.run("systemd-analyze", "blame").returncode, 0)
        tree = self.machine.run("busctl", "--address=unix:path=/run/systemd/private", "tree", "x.y")
        self.assertIn("/org/freedesktop/systemd1/unit/multi_2duser_2etarget", tree.stdout)
        both = self.machine.run(
            "busctl", "--json=short", "--address=unix:path=/run/quarterdeck/unitd.sock", "get-property", "x.y",
            "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "Version")
        self.assertTrue(json.loads(both.stdout)["data"].startswith("252"))


class ByDescent(Machine):
    """Without control groups: what depends on them is the same."""
    groups = False

    @proves("S7")
    def test_nothing_of_a_service_is_left(self):
        self.assertIn("tracked by descent", self.machine.log())
        Systemctl.test_nothing_of_a_service_is_left(self)

    @proves("S7")
    def test_an_engine_that_was_killed_leaves_no_second_copy(self):
        Life.test_an_engine_that_was_killed_leaves_no_second_copy(self)


class Life(Case):
    def setUp(self):
        super().setUp()
        self.machine = UnitMachine(UNITS)
        self.addCleanup(self.machine.remove)
        self.addCleanup(self.machine.stop)

    @proves("S24", "S11", "S55")
    def test_the_target_at_the_start_and_the_order_at_the_end(self):
        machine = self.machine
        link = os.path.join(machine.dir, "etc/multi-user.target.wants")
        os.makedirs(link, exist_ok=True)
        for name in ("first.service", "second.service"):
            os.symlink(f"/etc/systemd/system/{name}", os.path.join(link, name))
        before = machine.engine_pid()
        machine.run("kill", str(before))
        wait_for(lambda: machine.systemctl("is-active", "second").stdout == "active\n", 20, "the enabled services")
        self.assertNotEqual(machine.engine_pid(), before)
        machine.stop()
        folder = os.path.join(machine.dir, "log/journal", machine.machine_id)
        out = subprocess.run(["journalctl", "-D", folder, "-o", "cat"], capture_output=True, text=True, check=True).stdout
        said = [line for line in out.splitlines() if line in ("first stops", "second stops")]
        self.assertEqual(said, ["second stops", "first stops"])
        self.assertEqual(out.splitlines()[-1], "Stopped first.service.")

    @proves("S7")
    def test_an_engine_that_was_killed_leaves_no_second_copy(self):
        machine = self.machine
        machine.systemctl("start", "plain", "daemon")
        wait_for(lambda: machine.processes("echo up"), 10, "the service")
        wait_for(lambda: len(machine.processes("sleep 471")) == 3, 10, "the daemon's processes")
        old = machine.engine_pid()
        machine.run("kill", "-KILL", str(old))
        wait_for(lambda: machine.systemctl("is-active", "plain").stdout == "inactive\n", 20, "the next engine")
        self.assertEqual(machine.processes("echo up"), [])
        self.assertEqual(machine.processes("sleep 471"), [])
        self.assertEqual(machine.systemctl("start", "plain").returncode, 0)
        wait_for(lambda: len(machine.processes("echo up")) == 1, 10, "one copy")


class InANode(Case):
    """The same tools through `quarterdeckd local shell`, in a node with its agent."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(1, "127.0.0.71").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def call(self, *command, status=0):
        run = self.cluster.in_node(1, *command, check=False)
        self.assertEqual(run.returncode, status, f"{command}: {run.stdout}{run.stderr}")
        return run.stdout

    def write(self, text):
        with open(os.path.join(self.cluster.dir, "node-1/etc/systemd/system/hello.service"), "w",
                  encoding="ascii") as file:
            file.write(text)

    @proves("S13", "S19", "S22", "S30", "S48")
    def test_an_operator_at_a_node(self):
        self.write(UNITS["hello.service"])
        self.call("systemctl", "start", "hello")
        self.assertEqual(self.call("systemctl", "is-active", "hello"), "active\n")
        status = self.call("systemctl", "--no-pager", "status", "hello")
        self.assertRegex(status, r"Active: active \(running\)")
        pid = self.call("systemctl", "show", "--value", "-p", "MainPID", "hello").strip()
        self.assertIn(f"Main PID: {pid} (sh)", status)
        self.assertIn("hello.service loaded active running Says hello",
                      " ".join(self.call("systemctl", "--no-pager", "list-units", "hello*").split()))
        self.assertIn("Description=Says hello", self.call("systemctl", "--no-pager", "cat", "hello"))
        self.write(UNITS["hello.service"].replace("Says hello", "Greets"))
        self.call("systemctl", "daemon-reload")
        self.assertEqual(self.call("systemctl", "show", "--value", "-p", "Description", "hello"), "Greets\n")

        def spoken():
            out = self.call("journalctl", "--no-pager", "-u", "hello", "-o", "json", f"_PID={pid}")
            return [entry for entry in map(json.loads, out.splitlines()) if entry["MESSAGE"] == "hello world"]
        entry = wait_for(spoken, 10, "what hello said")[0]
        invocation = self.call("systemctl", "show", "--value", "-p", "InvocationID", "hello").strip()
        with open(os.path.join(self.cluster.dir, "node-1/etc/machine-id"), encoding="ascii") as file:
            machine = file.read().strip()
        expected = {"_SYSTEMD_UNIT": "hello.service", "_SYSTEMD_INVOCATION_ID": invocation, "_UID": "0",
                    "_COMM": "sh", "_MACHINE_ID": machine, "_HOSTNAME": "node-1"}
        self.assertEqual({key: entry.get(key) for key in expected}, expected)
        self.call("systemctl", "stop", "hello")
        self.assertEqual(self.call("systemctl", "is-active", "hello", status=3), "inactive\n")
        self.call("systemctl", "--no-pager", "status", "hello", status=3)

    @proves("F5")
    def test_a_unit_of_the_cluster_is_a_unit_of_the_node(self):
        path = os.path.join(self.cluster.dir, "everywhere.service")
        with open(path, "w", encoding="ascii") as file:
            file.write(UNITS["plain.service"])
        self.cluster.ctl("unit", "submit", path)
        self.cluster.ctl("unit", "start", "everywhere.service")
        wait_for(lambda: self.cluster.in_node(1, "systemctl", "is-active", "everywhere", check=False).returncode == 0,
                 20, "the cluster's unit on its node")
        status = self.call("systemctl", "--no-pager", "status", "everywhere")
        self.assertIn("loaded (/run/quarterdeck/fleet/units/everywhere.service; linked-runtime", status)
        self.cluster.ctl("unit", "destroy", "everywhere.service")
        wait_for(lambda: self.cluster.in_node(1, "systemctl", "is-active", "everywhere", check=False).returncode == 3,
                 20, "the unit to be gone")


if __name__ == "__main__":
    main()
