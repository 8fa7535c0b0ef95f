# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that is full: its memory, how long it takes to read it all, how long to start with it."""
import statistics
import time
import urllib.error
import urllib.request

from crowd import load
from report import Figure
from sides import both, stop_all


def read_all(endpoint):
    """Seconds that a recursive GET of everything takes, and its length."""
    began = time.perf_counter()
    with urllib.request.urlopen(f"{endpoint}/v2/keys/load?recursive=true", timeout=60) as answer:
        length = len(answer.read())
    return time.perf_counter() - began, length


def restart(side, key):
    """Seconds from kill -9 of the store's process to the first right answer."""
    side.kill_store(1)
    began = time.perf_counter()
    while time.perf_counter() - began < 180:
        try:
            with urllib.request.urlopen(f"{side.endpoint(1)}/v2/keys{key}", timeout=5) as answer:
                if b"vvvv" in answer.read():
                    return time.perf_counter() - began
        except (urllib.error.URLError, OSError):
            time.sleep(0.002)
    raise TimeoutError("the store did not come back")


def measure(options):
    sides = both(1)
    try:
        yield Figure("memory MiB, empty", *[side.memory() for side in sides])
        for keys in options.keys:
            rates = [load(side.endpoint(1), keys) for side in sides]
            what = f"{keys:,} keys"
            rounds = options.rounds if keys <= 100_000 else min(2, options.rounds)  # or it would be most of the bench
            yield Figure(f"loading {what}, PUT/s", *rates, more_is_better=True)
            yield Figure(f"memory MiB, {what}", *[side.memory() for side in sides])
            times = {side.name: [] for side in sides}
            lengths = {}
            for _ in range(rounds):
                for side in sides:
                    seconds, lengths[side.name] = read_all(side.endpoint(1))
                    times[side.name].append(seconds * 1000)
            if lengths["ours"] < keys * 256 or abs(lengths["ours"] - lengths["etcd"]) > lengths["etcd"] / 10:
                raise SystemExit(f"the two do not hold the same: {lengths}")
            yield Figure(f"recursive GET of {what} ms", *[statistics.median(t) for t in times.values()])
            times = {side.name: [] for side in sides}
            last = f"/load/{(keys - 1) // 1000:04d}/{keys - 1:07d}"
            for _ in range(rounds):
                for side in sides:
                    times[side.name].append(restart(side, last) * 1000)
            yield Figure(f"restart with {what}, first GET ms", *[statistics.median(t) for t in times.values()])
            yield Figure(f"memory MiB, {what}, restarted", *[side.memory() for side in sides])
    finally:
        stop_all(sides)
