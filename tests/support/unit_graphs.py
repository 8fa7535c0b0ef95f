# SPDX-License-Identifier: GPL-3.0-or-later
"""Random dependency graphs of units, from a seed: the text of a unit set (unit_sets.py) and who must run before whom.

What they say is settled by systemd's documentation, never by the order in which it looks at a set: no unit is after one with
a higher number, whoever requires another is after it, and only units that are started one by one conflict. StopWhenUnneeded=
stands only in graphs without failures: whether what needs a unit has failed by then would be a matter of time.
"""
import random

_NEEDS = ("Wants", "Wants", "Wants", "Requires", "Requires", "BindsTo", "PartOf", "Requisite")


class _Graph:
    def __init__(self, seed):
        self.random = random.Random(seed)  # only random() is asked: it is the same in every Python
        self.count = self.below(11) + 5
        self.fails = self.chance(0.6)
        self.after = {number: set() for number in range(self.count)}
        self.lines = {number: [] for number in range(self.count)}

    def below(self, limit):
        return int(self.random.random() * limit)

    def chance(self, share):
        return self.random.random() < share

    def needs(self):
        for number in range(1, self.count):
            for _ in range(self.below(4)):
                other = self.below(number)
                kind = _NEEDS[self.below(len(_NEEDS) - (0 if self.fails else 1))]
                self.lines[number].append(f"{kind}=u{other}.service")
                if kind != "PartOf" or self.chance(0.5):
                    self.after[number].add(other)
            if self.chance(0.3):
                self.after[number].add(self.below(number))

    def orders(self):
        for number, others in self.after.items():
            for other in sorted(others):
                if self.chance(0.7):
                    self.lines[number].append(f"After=u{other}.service")
                else:
                    self.lines[other].append(f"Before=u{number}.service")

    def conflicts(self):
        """The last one, which nobody needs, against some others: it comes after them, so it waits for their stop."""
        last = self.count
        self.lines[last], self.after[last] = [], set()
        for other in range(last):
            if self.chance(0.25):
                self.lines[last] += [f"Conflicts=u{other}.service", f"After=u{other}.service"]
                self.after[last].add(other)

    def service(self, number):
        unit = "".join(line + "\n" for line in self.lines[number])
        kind = "Type=oneshot\nRemainAfterExit=yes\n"
        start = f"ExecStart={{say}} u{number}\n"
        if self.fails and self.chance(0.25):
            start += "ExecStart=/bin/false\n"
        elif self.chance(0.2):
            kind, start = "", f"ExecStartPre={{say}} u{number}\nExecStart=/bin/sleep 300\n"
        if self.fails and self.chance(0.15):
            unit += "ConditionPathExists=/nowhere/at/all\n"
        if not self.fails and self.chance(0.3):
            unit += "StopWhenUnneeded=yes\n"
        return f"== u{number}.service\n[Unit]\n{unit}[Service]\n{kind}{start}ExecStop={{say}} u{number} stops\n"

    def script(self):
        lines = ["start t.target", "changes", "log"]
        for _ in range(3 + self.below(4)):
            verb = ("start", "stop", "stop", "restart", "try-restart")[self.below(5)]
            lines += [f"{verb} u{self.below(self.count)}.service", "changes", "log"]
        lines += [f"start u{self.count}.service", "changes", "log", "stop t.target"]
        return "\n".join(lines) + "\n"

    def pairs(self):
        return [pair for number, others in self.after.items() for other in sorted(others)
                for pair in ((f"u{other}", f"u{number}"), (f"u{number} stops", f"u{other} stops"))]


def graph(seed):
    """The set's text, and pairs of log lines whose order is promised."""
    made = _Graph(seed)
    made.needs()
    made.conflicts()
    made.orders()
    wanted = [number for number in range(made.count) if made.chance(0.5)]
    target = "".join(f"{'Requires' if made.chance(0.2) else 'Wants'}=u{number}.service\n" for number in wanted)
    services = "".join(made.service(number) for number in range(made.count + 1))
    return f"log sorted\n== t.target\n[Unit]\n{target}{services}== script\n{made.script()}", made.pairs()
