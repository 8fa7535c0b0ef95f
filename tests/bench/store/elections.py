# SPDX-License-Identifier: GPL-3.0-or-later
"""Three members, the leader is killed: how long until a survivor says that it leads? Without any client that writes."""
import http.client
import json
import shutil
import signal
import statistics
import tempfile
import time
import urllib.parse

from bare_agents import BareAgent, founding_flags
from qdtest import wait_for
from report import Figure
from sides import Side, Theirs, stop_all

# heartbeat and election time in milliseconds, and how a figure of them is called
TIMES = {"": (100, 1000), "10/100 ms, ": (10, 100)}
COUNT = 3


def state(endpoint):
    """As /v2/stats/self says it; None of one that does not answer."""
    url = urllib.parse.urlsplit(endpoint)
    link = http.client.HTTPConnection(url.hostname, url.port, timeout=1)
    try:
        link.request("GET", "/v2/stats/self")
        return json.loads(link.getresponse().read()).get("state")
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        link.close()


def leads(side, number):
    return state(side.endpoint(number)) == "StateLeader"


class Ours(Side):
    """Bare agents by etcd's flags."""

    def __init__(self, flags):
        self.authority = tempfile.mkdtemp(prefix="qd-authority-")
        self.agents = [BareAgent(f"e{number}", f"127.0.0.{100 + number}") for number in range(1, COUNT + 1)]
        self.flags = flags
        self.count = COUNT

    def start(self):
        self.agents[0].must("authority", self.authority)
        for number in range(1, COUNT + 1):
            self.start_member(number, await_ready=False)
        self.await_health()

    def start_member(self, number, await_ready=True):
        agent = self.agents[number - 1]
        flags = founding_flags(agent, self.agents, self.authority, *self.flags)
        agent.start_as_etcd(*flags, await_ready=await_ready)

    def endpoint(self, number):
        return self.agents[number - 1].endpoint()

    def kill(self, number):
        self.agents[number - 1].process.send_signal(signal.SIGKILL)

    def start_again(self, number):
        self.agents[number - 1].kill()
        self.start_member(number)
        self.await_health()

    def stop(self):
        for agent in self.agents:
            agent.kill()
            agent.stop()
        shutil.rmtree(self.authority, ignore_errors=True)


def lose_leader(side):
    """Milliseconds from the kill to the moment when a survivor has said that it leads."""
    leader = wait_for(lambda: next((n for n in range(1, COUNT + 1) if leads(side, n)), None), 20, "a leader")
    survivors = [number for number in range(1, COUNT + 1) if number != leader]
    began = time.perf_counter()
    side.kill(leader)
    while not any(leads(side, number) for number in survivors):
        if time.perf_counter() - began > 20:
            raise TimeoutError("no survivor leads")
        time.sleep(0.001)
    took = (time.perf_counter() - began) * 1000
    side.start_again(leader)
    return took


def measure(options):
    for words, (heartbeat, election) in TIMES.items():
        flags = ["--heartbeat-interval", str(heartbeat), "--election-timeout", str(election)]
        sides = [Ours(flags), Theirs(COUNT, flags)]
        try:
            for side in sides:
                side.start()
            times = [[], []]
            for _ in range(options.failovers):
                for side, taken in zip(sides, times):
                    taken.append(lose_leader(side))
            yield Figure(f"{words}leader killed, new leader ms, median", *[statistics.median(t) for t in times])
            yield Figure(f"{words}leader killed, new leader ms, worst", *[max(t) for t in times])
        finally:
            stop_all(sides)
