# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit sets of tests/units_reference: reading them, keeping their units apart, and what systemd answered.

A set is a file `sets/GROUP/NAME.set`: comments that say what it is about, settings, then sections that begin with
`== FILE` (a unit file, or an absolute path; `-> TARGET` makes it a link) or `== script`. `{say} WORD` writes a word into
the set's log, `{ready}` is a daemon that says READY=1, `{dir}` is a folder of its own. Settings:

    alone            not beside others: it reloads, isolates or cancels
    log sorted       the order of the log's lines is nobody's promise; `log ignored`: nor is how many there are
    look UNIT...     states of these units, too (instances); `only UNIT...`: of these and no others
    unsettled        the end is no settled state
    differs RULE | WHAT SYSTEMD SAYS | WHAT OURS SAYS     a deliberate difference (docs/systemd-differences.md)
"""
import glob
import json
import os
import re
import zlib

import unit_graphs
from qdtest import SOURCE
from unit_machine import UnitMachine

HOME = os.path.join(SOURCE, "tests", "units_reference")
DIR = "/run/units-reference"
GRAPHS = 30  # with answers that are recorded
# Their names are paths: they are what they are.
_PLACES = (".mount", ".automount", ".swap", ".slice", ".target.wants", ".target.requires")


class UnitSet:
    def __init__(self, name, text):
        self.name, self.group = name, name.partition("/")[0]
        self.dir = f"{DIR}/{name.replace('/', '-')}"
        self.files, self.script, self.look, self.only, self.differs = {}, [], [], [], []
        self.alone, self.settles, self.log, self.pairs = False, True, "exact", None
        self.sum = f"{zlib.crc32(text.encode()):08x}"
        head, *sections = re.split(r"^== ", text, flags=re.M)
        for line in head.splitlines():
            if line.strip() and not line.startswith("#"):
                self._setting(*line.split(None, 1))
        for section in sections:
            title, _, body = section.partition("\n")
            if title.strip() == "script":
                self.script = [line for line in body.splitlines() if line.strip() and not line.startswith("#")]
            else:
                self.files[title.strip()] = body.rstrip("\n") + "\n"

    def _setting(self, word, rest=""):
        if word == "alone":
            self.alone = True
        elif word == "unsettled":
            self.settles = False
        elif word == "log":
            self.log = rest.strip()
        elif word == "look":
            self.look = rest.split()
        elif word == "only":
            self.only = rest.split()
        elif word == "differs":
            rule, systemd, ours = [part.strip() for part in rest.split("|")]
            self.differs.append((rule, systemd, ours))
        else:
            raise ValueError(f"{self.name}: what is {word}?")

    def units(self):
        """Its own units: what is no drop-in and no template."""
        return [name for name in self.files if "/" not in name and "@." not in name and "." in name]

    def to_play(self):
        """The set as the player wants it, each unit under a name that no other set has."""
        prefix = self._prefix()
        folder = self.dir
        own = {name.partition("/")[0].removesuffix(".d") for name in self.files if not name.startswith(("/", "{"))}
        own = sorted((name for name in own if not name.endswith(_PLACES)), key=len, reverse=True)
        stems = "|".join(re.escape(name).replace("@\\.", "@[^ /.]*\\.") for name in own)
        pattern = re.compile(rf"(?<![\w.@\\/-])({stems})(?![\w-])") if own else None

        def renamed(text):
            text = text.replace("{say}", folder + "/say").replace("{ready}", folder + "/ready").replace("{dir}", folder)
            return pattern.sub(prefix + r"\1", text) if pattern else text
        return {"dir": folder, "files": {renamed(name): renamed(text) for name, text in self.files.items()},
                "look": [renamed(name) for name in self.only or self.units() + self.look],
                "script": [renamed(line) for line in self.script],
                "alone": self.alone, "settles": self.settles, "log": self.log, "pairs": self.pairs}

    def plain(self, lines):
        """Answers with the names as the set's file says them."""
        return [line.replace(self._prefix(), "").replace(self.dir, "{dir}") for line in lines]

    def expected(self, recorded):
        """What ours should answer: systemd's lines but for the deliberate differences. Stale rules are told by name."""
        lines, stale = list(recorded), []
        for rule, systemd, ours in self.differs:
            if systemd in lines:
                place = lines.index(systemd)
                lines[place:place + 1] = [ours] if ours else []
            else:
                stale.append(f"{rule}: systemd no longer says '{systemd}'")
        return lines, stale

    def _prefix(self):
        return re.sub(r"[^a-z0-9]", "", self.name) + "_"


def graph(seed):
    text, pairs = unit_graphs.graph(seed)
    one = UnitSet(f"graphs/{seed}", text)
    one.pairs = pairs
    return one


def all_sets():
    """By name: the files' and the first graphs of the generator."""
    found = {one.name: one for one in (graph(seed) for seed in range(1, GRAPHS + 1))}
    for path in sorted(glob.glob(os.path.join(HOME, "sets", "*", "*.set"))):
        with open(path, encoding="utf-8", newline="") as file:
            name = os.path.splitext(os.path.relpath(path, os.path.join(HOME, "sets")))[0]
            found[name] = UnitSet(name, file.read())
    return found


def our_machine():
    """A machine with our engine whose services may keep state: it goes with the machine."""
    machine = UnitMachine({}, net=True)
    done = machine.run("sh", "-c", "mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /var/cache")
    assert done.returncode == 0, done.stderr
    return machine


def play(machine, sets, together=12):
    """The lines of each set, and how long it took, from a machine that can `run` and has a folder `inside`."""
    # Both are containers, whatever this machine is.
    machine.run("sh", "-c", "test -e /run/systemd/container || echo systemd-nspawn >/run/systemd/container")
    folder = machine.put("sets.json", json.dumps({name: one.to_play() for name, one in sets.items()}))
    with open(os.path.join(HOME, "player.py"), encoding="utf-8") as file:
        player = os.path.join(machine.put("player.py", file.read()), "player.py")
    done = machine.run("python3", player, folder, str(together), timeout=400)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    return ({name: sets[name].plain(answer["lines"]) for name, answer in answers.items()},
            {name: answer["seconds"] for name, answer in answers.items()})


def recorded(every):
    """What systemd answered, by set; a set that was changed since then has no answers."""
    found, sums = {}, {name: one.sum for name, one in every.items()}
    for path in glob.glob(os.path.join(HOME, "answers", "*.txt")):
        with open(path, encoding="utf-8") as file:
            for block in file.read().split("\n== ")[1:]:
                title, *lines = block.rstrip("\n").split("\n")
                name, checksum = title.split()
                if sums.get(name) == checksum:
                    found[name] = lines
    return found


def record(every, answers, version):
    """Writes the answers of these sets; the others of their groups keep theirs, what is gone or was changed does not."""
    known = {**recorded(every), **answers}
    for group in {every[name].group for name in answers}:
        blocks = [f"== {name} {every[name].sum}\n" + "".join(line + "\n" for line in known[name])
                  for name in sorted(known) if every[name].group == group]
        os.makedirs(os.path.join(HOME, "answers"), exist_ok=True)
        with open(os.path.join(HOME, "answers", group + ".txt"), "w", encoding="utf-8") as file:
            file.write(f"# What {version} said, by tests/units_reference/record.py.\n\n" + "\n".join(blocks))
