# SPDX-License-Identifier: GPL-3.0-or-later
"""Three members, the leader goes: how long is there nobody who takes a write?"""
import http.client
import statistics
import threading
import time
import urllib.parse

from report import Figure
from sides import both, stop_all


class Writer(threading.Thread):
    """A client of one member that writes on and on, as a client would: one request, its answer, the next."""

    def __init__(self, endpoint):
        super().__init__(daemon=True)
        url = urllib.parse.urlsplit(endpoint)
        self.address = (url.hostname, url.port)
        self.accepted = []  # moments (perf_counter)
        self.ended = threading.Event()

    def run(self):
        link = None
        while not self.ended.is_set():
            try:
                if link is None:
                    link = http.client.HTTPConnection(*self.address, timeout=15)
                link.request("PUT", "/v2/keys/gap", "value=x", {"Content-Type": "application/x-www-form-urlencoded"})
                answer = link.getresponse()
                answer.read()
                if answer.status in (200, 201):
                    self.accepted.append(time.perf_counter())
                else:
                    time.sleep(0.005)
            except (OSError, http.client.HTTPException):
                link = None
                time.sleep(0.005)

    def first_after(self, moment, seconds=30):
        """Milliseconds from the moment to the first write accepted after it, as this client sees it."""
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            for accepted in self.accepted:
                if accepted > moment:
                    return (accepted - moment) * 1000
            time.sleep(0.01)
        raise TimeoutError("no write was accepted")


def longest_gap(moments):
    """Milliseconds of the longest time between two writes that follow each other."""
    return max(later - earlier for earlier, later in zip(moments, moments[1:])) * 1000


def lose_leader(side):
    """Kills the leader under writing clients; for each survivor the time to its first accepted write."""
    leader = side.leader()
    writers = [Writer(side.endpoint(number)) for number in range(1, 4) if number != leader]
    for writer in writers:
        writer.start()
    time.sleep(0.5)  # they write
    began = time.perf_counter()
    side.kill(leader)
    # A write that was on its way may still be answered; the leader's absence begins to tell after it.
    times = [writer.first_after(began + 0.02) + 20 for writer in writers]
    for writer in writers:
        writer.ended.set()
    for writer in writers:
        writer.join()
    side.start_again(leader)
    return times


def stop_leader(side):
    """Stops the leader as an administrator would; the longest gap that a client of another member sees."""
    leader = side.leader()
    writer = Writer(side.endpoint(leader % 3 + 1))
    begin = time.perf_counter()
    writer.start()
    time.sleep(0.5)
    side.stop_store(leader)
    time.sleep(3)  # longer than any election
    end = time.perf_counter()
    writer.ended.set()
    writer.join()
    side.start_again(leader)
    return longest_gap([begin] + [at for at in writer.accepted if at < end] + [end])


def measure(options):
    sides = both(3)
    try:
        killed = {side.name: [] for side in sides}
        stopped = {side.name: [] for side in sides}
        for _ in range(options.failovers):
            for side in sides:
                killed[side.name] += lose_leader(side)
        yield Figure("leader killed, first write ms, median", *[statistics.median(t) for t in killed.values()])
        yield Figure("leader killed, first write ms, worst", *[max(t) for t in killed.values()])
        for _ in range(options.failovers):
            for side in sides:
                stopped[side.name].append(stop_leader(side))
        yield Figure("leader stopped, write gap ms, median", *[statistics.median(t) for t in stopped.values()])
        yield Figure("leader stopped, write gap ms, worst", *[max(t) for t in stopped.values()])
    finally:
        stop_all(sides)
