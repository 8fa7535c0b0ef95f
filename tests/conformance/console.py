# SPDX-License-Identifier: GPL-3.0-or-later
"""The real console, headless, against real agents: keys and clicks go in as the platform delivers them,
and what is checked is what a screen reader would find."""
import os
import re
import secrets
import shutil
import subprocess
import tempfile

from local_cluster import LocalCluster
from qdtest import Case, main, program, proves, wait_for


class Console:
    """A console that plays acts; `console.texts[NAME]` is the accessible text of a picture."""

    def __init__(self, folder, acts, *options):
        self.folder = folder
        script = os.path.join(folder, "acts.drive")
        with open(script, "w", encoding="utf-8") as file:
            file.write("\n".join(acts))
        environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", TZ="UTC")
        self.process = subprocess.Popen([program("quarterdeck"), "--drive", script, *options], env=environment,
                                        stderr=subprocess.PIPE, text=True)

    def text(self, picture):
        """The accessible text of a picture; empty until it has been taken."""
        try:
            with open(os.path.join(self.folder, picture + ".txt"), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def await_text(self, picture):
        def taken():
            if self.process.poll() not in (None, 0):
                raise AssertionError(f"the console ended with {self.process.returncode}: {self.said()}")
            return self.text(picture)
        return wait_for(taken, 90, f"the picture {picture}")

    def said(self):
        deadline = "\n" + self.text("at-the-deadline")
        return self.process.stderr.read() + deadline

    def finish(self):
        status = self.process.wait(150)
        if status != 0:
            raise AssertionError(f"the console ended with {status}: {self.said()}")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()


class ConsoleCase(Case):
    def console(self, acts, *options):
        folder = tempfile.mkdtemp(prefix="qd-console-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        console = Console(folder, acts, *options)
        self.addCleanup(console.end)
        return console


class OnThreeNodes(ConsoleCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.71").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def open(self, acts):
        return self.console(acts, "--config", os.path.join(self.cluster.dir, "console"), "--profile", "local")

    @proves("F43", "F65", "K1")
    def test_a_unit_is_submitted_seen_running_read_stopped_and_destroyed(self):
        word = secrets.token_hex(4)
        name = f"job-{word}.service"
        console = self.open([
            "await text: live",
            "key Ctrl+2",
            "await field: Filter units",
            "click button New unit",
            "await field: Name of the unit",
            f"type {name}",
            "key Return",
            "key Ctrl+A",
            "type [Service]",
            "key Return",
            f"type ExecStart=/bin/sh -c 'echo said by {word}; exec sleep 1000'",
            "await No remarks",
            "picture written",
            "click button Submit and start",
            f"await Details of {name}",
            "await active (running)",
            f"await said by {word}",
            "picture running",
            "click button Stop",
            "await inactive (dead)",
            "picture stopped",
            "click button Unload",
            f"await row: inactive, {name}, inactive",
            "picture unloaded",
            "key Delete",
            "await Destroy this unit?",
            f"type {name}",
            "key Return",
            f"await {name} is destroyed",
            f"gone row: inactive, {name}"])
        running = console.await_text("running")
        self.assertIn(name, running)
        self.assertRegex(running, rf"row: active, {name}, running, launched, node-\d")
        self.assertRegex(running, rf"list item: [\d:.]+ said by {word}")
        self.assertRegex(running, r"Process: PID \d+")
        console.await_text("stopped")
        console.finish()
        stopped = console.text("stopped")
        self.assertRegex(stopped, rf"row: inactive, {name}, dead, loaded, node-\d")
        self.assertIn(name, console.text("written"))
        self.assertIn(name, console.text("unloaded"))
        for picture in ("written", "running", "stopped", "unloaded"):
            self.assertGreater(os.path.getsize(os.path.join(console.folder, picture + ".png")), 10_000)
        self.assertNotIn(name, self.cluster.units())

    @proves()
    def test_errors_of_a_unit_file_stand_at_their_line(self):
        console = self.open([
            "await text: live",
            "key Ctrl+2",
            "await field: Filter units",
            "key N",
            "await field: Name of the unit",
            "type wrong.service",
            "key Return",
            "key Ctrl+A",
            "type [Service]",
            "key Return",
            "type ExecStart=bin/true",
            "key Return",
            "type this is no line of a unit file",
            "await 1 error, 1 warning",
            "picture remarks"])
        console.finish()
        remarks = console.text("remarks")
        self.assertRegex(remarks, r"Line 2: .*absolute")
        self.assertRegex(remarks, r"Line 3: Missing '='")
        self.assertRegex(remarks, r"button: Submit \[disabled\]")
        self.assertNotIn("wrong.service", self.cluster.units())

    @proves()
    def test_pairing_shows_the_fingerprint_before_the_secret_leaves(self):
        token = self.cluster.ctl("cluster", "token", "--kind", "console", "--role", "operator").stdout.split()[0]
        fingerprint = token.split(".")[2]
        config = tempfile.mkdtemp(prefix="qd-console-config-")
        self.addCleanup(shutil.rmtree, config, ignore_errors=True)
        console = self.console([
            "await field: Address of a node",
            "click field Address of a node",
            f"type {self.cluster.addresses[1]}",
            "key Return",
            f"type {token}",
            "key Return",
            "await Fingerprint",
            "picture fingerprint",
            "click field Name of this cluster here",
            "type harbour",
            "key Return",
            "await text: live",
            "await as operator",
            "picture paired"], "--config", config)
        console.finish()
        self.assertIn(fingerprint, re.sub(r"[^0-9a-f]", "", console.text("fingerprint")))
        self.assertTrue(os.path.exists(os.path.join(config, "profiles", "harbour.json")))
        self.assertIn("text: as operator", console.text("paired"))

    @proves("E3")
    def test_the_view_stays_when_its_node_is_gone_and_goes_on_at_another(self):
        console = self.open([
            "await text: live",
            "await row: ready, node-3",
            "picture before",
            "await text: reconnecting",
            "picture lost",
            "await text: live",
            "await row: lost",
            "picture after"])
        before = console.await_text("before")
        node = int(re.search(r"text: on node-(\d)", before).group(1))
        self.cluster.crash(node)
        self.addCleanup(self.cluster.start_node, node)
        console.finish()
        lost = console.text("lost")
        self.assertIn("The connection is lost. What you see is what was known.", lost)
        for number in (1, 2, 3):
            self.assertIn(f"row: ready, node-{number}", lost)
        self.assertNotIn(f"text: on node-{node}", console.text("after"))
        self.assertIn(f"row: lost, node-{node}", console.text("after"))


class Hosting(ConsoleCase):
    @proves()
    def test_the_window_hosts_a_cluster_and_takes_it_with_it(self):
        place = LocalCluster(1, "127.0.0.76")
        self.addCleanup(place.stop)
        console = self.console(["await text: live", "await row: ready, node-1", "picture hosted"], "--local", "--nodes",
                               "1", "--dir", place.dir, "--base", place.base)
        console.await_text("hosted")
        pid = place.first_process(1)
        self.assertTrue(os.path.exists(f"/proc/{pid}"))
        console.finish()
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the node's end")


if __name__ == "__main__":
    main()
