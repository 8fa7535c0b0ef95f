#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our store beside Debian's etcd, both on this machine, each with its own data on the same disk and every sync on.

They are measured in turn, never together; the ratio of a pair counts, not its figures. Times are better when they
are short, so a ratio above 1 always means that we are the better one. Parts: throughput (PUT, GET and quorum GET
at 1, 64 and 256 connections, one node and three), tls (GET over TLS), contents (memory, recursive GET and restart with many keys),
watchers (1,000 and 10,000), elections (the leader killed, until another one leads, by two election times),
failover (the leader killed until a write is accepted, the leader stopped).
"""
import argparse
import dataclasses
import json
import os
import signal
import statistics
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
os.environ.setdefault("QD_BUILD_DIR", os.path.join(SOURCE, "build", "release"))
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
# pylint: disable=wrong-import-position
import contents  # noqa: E402
import elections  # noqa: E402
import failover  # noqa: E402
import throughput  # noqa: E402
import tls  # noqa: E402
import watchers  # noqa: E402
from report import TARGETS, head  # noqa: E402

PARTS = {"throughput": throughput, "tls": tls, "contents": contents, "watchers": watchers,
         "elections": elections, "failover": failover}


def disk():
    """What the disk does alone: appended blocks of 4 KiB, each made durable; the median in microseconds."""
    with tempfile.NamedTemporaryFile(prefix="qd-sync-") as file:
        os.posix_fallocate(file.fileno(), 0, 8 << 20)
        os.fsync(file.fileno())
        times = []
        for number in range(1000):
            os.pwrite(file.fileno(), b"d" * 4096, number * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1e6)
        return statistics.median(times)


def numbers(text):
    return [int(word) for word in text.split(",")]


def parts(text):
    words = text.split(",")
    for word in words:
        if word not in PARTS:
            raise argparse.ArgumentTypeError(f"there is no part {word}; there are {', '.join(PARTS)}")
    return words


def arguments():
    parser = argparse.ArgumentParser(prog="./qd bench store", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=parts, default=list(PARTS), help=",".join(PARTS))
    parser.add_argument("--seconds", type=int, default=3, help="length of one run of wrk (3)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each side, in turn; the median counts (5)")
    parser.add_argument("--failovers", type=int, default=10, help="how often the leader is lost, and stopped (10)")
    parser.add_argument("--connections", type=numbers, default=[1, 64, 256], help="1,64,256")
    parser.add_argument("--nodes", type=numbers, default=[1, 3], help="sizes of the clusters (1,3)")
    parser.add_argument("--keys", type=numbers, default=[100_000, 1_000_000], help="100000,1000000")
    parser.add_argument("--watchers", type=numbers, default=[1000, 10_000], help="few and many: 1000,10000")
    parser.add_argument("--json", help="write the figures to this file too")
    return parser.parse_args()


def main():
    options = arguments()
    # Whoever stops the bench leaves no cluster behind.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    print(f"one fdatasync of 4 KiB: {disk():.0f} us (median of 1,000); {options.seconds} s a run of wrk, "
          f"median of {options.rounds}; load {os.getloadavg()[0]:.1f}")
    print(head(), flush=True)
    figures = []
    for part in options.parts:
        for figure in PARTS[part].measure(options):
            figures.append(figure)
            print(figure.line(), flush=True)
    judged = [figure for figure in figures if figure.name in TARGETS]
    met = sum(TARGETS[figure.name].met(figure) for figure in judged)
    print(f"{met} of {len(judged)} targets met")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([dataclasses.asdict(figure) for figure in figures], file, indent=1)


if __name__ == "__main__":
    main()
