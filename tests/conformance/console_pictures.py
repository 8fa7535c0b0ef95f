# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of every view on an invented cluster, also a hostile one: each is drawn whole, without a word
of complaint from the engine, and everything that can be acted on has a name."""
import itertools
import os
import shutil
import struct
import subprocess
import tempfile
import zlib

from qdtest import Case, main, program, proves

LOOKS = list(itertools.product(("dark", "light"), ("1280x800", "1920x1080")))
# What each workspace says of itself in each state.
STATES = {
    "nodes-empty": "No nodes", "nodes-loading": "Loading nodes", "nodes-error": "The nodes cannot be read",
    "units-empty": "No units", "units-loading": "Loading units", "units-error": "The units cannot be read",
    "raft-empty": "No member reports", "raft-loading": "Asking the members", "raft-error": "The members cannot be read",
    "store-empty": "The store is empty", "store-loading": "Reading the store",
    "store-error": "The store cannot be read",
    "script": "Nothing has run yet", "script-running": "text: running", "script-error": "text: failed",
}
HOSTILE = ("nodes-hostile", "units-hostile", "raft-hostile", "store-hostile")


def colours(path):
    """How many different bytes the picture's rows hold: a blank one has hardly any."""
    with open(path, "rb") as file:
        data = file.read()
    at, packed = 8, b""
    while at < len(data):
        size = struct.unpack(">I", data[at:at + 4])[0]
        if data[at + 4:at + 8] == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += size + 12
    return len(set(zlib.decompress(packed)))


class Pictures(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="qd-pictures-")
        environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", TZ="UTC", XDG_RUNTIME_DIR=cls.folder)
        runs = {(theme, size): subprocess.Popen(
            [program("quarterdeck"), "--screenshot", cls.place(theme, size), "--theme", theme, "--size", size],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for theme, size in LOOKS}
        cls.results = {}
        for look, run in runs.items():
            out, complaints = run.communicate(timeout=560)
            cls.results[look] = (run.returncode, out, complaints)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def place(cls, theme, size):
        return os.path.join(cls.folder, f"{theme}-{size}")

    def names(self, theme, size):
        return sorted({name.rsplit(".", 1)[0] for name in os.listdir(self.place(theme, size))})

    def text(self, theme, size, name):
        with open(os.path.join(self.place(theme, size), name + ".txt"), encoding="utf-8") as file:
            return file.read()

    @proves()
    def test_every_view_is_drawn_without_complaint(self):
        for theme, size in LOOKS:
            status, out, complaints = self.results[theme, size]
            self.assertEqual((status, complaints), (0, ""))
            self.assertEqual(len(out.split()), len(self.names(theme, size)))
            self.assertEqual(self.names(theme, size), self.names(*LOOKS[0]))
            for name in self.names(theme, size):
                path = os.path.join(self.place(theme, size), name + ".png")
                with open(path, "rb") as file:
                    width, height = struct.unpack(">II", file.read(24)[16:])
                self.assertEqual(f"{width}x{height}", size, name)
                self.assertGreater(colours(path), 40, name)

    @proves()
    def test_each_workspace_has_its_states(self):
        for look in LOOKS:
            for name, words in STATES.items():
                self.assertIn(words, self.text(*look, name), f"{name} {look}")
                self.assertIn(f"pane: {name.split('-')[0].capitalize()}", self.text(*look, name))
            for name in HOSTILE:
                self.assertIn(name, self.names(*look))

    @proves()
    def test_whatever_can_be_acted_on_has_a_name(self):
        for look in LOOKS:
            for name in self.names(*look):
                self.assertNotIn("(nameless)", self.text(*look, name), name)

    @proves()
    def test_hostile_names_are_shown_as_they_are(self):
        for look in LOOKS:
            text = self.text(*look, "units-hostile")
            self.assertIn("<b>bold</b>&amp;<img src=x>.service", text)
            self.assertIn("x" * 288 + "-end.service", text)

    @proves()
    def test_what_has_no_picture_is_wrong_usage(self):
        for words in (["--scene", "nosuch"], ["--demo-kind", "bogus"]):
            run = subprocess.run([program("quarterdeck"), "--screenshot", self.place("no", "size"), *words],
                                 env=dict(os.environ, QT_QPA_PLATFORM="offscreen"), capture_output=True, text=True,
                                 timeout=30, check=False)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(words[1], run.stderr)
            self.assertFalse(os.path.exists(self.place("no", "size")))


if __name__ == "__main__":
    main()
