#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays unit sets on systemd in a container, on our engine, or on both.

    record.py [PATTERN...]            asks systemd and writes tests/units_reference/answers
    record.py --show [PATTERN...]     asks both and prints where they differ; writes nothing
    record.py --ours [PATTERN...]     asks our engine and prints where it differs from what was recorded

A pattern is part of a set's name, GROUP/NAME. --graphs=1000-1500: the graphs of these seeds
and nothing else (with --show).
Needs root and systemd-nspawn (but for --ours); QD_BUILD_DIR names the build.
"""
import difflib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import unit_sets  # noqa: E402
from systemd_machine import SystemdMachine  # noqa: E402


def ask(machine, sets):
    try:
        version = machine.version() if isinstance(machine, SystemdMachine) else "ours"
        return (*unit_sets.play(machine, sets), version)
    finally:
        machine.stop()
        machine.remove()


def compare(sets, reference, ours):
    """Prints the differences; gives how many sets have some."""
    count = 0
    for name, one in sets.items():
        wanted, stale = one.expected(reference.get(name, []))
        if wanted != ours[name] or stale:
            count += 1
            print("\n".join([f"== {name}", *stale,
                             *list(difflib.unified_diff(wanted, ours[name], "systemd", "ours", lineterm="", n=2))[2:]]))
    return count


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    every = unit_sets.all_sets()
    for found in filter(None, (re.fullmatch(r"--graphs=(\d+)-(\d+)", word) for word in sys.argv[1:])):
        asked = [unit_sets.graph(seed) for seed in range(int(found[1]), int(found[2]) + 1)]
        every = {one.name: one for one in asked}
    sets = {name: one for name, one in every.items()
            if not words or any(word in name for word in words)}
    reference = unit_sets.recorded(every)
    if "--ours" not in sys.argv:
        reference, seconds, version = ask(SystemdMachine(), sets)
        print(f"{version}: {len(sets)} sets, the longest {sorted(((v, k) for k, v in seconds.items()), reverse=True)[:5]}")
        if "--show" not in sys.argv:
            unit_sets.record(every, reference, version)
            return
    ours, seconds, _ = ask(unit_sets.our_machine(), sets)
    print(f"ours: {len(sets)} sets, the longest {sorted(((v, k) for k, v in seconds.items()), reverse=True)[:5]}")
    print(f"{compare(sets, reference, ours)} of {len(sets)} sets differ")


if __name__ == "__main__":
    main()
