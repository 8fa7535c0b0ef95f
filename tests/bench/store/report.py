# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures beside each other, with what we want of each: the targets are the stretch column of the design."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """`times`: so many times as good as etcd in the same run; `most`, `least`: whatever etcd does."""

    times: float = None
    most: float = None
    least: float = None

    def text(self):
        if self.times is not None:
            return f"{self.times:g}x"
        return f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}"

    def met(self, figure):
        if self.times is not None:
            return figure.ratio() >= self.times
        return figure.ours <= self.most if self.most is not None else figure.ours >= self.least


# For a name not in here there is no target: the figure is told only.
TARGETS = {
    "1 node, PUT/s, 1 connection": Target(times=1.2),
    "1 node, PUT/s, 64 connections": Target(times=2),
    "1 node, PUT/s, 256 connections": Target(times=2),
    "1 node, PUT p99 ms, 64 connections": Target(most=5),
    "1 node, GET/s, 64 connections": Target(times=1.7),
    "1 node, quorum GET/s, 64 connections": Target(times=2.5),
    "1 node, TLS GET/s, 64 connections": Target(times=1.3),
    "3 nodes, PUT/s, 1 connection": Target(times=1.1),
    "3 nodes, PUT/s, 64 connections": Target(times=1.6),
    "3 nodes, PUT/s, 256 connections": Target(times=1.6),
    "3 nodes, quorum GET/s, 64 connections": Target(times=2.5),
    "memory MiB, empty": Target(most=25),
    "memory MiB, 100,000 keys": Target(most=60),
    "watch fan-out ms, 1,000 long polls": Target(most=8),
    "watch fan-out ms, 1,000 streams": Target(most=5),
    "memory MiB for 10,000 watchers": Target(most=60),
    "rate of other PUTs with 10,000 watchers, part": Target(least=0.8),
    "leader killed, new leader ms, median": Target(most=1300),
    "leader killed, new leader ms, worst": Target(most=2000),
    "10/100 ms, leader killed, new leader ms, median": Target(most=140),
    "leader killed, first write ms, median": Target(most=1300),
    "leader killed, first write ms, worst": Target(most=2000),
    "leader stopped, write gap ms, median": Target(most=20),
    "restart with 100,000 keys, first GET ms": Target(most=250),
    "recursive GET of 100,000 keys ms": Target(most=200),
}


@dataclass(frozen=True)
class Figure:
    name: str
    ours: float
    etcd: float
    more_is_better: bool = False

    def ratio(self):
        """How many times as good as etcd."""
        better, worse = (self.ours, self.etcd) if self.more_is_better else (self.etcd, self.ours)
        return better / max(worse, 1e-9)

    def line(self):
        target = TARGETS.get(self.name)
        said = "" if target is None else f"{target.text():>9}  {'met' if target.met(self) else 'NOT MET'}"
        return f"{self.name:<44} {number(self.ours):>10} {number(self.etcd):>10} {self.ratio():>8.2f}x {said}".rstrip()


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def head():
    return f"{'':<44} {'ours':>10} {'etcd':>10} {'ratio':>9} {'target':>9}"
