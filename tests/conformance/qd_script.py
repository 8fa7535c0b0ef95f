# SPDX-License-Identifier: GPL-3.0-or-later
"""What ./qd decides, seen from outside: the script is real, what it builds and starts are stand-ins that note their
words."""
import os
import shutil
import signal
import subprocess
import tempfile

from qdtest import SOURCE, Case, main, proves, wait_for

PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >>"{notes}"
{then}
"""


class Script(Case):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="qd-script-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.notes = os.path.join(self.folder, "notes")
        shutil.copy(os.path.join(SOURCE, "qd"), self.folder)
        for name in ("quarterdeckd", "quarterdeck", "qdctl"):
            self.stand_in(f"build/dev/bin/{name}")
        open(os.path.join(self.folder, "build/dev/build.ninja"), "w", encoding="ascii").close()
        self.stand_in("tools/cmake")
        self.stand_in("tools/dpkg-query", "printf installed")

    def stand_in(self, name, then=""):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(PROGRAM.format(notes=self.notes, then=then))
        os.chmod(path, 0o755)

    def start(self, *words, **environment):
        plain = {name: value for name, value in os.environ.items()
                 if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "QD_PRESET")}
        plain["PATH"] = os.path.join(self.folder, "tools") + ":" + plain["PATH"]
        return subprocess.Popen([os.path.join(self.folder, "qd"), *words], env={**plain, **environment}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_to_end(self, *words, **environment):
        """Status and what was said."""
        process = self.start(*words, **environment)
        _, said = process.communicate(timeout=30)
        return process.returncode, said

    def started(self):
        """The programs that were started so far: their names and the first words."""
        try:
            with open(self.notes, encoding="ascii") as file:
                return [" ".join(line.split()[:3 if line.startswith("quarterdeckd ") else 1]) for line in file
                        if line.startswith("quarterdeck")]
        except FileNotFoundError:
            return []

    @proves()
    def test_without_a_display_it_goes_on_without_a_console(self):
        process = self.start("run")
        wait_for(lambda: self.started() == ["quarterdeckd local up"], 20, "the cluster is up")
        while "Ctrl+C stops it" not in (line := process.stderr.readline()):
            self.assertNotEqual(line, "")
            if "no display" in line:
                said = line
        self.assertIn("./qd ctl", said)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.started(), ["quarterdeckd local up", "quarterdeckd local down"])

    @proves()
    def test_with_a_display_the_cluster_ends_with_the_console(self):
        self.assertEqual(self.run_to_end("run", DISPLAY=":7")[0], 0)
        up, down = "quarterdeckd local up", "quarterdeckd local down"
        self.assertEqual(self.started(), [up, "quarterdeck", down])
        self.stand_in("build/dev/bin/quarterdeck", "exit 1")  # such as a display that does not answer
        self.assertEqual(self.run_to_end("run", DISPLAY=":7")[0], 1)
        self.assertEqual(self.started()[3:], [up, "quarterdeck", down])

    @proves()
    def test_detached_it_returns_and_console_and_cluster_go_on(self):
        self.stand_in("build/dev/bin/quarterdeck", "sleep 20")
        os.makedirs(os.path.join(self.folder, ".qd/local"))
        self.assertEqual(self.run_to_end("run", "--detach", DISPLAY=":7")[0], 0)
        wait_for(lambda: self.started() == ["quarterdeckd local up", "quarterdeck"], 10, "the console")
        self.assertEqual(self.run_to_end("run", "--detach")[0], 0)
        self.assertEqual(self.run_to_end("run", "--detach", "--headless", DISPLAY=":7")[0], 0)
        self.assertEqual(self.started()[2:], ["quarterdeckd local up"] * 2)

    @proves()
    def test_what_is_wrong_with_the_words_is_status_2_and_starts_nothing(self):
        for words in (("run", "--nodes"), ("run", "--dir", ""), ("run", "--base"), ("run", "--bogus"), ("stop", "--dir"),
                      ("build", "--preset"), ("node", "crash"), ("node", "eat", "1"), ("node", "crash", "1", "--dir"),
                      ("bench", "bogus"), ("screenshot",), ("bogus",), ()):
            status, said = self.run_to_end(*words)
            self.assertEqual(status, 2, words)
            self.assertNotIn("line ", said)  # a sentence, not the shell's own complaint
        self.assertFalse(os.path.exists(self.notes))


if __name__ == "__main__":
    main()
