# SPDX-License-Identifier: GPL-3.0-or-later
"""A network for one test, which it may cut: each member has a network namespace of its own at a bridge, and the test is at
the bridge too. Needs a program that has called `alone` first."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from bare_agents import BareAgent, founding_flags
from local_cluster import call
from qdtest import wait_for

NOBODY = "02:00:00:00:00:01"  # an Ethernet address that no cable ends at


def alone():
    """Runs the program again in a network namespace of its own, which goes with it."""
    if "QD_OWN_NETWORK" not in os.environ:
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "QD_OWN_NETWORK": "1"})


def ip(*words, inside=None):
    enter = ["nsenter", f"--net=/proc/{inside}/ns/net"] if inside else []
    subprocess.run([*enter, "ip", *words], check=True, timeout=20)


def own_network():
    """Two bridges; the test itself is at the first one."""
    ip("link", "set", "lo", "up")
    for bridge in ("one", "two"):
        ip("link", "add", bridge, "type", "bridge")
        ip("link", "set", bridge, "up")
    ip("addr", "add", f"{BareAgent('test', '10.0.0.100').address}/24", "dev", "one")


class Wire:
    """A network namespace on a bridge, for one member; its cable may be put into the other bridge."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        # A name of its own: the kernel takes an earlier namespace away, and its cable, some time after its end.
        self.name = f"veth{self.holder.pid}"
        self.cut = set()

    def connect(self, address):
        own = os.readlink("/proc/self/ns/net")
        wait_for(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own, 10, "a namespace")
        pid = str(self.holder.pid)
        ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", pid)
        ip("addr", "add", f"{address}/24", "dev", "eth0", inside=pid)
        ip("link", "set", "eth0", "up", inside=pid)
        ip("link", "set", "lo", "up", inside=pid)
        ip("link", "set", self.name, "up")
        self.put_into("one")

    def enter(self):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]

    def put_into(self, bridge):
        ip("link", "set", self.name, "master", bridge)

    def send_nothing_to(self, addresses):
        """What it sends to them is lost without a word; what they send arrives. The test's clients still reach it."""
        for address in addresses:
            ip("neigh", "replace", address, "lladdr", NOBODY, "dev", "eth0", "nud", "permanent",
               inside=self.holder.pid)
            self.cut.add(address)

    def mend(self):
        for address in self.cut:
            ip("neigh", "del", address, "dev", "eth0", inside=self.holder.pid)
        self.cut.clear()
        self.put_into("one")

    def close(self):
        self.holder.kill()
        self.holder.wait()


def wired_members(count, cleanup, *more):
    """Members with a cable each, not started yet; their flags make them one cluster."""
    folder = tempfile.mkdtemp(prefix="qd-authority-")
    cleanup(shutil.rmtree, folder)
    agents = []
    for number in range(1, count + 1):
        agent = BareAgent(f"core-{number:02}", f"10.0.0.{number}")
        agent.wire = Wire()
        cleanup(agent.wire.close)
        agent.wire.connect(agent.address)
        agent.before = agent.wire.enter()
        cleanup(agent.stop)
        agents.append(agent)
    agents[0].must("authority", folder)
    for agent in agents:
        agent.flags = founding_flags(agent, agents, folder, *more)
    return agents


def figures(agent):
    """State and term, as the member itself says; None while it says nothing."""
    try:
        status = json.loads(call(agent.endpoint(), "GET", "/debug/vars", timeout=2)[1])["raft.status"]
        return status["raftState"], status["term"]
    except OSError:
        return None


def leaders(agents):
    return [agent for agent in agents if (figures(agent) or ("",))[0] == "StateLeader"]


def part(agents, one):
    """Neither this one hears the others, nor they it; its clients notice nothing of it."""
    others = [agent for agent in agents if agent is not one]
    one.wire.send_nothing_to([agent.address for agent in others])
    for agent in others:
        agent.wire.send_nothing_to([one.address])


def mend(agents):
    for agent in agents:
        agent.wire.mend()
