# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does on a node, with Debian's tools (systemd 252): unit files, their kinds and places, the journal's
filters, the analysis of a start."""
import json
import os
import re
import xml.etree.ElementTree

from qdtest import main, proves, wait_for
from unit_machine import MachineCase, UnitMachine

LONG = "[Service]\nExecStart=/bin/sleep 1000\n"
SPECIFIERS = "[Service]\nType=oneshot\nExecStart=/bin/echo n=%n N=%N p=%p P=%P i=%i I=/%I t=%t u=%u U=%U h=%h s=%s m=%m " \
             "b=%b H=%H v=%v 100%%\n"
UNITS = {
    "hello.service": SPECIFIERS,
    "apache@.service": SPECIFIERS,
    "addon-run@.service": SPECIFIERS,
    "daemon-owned.service": "[Service]\nType=oneshot\nUser=daemon\nExecStart=/bin/echo u=%u U=%U h=%h s=%s\n",
    "changed.service": "[Unit]\nDescription=Mine\n" + LONG,
    "wanted.service": LONG + "[Install]\nWantedBy=multi-user.target\n",
    "unwanted.service": LONG + "[Install]\nWantedBy=multi-user.target\n",
    "kind.service": LONG + "[Install]\nWantedBy=multi-user.target\n",
    "kind.socket": "[Socket]\nListenStream=/run/kind-socket\n[Install]\nWantedBy=sockets.target\n",
    "kind.timer": "[Timer]\nOnActiveSec=5h 30min\nOnBootSec=90000\n[Install]\nWantedBy=timers.target\n",
    "mymonitor.path": "[Path]\nPathExists=/run/monitored\n[Install]\nWantedBy=paths.target\n",
    "mymonitor.service": "[Service]\nType=oneshot\nExecStart=/bin/rm /run/monitored\nExecStart=/bin/echo it was there\n",
    "kind.target": "[Install]\nWantedBy=multi-user.target\n",
    "kind.slice": "[Install]\nWantedBy=slices.target\n",
    "run-kind.mount": "[Mount]\nWhat=tmpfs\nWhere=/run/kind\nType=tmpfs\n[Install]\nWantedBy=local-fs.target\n",
    "run-auto.mount": "[Mount]\nWhat=tmpfs\nWhere=/run/auto\nType=tmpfs\n",
    "run-auto.automount": "[Automount]\nWhere=/run/auto\n[Install]\nWantedBy=local-fs.target\n",
    "echo.socket": "[Socket]\nListenStream=/run/echo\n",
    "echo.service": "[Service]\nExecStart=/usr/bin/python3 -c \"import socket; s = socket.socket(fileno=3); "
                    "c = s.accept()[0]; c.sendall(c.recv(9)); s.accept()\"\n",
    "client.service": "[Unit]\nAfter=echo.socket\n[Service]\nType=oneshot\nExecStart=/usr/bin/python3 -c "
                      "\"import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/echo'); s.sendall(b'question'); "
                      "print('heard', s.recv(9).decode())\"\n",
    "first.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 0.3\n"
                     "[Install]\nWantedBy=multi-user.target\n",
    "beside@.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 0.3\n"
                      "[Install]\nWantedBy=multi-user.target\n",
    "second.service": "[Unit]\nAfter=first.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 0.1\n"
                      "[Install]\nWantedBy=multi-user.target\n",
}
STEPS = ("first.service", "second.service", *(f"beside@{i}.service" for i in range(5)))
VENDOR = {"changed.service": "[Unit]\nDescription=The vendor's\n" + LONG,
          "theirs.service": "[Unit]\nDescription=The vendor's other one\n" + LONG,
          "multi-user.target": "[Unit]\nDescription=Multi-User System\nRequires=basic.target\nAfter=basic.target\n"
                               "AllowIsolate=yes\n"}


def seconds(text):
    """Of a span as systemd writes it: "16h 55min 14.382s"."""
    factor = {"h": 3600, "min": 60, "s": 1, "ms": 0.001, "us": 0.000001}
    return sum(float(number) * factor[unit] for number, unit in re.findall(r"([\d.]+)(min|ms|us|h|s)\b", text))


class Operators(MachineCase):
    units = UNITS
    vendor = VENDOR

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.systemctl("enable", *STEPS, "wanted.service")
        cls.machine.stop()
        cls.machine.boot()
        wait_for(lambda: cls.machine.show("second.service", "ActiveState") == "active", 10, "the start")

    def do(self, *words, status=0):
        done = self.machine.systemctl(*words)
        self.assertEqual(done.returncode, status, (words, done.stderr))
        return done

    def echoed(self, unit):
        """What a unit prints of the specifiers, by name."""
        self.do("start", unit)
        line = wait_for(lambda: self.machine.journal("-u", unit, "-t", "echo"), 5, f"the words of {unit}")[-1]["MESSAGE"]
        self.assertTrue("%" not in line or line.endswith(" 100%"), line)
        return dict(word.split("=", 1) for word in line.removesuffix(" 100%").split(" "))

    @proves("S83", "S84")
    def test_a_specifiers(self):
        facts = {"t": "/run", "u": "root", "U": "0", "h": "/root", "s": "/bin/bash",
                 "m": self.machine.machine_id, "b": self.sh("tr -d - </proc/sys/kernel/random/boot_id").strip(),
                 "H": "unit-machine", "v": os.uname().release}
        for unit, names in {
                "hello.service": {"p": "hello", "P": "hello", "i": "", "I": "/"},
                "apache@8080.service": {"p": "apache", "P": "apache", "i": "8080", "I": "/8080"},
                "addon-run@usr-share-oem.service": {"p": "addon-run", "P": "addon/run", "i": "usr-share-oem",
                                                    "I": "/usr/share/oem"}}.items():
            self.assertEqual(self.echoed(unit), {"n": unit, "N": unit.removesuffix(".service"), **names, **facts})
        owned = self.echoed("daemon-owned.service")
        self.assertEqual((owned["u"], owned["U"], owned["h"]), ("daemon", "1", "/usr/sbin"))

    @proves("S89")
    def test_b_kinds_of_units(self):
        for kind in ("automount", "device", "mount", "path", "scope", "service", "slice", "snapshot", "socket", "swap",
                     "target", "timer"):
            done = self.call("LoadUnit", "s", f"some-thing.{kind}")
            self.assertEqual((done.returncode, done.stdout),
                             (0, f'o "/org/freedesktop/systemd1/unit/some_2dthing_2e{kind}"\n'), done.stderr)
        for name in ("some.thing", "some", "some.services"):
            done = self.call("LoadUnit", "s", name)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"Unit name {name} is not valid.", done.stderr)

    def call(self, method, *words):
        return self.machine.run(
            "busctl", "--address=unix:path=/run/systemd/private", "call", "org.freedesktop.systemd1",
            "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", method, *words)

    @proves("S179", "S111")
    def test_c_one_handling_for_all_kinds(self):
        units = ["kind.service", "kind.socket", "kind.timer", "mymonitor.path", "kind.target", "kind.slice",
                 "run-kind.mount"]
        if os.path.exists("/dev/autofs"):
            units.append("run-auto.automount")
        for unit in units:
            enabled = self.do("enable", unit)
            self.assertIn("Created symlink", enabled.stderr, unit)
            self.assertEqual(self.do("is-enabled", unit).stdout, "enabled\n")
            self.do("start", unit)
            status = self.do("status", unit).stdout
            self.assertRegex(status, rf"^● {re.escape(unit)}[\s\S]*"
                                     rf"Loaded: loaded \(/etc/systemd/system/{re.escape(unit)}; "
                                     r"enabled[\s\S]*Active: active( \(| since)", unit)
            self.assertIn(unit, self.do("list-units", "--plain", "--no-legend", unit).stdout)
            self.do("disable", unit)
            self.assertEqual(self.do("is-enabled", unit, status=1).stdout, "disabled\n")
            self.assertEqual(self.machine.show(unit, "ActiveState"), "active", "it goes on")
            self.do("stop", unit)
            self.assertEqual(self.machine.show(unit, "ActiveState"), "inactive", unit)
        self.do("start", "mymonitor.path")
        self.sh("touch /run/monitored")
        self.machine.await_message("mymonitor.service", "it was there")
        wait_for(lambda: self.machine.show("mymonitor.service", "ActiveState") == "inactive", 5, "the end of its run")
        self.do("stop", "mymonitor.path")
        self.sh("touch /run/monitored")
        self.do("start", "kind.service")  # whatever the path would have done is done before this
        self.assertEqual(self.sh("ls /run/monitored"), "/run/monitored\n")
        self.do("stop", "kind.service")

    @proves("S97")
    def test_d_times_with_units_or_without(self):
        self.do("start", "kind.timer")
        shown = self.machine.show("kind.timer", "TimersMonotonic")
        self.assertIn("{ OnActiveUSec=5h 30min ;", shown)
        self.assertIn("{ OnBootUSec=1d 1h ;", shown)
        raw = self.machine.run(
            "busctl", "--address=unix:path=/run/systemd/private", "get-property", "org.freedesktop.systemd1",
            "/org/freedesktop/systemd1/unit/kind_2etimer", "org.freedesktop.systemd1.Timer", "TimersMonotonic").stdout
        self.assertIn('"OnActiveUSec" 19800000000 ', raw)
        self.do("stop", "kind.timer")

    @proves("S91")
    def test_e_a_copy_of_a_vendors_unit_wins(self):
        self.assertEqual(self.machine.show("changed.service", "Description"), "Mine")
        self.assertEqual(self.machine.show("changed.service", "FragmentPath"), "/etc/systemd/system/changed.service")
        self.assertEqual(self.machine.show("theirs.service", "Description"), "The vendor's other one")
        refused = self.machine.run("sh", "-c", "echo >>/usr/lib/systemd/system/theirs.service")
        self.assertIn("Read-only file system", refused.stderr)
        self.do("start", "theirs")
        self.sh("sed \"s/^Description=.*/Description=Ours now/\" /usr/lib/systemd/system/theirs.service "
                ">/etc/systemd/system/theirs.service")
        self.assertEqual(self.machine.show("theirs.service", "NeedDaemonReload"), "yes")
        self.assertEqual(self.machine.show("theirs.service", "Description"), "The vendor's other one")
        self.do("daemon-reload")
        self.assertEqual(self.machine.show("theirs.service", "Description"), "Ours now")
        delta = self.machine.run("systemd-delta", "--no-pager", "--diff=no", "systemd/system").stdout
        for unit in ("theirs", "changed"):
            self.assertRegex(delta, rf"\[OVERRIDDEN\] +/etc/systemd/system/{unit}.service → "
                                    rf"(/usr)?/lib/systemd/system/{unit}.service")
        self.do("stop", "theirs")

    @proves("S92", "S64", "S24")
    def test_f_a_start_of_the_machine(self):
        self.assertEqual(self.machine.show("wanted.service", "ActiveState"), "active")
        self.assertEqual(self.machine.show("unwanted.service", "ActiveState"), "inactive")
        self.assertEqual(self.do("is-enabled", "unwanted", status=1).stdout, "disabled\n")
        self.sh("printf '[Unit]\\nDescription=Of a third party\\n[Service]\\nExecStart=/bin/sleep 1000\\n' "
                ">/run/systemd/system/third.service")
        self.do("start", "third.service")
        self.assertEqual(self.machine.show("third.service", "FragmentPath"), "/run/systemd/system/third.service")
        self.do("enable", "unwanted.service")
        self.do("disable", "wanted.service")
        self.machine.stop()
        self.machine.boot()
        self.assertEqual(self.machine.show("third.service", "LoadState"), "not-found")
        wait_for(lambda: self.machine.show("unwanted.service", "ActiveState") == "active", 5, "what is enabled now")
        self.assertEqual(self.machine.show("wanted.service", "ActiveState"), "inactive")

    @proves("S61")
    def test_g_run_levels_are_targets(self):
        targets = ("poweroff", "rescue", "multi-user", "multi-user", "multi-user", "graphical", "reboot")
        for level, target in enumerate(targets):
            shown = self.do("show", f"runlevel{level}.target", "--property", "Id,LoadState", "--value").stdout
            self.assertEqual(shown.split(), [f"{target}.target", "loaded"])
        self.assertIn("runlevel3.target", self.machine.show("multi-user.target", "Names"))
        self.do("start", "runlevel5.target")
        self.assertEqual(self.machine.show("graphical.target", "ActiveState"), "active")
        self.do("stop", "graphical.target")
        self.assertEqual(self.machine.show("emergency.target", "LoadState"), "loaded")

    @proves("S4", "S6")
    def test_h_a_service_comes_with_its_first_client(self):
        self.do("start", "echo.socket")
        self.assertEqual(self.machine.show("echo.service", "ActiveState"), "inactive")
        self.assertEqual(self.machine.processes("s.accept"), [])
        self.do("start", "client.service")  # it connects before there is a server, and waits for its word
        self.machine.await_message("client.service", "heard question")
        self.assertEqual(self.machine.show("echo.service", "ActiveState"), "active")
        self.assertEqual(self.machine.show("echo.service", "TriggeredBy"), "echo.socket")
        self.do("stop", "echo.socket", "echo.service")

    @proves("S143")
    def test_i_the_parts_of_a_start_add_up(self):
        with_kernel = UnitMachine({}, container=False)
        try:
            outside = with_kernel.run("systemd-analyze", "time").stdout
        finally:
            with_kernel.stop()
            with_kernel.remove()
        self.assertRegex(outside, r"^Startup finished in .* \(kernel\) \+ .* \(userspace\) = ")
        inside = self.machine.run("systemd-analyze", "time").stdout
        self.assertRegex(inside, r"^Startup finished in [\d.]+m?s \(userspace\) *\n"
                                 r"multi-user.target reached after [\d.]+m?s in userspace.")
        self.assertGreaterEqual(seconds(inside.splitlines()[0]), 0.4)  # the first one, then the second
        parts, total = outside.splitlines()[0].removeprefix("Startup finished in ").split(" = ")
        self.assertAlmostEqual(sum(seconds(part) for part in parts.split(" + ")), seconds(total), delta=0.0011, msg=outside)

    @proves("S144", "S145", "S146")
    def test_i_the_analysis_of_a_start(self):
        blame = self.machine.run("systemd-analyze", "blame").stdout
        rows = [(seconds(line.rsplit(None, 1)[0]), line.rsplit(None, 1)[1]) for line in blame.splitlines()]
        self.assertEqual([took for took, _ in rows], sorted((took for took, _ in rows), reverse=True))
        spans = {unit: span for span, unit in rows}
        self.assertLessEqual(set(STEPS), set(spans))
        self.assertGreaterEqual(spans["first.service"], 0.3)
        self.assertRegex(blame, r"(?m)^ *(\d+ms|\d+\.\d{3}s) first\.service$")
        plot = xml.etree.ElementTree.fromstring(self.machine.run("systemd-analyze", "plot").stdout)
        self.assertEqual(plot.tag, "{http://www.w3.org/2000/svg}svg")
        bars = self.bars(plot)
        for unit in (*STEPS, "multi-user.target"):
            self.assertEqual(len(bars.get(unit, [])), 1, f"one bar of {unit}")
        first, beside, second = (bars[unit][0] for unit in ("first.service", "beside@0.service", "second.service"))
        self.assertLess(max(first[0], beside[0]), min(sum(first), sum(beside)), "these two overlap")
        self.assertGreaterEqual(second[0], sum(first) - 0.5)
        total = seconds(self.machine.run("systemd-analyze", "time").stdout.split(" (userspace)")[0])
        self.assertLess(total, sum(spans[unit] for unit in STEPS))
        chain = self.machine.run("systemd-analyze", "critical-chain", "second.service").stdout
        self.assertRegex(chain, r"second\.service \+[\d.]+m?s\n└─first\.service @[\d.]+m?s \+[\d.]+m?s\n")

    @staticmethod
    def bars(plot):
        """Where the activating bar of each unit begins, and how wide it is: a bar stands before its unit's name."""
        found, bar = {}, None
        for node in plot.iter():
            kind = node.tag.rsplit("}", 1)[1]
            if kind == "rect" and node.get("class") == "activating":
                bar = (float(node.get("x")), float(node.get("width")))
            if kind == "text" and bar and re.match(r"\S+\.\w+", node.text or ""):
                found.setdefault(node.text.split(" ")[0], []).append(bar)
                bar = None
        return found

    @proves("S148")
    def test_j_what_the_engine_says_of_itself(self):
        def lines():
            return [entry["MESSAGE"] for entry in self.machine.journal("-u", "kind.service")]
        self.do("start", "kind.service")
        self.do("stop", "kind.service")
        before = lines()
        self.assertFalse([line for line in before if "Installed new job" in line])
        self.assertEqual(self.machine.run("systemd-analyze", "set-log-level", "debug").returncode, 0)
        self.assertEqual(self.machine.run("systemd-analyze", "get-log-level").stdout, "debug\n")
        self.do("start", "kind.service")
        wait_for(lambda: [line for line in lines() if line.startswith("Installed new job kind.service/start as ")], 5,
                 "more lines at once")
        wrong = self.machine.run("systemd-analyze", "set-log-level", "loud")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("not a valid log level", wrong.stderr)
        refused = self.machine.run(
            "busctl", "--address=unix:path=/run/systemd/private", "set-property", "org.freedesktop.systemd1",
            "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "LogLevel", "s", "loud")
        self.assertIn("Invalid log level 'loud'", refused.stderr)
        self.assertEqual(self.machine.run("systemctl", "log-level", "warning").returncode, 0)
        self.do("stop", "kind.service")
        self.assertEqual(self.machine.run("systemd-analyze", "log-level").stdout, "warning\n")
        self.machine.run("systemctl", "log-level", "info")

    @proves()
    def test_l_without_a_machine_there_is_nothing_to_switch_off(self):
        self.do("start", "kind.service")
        for verb in ("poweroff", "reboot", "halt", "suspend", "hibernate"):
            refused = self.machine.systemctl(verb)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(f"There is no machine to {verb}.", refused.stderr)
        forced = self.machine.systemctl("--force", "poweroff")
        self.assertNotEqual(forced.returncode, 0)
        self.assertIn("There is no machine to poweroff.", forced.stderr)
        self.assertEqual(self.machine.show("kind.service", "ActiveState"), "active")
        self.do("stop", "kind.service")

    @proves("S151")
    def test_k_escaping(self):
        for arguments, result in {
                ("media/my-mount-point",): r"media-my\x2dmount\x2dpoint",
                ("path/to/a-device",): r"path-to-a\x2ddevice",
                ("--unescape", r"path-to-a\x2ddevice"): "path/to/a-device",
                ("usr/share/oem/cloud-config.yml",): r"usr-share-oem-cloud\x2dconfig.yml",
                ("/usr/share/oem",): "-usr-share-oem",
                ("-p", "//usr//share/oem/"): "usr-share-oem",
                ("-p", "/"): "-",
                ("-p", "/.hidden"): r"\x2ehidden",
                ("-p", "/data@1"): r"data\x401",
                ("é",): r"\xc3\xa9",
                ("--unescape", "-p", "usr-share-oem"): "/usr/share/oem",
                ("--template=apache@.service", "a/b"): "apache@a-b.service"}.items():
            self.assertEqual(self.machine.run("systemd-escape", *arguments).stdout, result + "\n")
        name = self.machine.run("systemd-escape", "-p", "--suffix=mount", "/run/a mount-point").stdout.strip()
        self.assertEqual(self.machine.show(name, "Id"), name)
        self.assertEqual(self.machine.run("systemd-escape", "--unescape", "-p", name.removesuffix(".mount")).stdout,
                         "/run/a mount-point\n")


class Journal(MachineCase):
    """The journal's own story, in order of the clock."""
    kernel = True
    units = {
        "talk@.service": "[Service]\nType=oneshot\nExecStart=/bin/echo said %i\n",
    }

    def read(self, *words):
        done = self.machine.run("journalctl", "--no-pager", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def say(self, name):
        self.machine.systemctl("start", f"talk@{name}.service")
        return self.machine.await_message(f"talk@{name}.service", f"said {name}")

    @proves("S26")
    def test_1_its_files_are_no_text(self):
        self.say("something")
        folder = os.path.join(self.machine.dir, "log", "journal", self.machine.machine_id)
        files = [os.path.join(folder, name) for name in os.listdir(folder)]
        self.assertTrue(files)
        for path in files:
            with open(path, "rb") as file:
                content = file.read()
            self.assertEqual(content[:8], b"LPKSHHRH")  # as journald's own
            self.assertIn(b"\0", content)
            self.assertRaises(UnicodeDecodeError, content.decode)
        self.assertIn("said something", "\n".join(self.read()))

    @proves("S28", "S29", "S27")
    def test_2_the_kernels_lines(self):
        self.say("before")
        self.machine.kernel_says("6,17,1000000,-;eth0: link is up",
                                 "4,18,1000100,c,caller=T1;eth0: caf\\xc3\\xa9", " KEY=value",
                                 "12,19,1000200,-;somebody: a program's own line")
        wait_for(lambda: len(self.read("-k")) >= 2, 10, "what the kernel says")
        self.say("after")
        for option in ("-k", "--dmesg"):
            lines = self.read(option)
            self.assertEqual([line.split(" unit-machine ")[1] for line in lines],
                             ["kernel: eth0: link is up", "kernel: eth0: café"])
        self.assertEqual(self.read("-k", "-p", "warning", "-o", "cat"), ["eth0: café"])
        self.machine.kernel_says("6,17,1000000,-;eth0: link is up", "6,20,1000300,-;the next one")  # as after a restart
        wait_for(lambda: "the next one" in self.read("-k", "-o", "cat"), 10, "the next one")
        self.assertEqual(self.read("-k", "-o", "cat"), ["eth0: link is up", "eth0: café", "the next one"])
        every = self.read("-o", "cat")
        order = [every.index(text) for text in ("said before", "eth0: link is up", "said after")]
        self.assertEqual(order, sorted(order))
        system = self.read("--system", "-o", "cat")
        for text in ("eth0: link is up", "said before", "Finished talk@before.service."):
            self.assertIn(text, system)
        self.assertEqual(self.machine.run("journalctl", "--user").stdout.replace("-- No entries --\n", ""), "")

    @proves("S32", "S33", "S34")
    def test_3_a_time_an_order_a_number(self):
        at = [int(self.say(name)["__REALTIME_TIMESTAMP"]) for name in ("one", "two", "three")]
        words = [f"said {name}" for name in ("one", "two", "three")]
        spoken = ("-o", "cat", "-t", "echo")
        def moment(us):
            return f"@{us // 1000000}.{us % 1000000:06}"
        since = self.read(*spoken, "--since", moment(at[1]))
        self.assertEqual(since, words[1:])
        self.assertEqual(self.read(*spoken, "--since", moment(at[0]), "--until", moment(at[1])), words[:2])  # closed
        self.assertEqual(self.read(*spoken, "--since", moment(at[0] + 1), "--until", moment(at[2] - 1)), words[1:2])
        day = self.machine.run("date", "-d", "+1 day", "+%Y-%m-%d %H:%M:%S").stdout.strip()
        self.assertEqual(self.read(*spoken, "--since", day), [])
        self.assertEqual(self.read(*spoken, "--until", "2015-07-20 12:30:00"), [])
        self.assertEqual(self.read(*spoken, "--since", "2015-07-20 12:00:00", "--until", day)[-3:], words)
        self.assertEqual(self.read(*spoken, "--since=today")[-3:], words)
        self.assertEqual(self.read(*spoken, "--reverse")[:3], words[::-1])
        self.assertEqual(self.read(*spoken, "-r", "-n", "1"), words[-1:])
        self.assertEqual(self.read(*spoken, "--lines", "3"), words)
        self.assertEqual(len(self.read("-n", "3")), 3)


if __name__ == "__main__":
    main()
