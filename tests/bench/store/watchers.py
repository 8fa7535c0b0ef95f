# SPDX-License-Identifier: GPL-3.0-or-later
"""Many watchers of one directory: when has the last one heard, what do they cost while nothing happens to them."""
import json
import statistics
import time
import urllib.request

from crowd import Crowd, get_request, put_request
from report import Figure
from sides import both, stop_all
from throughput import fill, run_wrk


def await_watchers(side, count):
    """Until the store knows them all: its statistics tell."""
    deadline = time.perf_counter() + 60
    while True:
        with urllib.request.urlopen(f"{side.endpoint(1)}/v2/stats/store", timeout=20) as answer:
            if json.load(answer)["watchers"] >= count:
                return
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{side.name} does not know {count} watchers")
        time.sleep(0.02)


def change(side, crowd, number):
    """Milliseconds from the sending of a PUT until the last watcher has it."""
    value = f"change-{number}-of-it"
    with Crowd(side.endpoint(1), 1) as writer:
        began = time.perf_counter()
        writer.send_all(put_request("/v2/keys/watched/one", f"value={value}".encode()))
        return (crowd.await_all(value.encode(), 30) - began) * 1000


def watch(side, crowd, path):
    """Each of the crowd watches, and has read that its watch stands."""
    crowd.send_all(get_request(path))
    await_watchers(side, len(crowd.sockets))
    crowd.await_all(b"X-Etcd-Index", 30)


def polls(side, count, rounds):
    times = []
    with Crowd(side.endpoint(1), count) as crowd:
        for number in range(rounds):
            watch(side, crowd, "/v2/keys/watched?wait=true&recursive=true")
            times.append(change(side, crowd, number))
    return statistics.median(times)


def streams(side, count, rounds):
    with Crowd(side.endpoint(1), count) as crowd:
        watch(side, crowd, "/v2/keys/watched?wait=true&recursive=true&stream=true")
        return statistics.median(change(side, crowd, number) for number in range(rounds))


def idle_cost(side, count, seconds):
    """MiB for so many waiting watchers, and the rate of unrelated PUTs with them as a part of the rate without."""
    def rate():
        return run_wrk(side.endpoint(1), "PUT", 64, seconds)["rate"]

    before, alone = side.memory(), rate()
    with Crowd(side.endpoint(1), count) as crowd:
        watch(side, crowd, "/v2/keys/watched?wait=true&recursive=true")
        held, watched = side.memory() - before, rate()
    return held, watched / statistics.mean((alone, rate()))  # the machine may have other moods by then


def measure(options):
    sides = both(1)
    try:
        for side in sides:
            fill(side.endpoint(1))
            with Crowd(side.endpoint(1), 1) as writer:
                writer.send_all(put_request("/v2/keys/watched/one", b"value=begin"))
                writer.await_all(b"begin", 10)
        rounds = options.rounds * 2 + 1
        few, many = options.watchers
        yield Figure(f"watch fan-out ms, {few:,} long polls", *[polls(side, few, rounds) for side in sides])
        yield Figure(f"watch fan-out ms, {few:,} streams", *[streams(side, few, rounds) for side in sides])
        costs = {side.name: [] for side in sides}
        for _ in range(min(3, options.rounds)):
            for side in sides:
                costs[side.name].append(idle_cost(side, many, options.seconds))
        # What the first crowd took is kept for the next ones.
        yield Figure(f"memory MiB for {many:,} watchers", *[found[0][0] for found in costs.values()])
        yield Figure(f"rate of other PUTs with {many:,} watchers, part",
                     *[statistics.median(part for _, part in found) for found in costs.values()], more_is_better=True)
        yield Figure(f"watch fan-out ms, {many:,} long polls", *[polls(side, many, options.rounds) for side in sides])
    finally:
        stop_all(sides)
