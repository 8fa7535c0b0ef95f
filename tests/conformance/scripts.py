# SPDX-License-Identifier: GPL-3.0-or-later
"""The same script under qdctl and in the real window, against real agents; and what a window survives."""
import os
import re

from console import ConsoleCase
from local_cluster import LocalCluster
from qdtest import SOURCE, main, proves

TOUR = os.path.join(SOURCE, "resources", "scripts", "examples", "tour.js")


def typed(text):
    """The acts that write a script into the window's editor and run it."""
    acts = ["click field Script", "key Ctrl+A"]
    for line in text.splitlines():
        line = line.strip()
        if line and not line.startswith("//"):
            acts += [f"type {line}", "key Return"]
    return acts + ["key Ctrl+Return"]


def printed(picture):
    """The lines of the output pane, as the accessible text holds them."""
    return [line.strip() for line in re.findall(r"^ *list item: (.*)$", picture, re.M)]


class Scripts(ConsoleCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.81").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def in_window(self, *acts):
        return self.console(["await text: live", "key Ctrl+5", "await field: Script", *acts], "--config",
                            os.path.join(self.cluster.dir, "console"), "--profile", "local", "--size", "1280x1600")

    @proves()
    def test_the_tour_says_the_same_in_both(self):
        with open(TOUR, encoding="utf-8") as file:
            tour = file.read()
        under_qdctl = self.cluster.ctl("run", TOUR).stdout.splitlines()
        self.assertEqual(under_qdctl[-1], "tour.service is gone")
        console = self.in_window(*typed(tour), "await list item: tour.service is gone",
                                 "await text: done", "picture tour")
        console.finish()
        in_window = printed(console.text("tour"))
        self.assertEqual(in_window, [" ".join(line.split()) for line in under_qdctl])

    @proves()
    def test_the_window_survives_a_hog_and_an_endless_loop(self):
        console = self.in_window(
            *typed("let text = 'x'; for (;;) text += text;"), "await it needed more than 512 MiB", "picture hog",
            *typed("print('alive'); for (;;) {}"), "await an endless loop?", "picture loop",
            *typed("for (;;) print('x'.repeat(1000));"), "await an endless loop?", "picture flood",
            *typed("print(cluster.nodes().length, 'nodes seen by a window that lives on');"),
            "await 3 nodes seen by a window that lives on", "picture after")
        console.finish()
        self.assertEqual(printed(console.text("hog")),
                         ["error: the script was stopped: it needed more than 512 MiB of memory"])
        self.assertEqual(printed(console.text("loop")), [
            "alive",
            "error: the script was stopped: it ran for more than 30 s without waiting for anything (an endless loop?)"])
        flood = printed(console.text("flood"))  # the reason is in sight, below what was printed
        self.assertIn("(an endless loop?)", flood[-1])
        self.assertEqual(set(flood[:-1]), {"x" * 1000})
        self.assertEqual(printed(console.text("after")), ["3 nodes seen by a window that lives on"])


if __name__ == "__main__":
    main()
