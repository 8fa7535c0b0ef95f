# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit engine against systemd 252: the same unit sets and the same words of systemctl, and the same answers.

What systemd answered is recorded in tests/units_reference/answers. With `--live` systemd boots here, in systemd-nspawn, and
is asked again: its answers must be the recorded ones. A long run of the generator: tests/units_reference/record.py.
"""
import difflib
import os
import re
import sys

import unit_sets
from qdtest import SOURCE, Case, main, proves
from systemd_machine import SystemdMachine, can_boot

DOCUMENT = os.path.join(SOURCE, "docs", "systemd-differences.md")
LIVE = "--live" in sys.argv


def answers(machine, sets):
    try:
        return unit_sets.play(machine, sets)[0]
    finally:
        machine.stop()
        machine.remove()


class Reference(Case):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.sets = unit_sets.all_sets()
        self.recorded = unit_sets.recorded(self.sets)

    def must_be_equal(self, theirs, ours, wanted):
        told = []
        for name in self.sets:
            lines, stale = wanted(name)
            told += [f"{name}: {line}" for line in stale]
            if lines != ours[name]:
                told += [f"== {name}",
                         *list(difflib.unified_diff(lines, ours[name], theirs, "ours", lineterm="", n=1))[2:]]
        self.assertEqual(told, [], "\n" + "\n".join(told))

    @proves()
    def test_1_every_set_has_systemds_answers(self):
        self.assertEqual([name for name in self.sets if name not in self.recorded], [], "ask systemd: record.py NAME")

    @proves()
    def test_2_ours_answers_as_systemd_does(self):
        ours = answers(unit_sets.our_machine(), self.sets)
        self.must_be_equal("systemd", ours, lambda name: self.sets[name].expected(self.recorded[name]))

    @proves()
    def test_3_every_difference_has_its_reason(self):
        with open(DOCUMENT, encoding="utf-8") as file:
            headings = set(re.findall(r"^### `([\w-]+)`$", file.read(), re.MULTILINE))
        self.assertEqual(headings, {rule for one in self.sets.values() for rule, _, _ in one.differs})

    @proves()
    def test_4_systemd_still_says_so(self):
        self.assertTrue(can_boot(), "it takes root and systemd-nspawn")
        theirs = answers(SystemdMachine(), self.sets)
        self.must_be_equal("recorded", theirs, lambda name: (self.recorded[name], []))


if not LIVE:
    del Reference.test_4_systemd_still_says_so  # a skipped test would be a failure
if __name__ == "__main__":
    sys.argv = [word for word in sys.argv if word != "--live"]
    main()
