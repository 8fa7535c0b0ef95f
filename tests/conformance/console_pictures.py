# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of every view on an invented cluster, also a hostile one: each is drawn whole, without a word
of complaint from the engine, and everything that can be acted on has a name."""
import os
import shutil
import struct
import subprocess
import tempfile

from qdtest import Case, main, program, proves

SIZES = {"dark": (1280, 800), "light": (1920, 1080)}
STATES = ("empty", "loading", "error", "hostile")


class Pictures(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="qd-pictures-")
        environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", TZ="UTC", XDG_RUNTIME_DIR=cls.folder)
        runs = {theme: subprocess.Popen(
            [program("quarterdeck"), "--screenshot", os.path.join(cls.folder, theme), "--theme", theme, "--size",
             f"{width}x{height}"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for theme, (width, height) in SIZES.items()}
        cls.results = {}
        for theme, run in runs.items():
            out, complaints = run.communicate(timeout=560)
            cls.results[theme] = (run.returncode, out, complaints)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def names(self, theme):
        return sorted({name.rsplit(".", 1)[0] for name in os.listdir(os.path.join(self.folder, theme))})

    def text(self, theme, name):
        with open(os.path.join(self.folder, theme, name + ".txt"), encoding="utf-8") as file:
            return file.read()

    @proves()
    def test_every_view_is_drawn_without_complaint(self):
        for theme, (width, height) in SIZES.items():
            status, out, complaints = self.results[theme]
            self.assertEqual((status, complaints), (0, ""))
            self.assertEqual(len(out.split()), len(self.names(theme)))
            for name in self.names(theme):
                with open(os.path.join(self.folder, theme, name + ".png"), "rb") as file:
                    self.assertEqual(struct.unpack(">II", file.read(24)[16:]), (width, height), name)
        self.assertEqual(self.names("dark"), self.names("light"))

    @proves()
    def test_each_workspace_has_its_states(self):
        names = self.names("dark")
        for place in ("nodes", "units"):
            for state in STATES:
                self.assertIn(f"{place}-{state}", names)
                self.assertIn(f"pane: {place.capitalize()}", self.text("dark", f"{place}-{state}"))

    @proves()
    def test_whatever_can_be_acted_on_has_a_name(self):
        for theme in SIZES:
            for name in self.names(theme):
                self.assertNotIn("(nameless)", self.text(theme, name), name)

    @proves()
    def test_hostile_names_are_shown_as_they_are(self):
        text = self.text("dark", "units-hostile")
        self.assertIn("<b>bold</b>&amp;<img src=x>.service", text)
        self.assertIn("x" * 288 + "-end.service", text)


if __name__ == "__main__":
    main()
