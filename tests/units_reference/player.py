# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays unit sets against the manager of the machine that it runs in, and prints what happened as JSON.

It knows the manager only through systemctl, so the same words go to systemd and to our engine. Its argument is a folder
with `sets.json`: for each set the files, the units to look at and the script. What a script may say:
docs/systemd-differences.md.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

FOLDER = "/etc/systemd/system"
MARK = os.path.join(FOLDER, "units-reference.conf")
PROPERTIES = ["Id", "LoadState", "ActiveState", "SubState", "Result", "ExecMainCode", "ExecMainStatus", "NRestarts", "Job"]
SETTLED = ("active", "inactive", "failed")
DEADLINE = 15  # seconds for whatever is awaited
PAUSES = (0.02, 0.05, 0.1, 0.15)  # between two looks

# A daemon that tells its manager when it is up, from its main process.
READY = """#!/usr/bin/python3
import os, socket, time
name = os.environ.get("NOTIFY_SOCKET", "")
if name:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
        speaker.sendto(b"READY=1", "\\0" + name[1:] if name[0] == "@" else name)
while True:
    time.sleep(300)
"""


def systemctl(words, timeout=40):
    return subprocess.run(["systemctl", "--no-ask-password", *words], capture_output=True, text=True, timeout=timeout,
                          check=False, stdin=subprocess.DEVNULL,
                          env={**os.environ, "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0", "LANG": "C.UTF-8"})


def show(units, names):
    """The properties of each unit, in order."""
    found = []
    for block in systemctl(["show", "--property", ",".join(names), "--", *units]).stdout.strip("\n").split("\n\n"):
        found.append(dict(line.partition("=")[::2] for line in block.splitlines()))
    return found


def look_until(condition):
    deadline = time.monotonic() + DEADLINE
    looks = 0
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1
    return True


def describe(unit, seen):
    """A unit's state in a line."""
    line = f"{unit}: {seen.get('LoadState')} {seen.get('ActiveState')}/{seen.get('SubState')}"
    line += f" {seen['Result']}" if seen.get("Result") else ""
    if "ExecMainCode" in seen:
        line += f" main {seen['ExecMainCode']}/{seen['ExecMainStatus']}"
    if seen.get("NRestarts", "0") != "0":
        line += f" restarts {seen['NRestarts']}"
    return line + (f" ({seen['Id']})" if seen.get("Id") != unit else "")


class Player:
    def __init__(self, unit_set):
        self.set = unit_set
        self.lines, self.last = [], []
        self.running = []  # verbs in the background: (words, process)
        self.log = os.path.join(unit_set["dir"], "log")

    def play(self):
        for line in self.set["script"]:
            word, _, rest = line.partition(" ")
            action = getattr(self, "do_" + word.replace("-", "_"), None)
            if action:
                action(rest)
            else:
                self.verb(line)
        self.do_wait("")
        if self.last:
            self.do_changes("")
        else:
            self.lines += map(describe, self.set["look"],
                              self.settle() if self.set["settles"] else show(self.set["look"], PROPERTIES))
        self.do_log("")
        systemctl(["stop", "--no-block", "--", *self.set["look"]])
        return self.lines

    def verb(self, line):
        """Any verb of systemctl. With `&` it goes on while the script does."""
        words = line.split()
        if words[-1] == "&":
            self.running.append((line[:-2], subprocess.Popen(
                ["systemctl", "--no-ask-password", *words[:-1]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)))
        else:
            done = systemctl(words)
            said = " ".join(done.stdout.split()) if words[0].startswith("is-") else ""
            self.lines.append(f"{line} -> {done.returncode}{' ' + said if said else ''}")

    def do_wait(self, _):
        for line, process in self.running:
            self.lines.append(f"{line} -> {process.wait(DEADLINE)}")
        self.running = []

    def do_await(self, rest):
        """`await UNIT active/running`, `await UNIT failed`, `await UNIT NRestarts=3`."""
        unit, wanted = rest.split()
        names = ["ActiveState", "SubState"] if "=" not in wanted else [wanted.partition("=")[0]]
        seen = []

        def reached():
            values = show([unit], names)[0]
            seen[:] = [values.get(name, "") for name in names]
            return wanted in (seen[0], "/".join(seen), f"{names[0]}={seen[0]}")
        if not look_until(reached):
            self.lines.append(f"await {rest}: it is {'/'.join(seen)}")

    def do_await_log(self, rest):
        """`await-log WORDS`: until that line stands in the log; with `xN` at its end, N times."""
        counted = re.fullmatch(r"(.*) x(\d+)", rest)
        words, times = (counted[1], int(counted[2])) if counted else (rest, 1)
        if not look_until(lambda: self.read_log().count(words) >= times):
            self.lines.append(f"await-log {rest}: {self.read_log()}")

    def do_sh(self, rest):
        """A command of the shell; its exit status counts."""
        done = subprocess.run(["/bin/sh", "-c", rest], cwd=self.set["dir"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=60)
        self.lines.append(f"sh {rest} -> {done.returncode}")

    def do_until(self, rest):
        """`until COMMAND`: until the command of the shell succeeds."""
        if not look_until(lambda: subprocess.run(["/bin/sh", "-c", rest], cwd=self.set["dir"], check=False,
                                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0):
            self.lines.append(f"until {rest}: never")

    def do_show(self, rest):
        """`show UNIT PROPERTY...`"""
        unit, *names = rest.split()
        values = show([unit], names)[0]
        self.lines += [f"{unit} {name}={' '.join(sorted(values.get(name, '').split()))}" for name in names]

    def do_state(self, rest):
        """What the units are like now; all of the set when none is named."""
        units = rest.split() or self.set["look"]
        self.lines += map(describe, units, show(units, PROPERTIES))

    def do_changes(self, _):
        """Which units are not as they were at the last look, once all is settled."""
        lines = list(map(describe, self.set["look"], self.settle()))
        self.lines += [line for line in lines if line not in self.last]
        self.last = lines

    def do_log(self, _):
        """What the commands have written since the last look."""
        lines = self.read_log()
        open(self.log, "w", encoding="utf-8").close()
        if self.set["pairs"] is not None:
            lines = self.order(lines)
        elif self.set["log"] == "sorted":
            lines = sorted(lines)
        self.lines += ["log: " + line for line in lines] if self.set["log"] != "ignored" else []

    def order(self, lines):
        """Who ran how often, and in which order those that were promised one."""
        places = {}
        for place, line in enumerate(lines):
            places.setdefault(line, place)
        ran = sorted(f"{line} x{lines.count(line)}" for line in places)
        return ran + [f"{first} < {second}" if places[first] < places[second] else f"{second} < {first}"
                      for first, second in self.set["pairs"] if first in places and second in places]

    def do_settle(self, _):
        self.settle()

    def settle(self):
        """Until no unit of the set has a job and none is on its way from one state to another; what they are then."""
        if not self.set["look"]:
            return []
        seen = []

        def moving():
            return [unit for unit in seen if unit.get("ActiveState") not in SETTLED or unit.get("Job", "0") not in ("", "0")]

        def settled():
            seen[:] = show(self.set["look"], PROPERTIES)
            return not moving()
        if not look_until(settled):
            self.lines += [f"{unit.get('Id')} does not settle: {unit.get('ActiveState')}" for unit in moving()]
        # A look takes its time, unit by unit: only one that begins now sees all as they have become.
        return show(self.set["look"], PROPERTIES)

    def read_log(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read().splitlines()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if text.startswith("-> "):
        os.symlink(text[3:].strip(), path)
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def prepare(unit_set):
    write(os.path.join(unit_set["dir"], "log"), "")
    say = os.path.join(unit_set["dir"], "say")
    write(say, f"#!/bin/sh\necho \"$*\" >>{unit_set['dir']}/log\n")
    ready = os.path.join(unit_set["dir"], "ready")
    write(ready, READY)
    os.chmod(ready, 0o755)
    os.chmod(unit_set["dir"], 0o777)
    os.chmod(os.path.join(unit_set["dir"], "log"), 0o666)
    os.chmod(say, 0o755)
    for name, text in unit_set["files"].items():
        write(name if name.startswith("/") else os.path.join(FOLDER, name), text)
        if text.startswith("#!"):
            os.chmod(name, 0o755)


def play(unit_set):
    started = time.monotonic()
    # A manager that unmounts what is mounted there would leave it to somebody else's units.
    assert os.path.exists(MARK), "the folder of the machine's units is gone"
    try:
        lines = Player(unit_set).play()
    except Exception as error:  # pylint: disable=broad-except
        lines = [f"the player: {type(error).__name__}: {error}"]
    return {"lines": lines, "seconds": round(time.monotonic() - started, 2)}


def main():
    with open(os.path.join(sys.argv[1], "sets.json"), encoding="utf-8") as file:
        sets = json.load(file)
    write(MARK, "")
    for unit_set in sets.values():
        prepare(unit_set)
    systemctl(["daemon-reload"])
    together = [name for name in sets if not sets[name]["alone"]]
    with concurrent.futures.ThreadPoolExecutor(int(sys.argv[2])) as pool:
        answers = dict(zip(together, pool.map(lambda name: play(sets[name]), together)))
    answers.update((name, play(sets[name])) for name in sets if sets[name]["alone"])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
