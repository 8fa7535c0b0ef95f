# SPDX-License-Identifier: GPL-3.0-or-later
"""Who leads, from the first moment on and through a divided network (ch5-etcd.md, S1 and S2). The test lives in a
network of its own, so that it may cut it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from bare_agents import BareAgent
from local_cluster import call, get, put
from qdtest import Case, main, proves, wait_for

SECONDS_WITHOUT_LEADER = 2  # of the acceptance scenario: one time-out and one election


def ip(*words, inside=None):
    enter = ["nsenter", f"--net=/proc/{inside}/ns/net"] if inside else []
    subprocess.run([*enter, "ip", *words], check=True, timeout=20)


class Wire:
    """A network namespace on a bridge, for one member; its cable may be put into the other bridge."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        # A name of its own: the kernel takes an earlier namespace away, and its cable, some time after its end.
        self.name = f"veth{self.holder.pid}"

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

    def close(self):
        self.holder.kill()
        self.holder.wait()


def own_network():
    """Two bridges; the test itself is at the first one."""
    ip("link", "set", "lo", "up")
    for bridge in ("one", "two"):
        ip("link", "add", bridge, "type", "bridge")
        ip("link", "set", bridge, "up")
    ip("addr", "add", f"{BareAgent('test', '10.0.0.100').address}/24", "dev", "one")


def figures(agent):
    """State and term, as the member itself says; None while it says nothing."""
    try:
        status = json.loads(call(agent.endpoint(), "GET", "/debug/vars", timeout=2)[1])["raft.status"]
        return status["raftState"], status["term"]
    except OSError:
        return None


def leaders(agents):
    return [agent for agent in agents if (figures(agent) or ("",))[0] == "StateLeader"]


class Roles(Case):
    @classmethod
    def setUpClass(cls):
        own_network()

    def members(self, count):
        folder = tempfile.mkdtemp(prefix="qd-authority-")
        self.addCleanup(shutil.rmtree, folder)
        agents = []
        for number in range(1, count + 1):
            agent = BareAgent(f"core-{number:02}", f"10.0.0.{number}")
            agent.wire = Wire()
            self.addCleanup(agent.wire.close)
            agent.wire.connect(agent.address)
            agent.before = agent.wire.enter()
            self.addCleanup(agent.stop)
            agents.append(agent)
        agents[0].must("authority", folder)
        cluster = ",".join(f"{agent.name}=http://{agent.address}:2380" for agent in agents)
        for agent in agents:
            agent.flags = ["--name", agent.name, "--authority", folder, "--listen-peer-urls",
                           f"http://{agent.address}:2380", "--listen-client-urls", agent.endpoint(),
                           "--advertise-client-urls", agent.endpoint(), "--initial-cluster", cluster]
        return agents

    @proves("E7")
    def test_1_the_life_of_a_role(self):
        agents = self.members(3)
        first, *others = agents
        first.start_as_etcd(*first.flags)
        seen = [wait_for(lambda: figures(first), 20, "it speaks")[0]]
        wait_for(lambda: seen.append(figures(first)[0]) or seen[-1] == "StateCandidate", 20, "it asks for votes")
        self.assertEqual(seen[0], "StateFollower")
        self.assertNotIn("StateLeader", seen)
        for agent in others:
            agent.start_as_etcd(*agent.flags)
            self.assertEqual(wait_for(lambda a=agent: figures(a), 20, "it speaks")[0], "StateFollower")
        leader, = wait_for(lambda: leaders(agents), 20, "a leader")
        states = wait_for(lambda: {agent.name: figures(agent) for agent in agents}
                          if len({figures(agent)[1] for agent in agents}) == 1 else None, 10, "one term everywhere")
        self.assertEqual(sorted(state for state, _ in states.values()),
                         ["StateFollower", "StateFollower", "StateLeader"])
        term = figures(leader)[1]
        self.assertGreaterEqual(term, 1)
        wait_for(lambda: put(leader.endpoint(), "/a", "1"), 10, "a write")
        rest = [agent for agent in agents if agent is not leader]
        leader.kill()
        began = time.monotonic()
        new, = wait_for(lambda: leaders(rest), 10, "a new leader")
        self.assertLess(time.monotonic() - began, SECONDS_WITHOUT_LEADER)
        self.assertGreater(figures(new)[1], term)
        leader.start_as_etcd(*leader.flags)
        wait_for(lambda: (figures(leader) or ())[1:] == (figures(new)[1],), 20, "the old one has learnt the new term")
        self.assertEqual(figures(leader)[0], "StateFollower")
        self.assertEqual(leaders(agents), [new])

    @proves("E12")
    def test_2_a_leader_in_the_minority(self):
        agents = self.members(5)
        for agent in agents:
            agent.start_as_etcd(*agent.flags)
        old, = wait_for(lambda: leaders(agents), 20, "a leader")
        self.assertTrue(wait_for(lambda: put(old.endpoint(), "/before", "1"), 10, "a write"))
        term = figures(old)[1]
        minority = [old, next(agent for agent in agents if agent is not old)]
        majority = [agent for agent in agents if agent not in minority]
        for agent in minority:
            agent.wire.put_into("two")
        new, = wait_for(lambda: leaders(majority), 20, "the majority's leader")
        self.assertGreater(figures(new)[1], term)
        self.assertTrue(put(new.endpoint(), "/meanwhile", "1"))
        lost = subprocess.run([*old.wire.enter(), "curl", "-s", f"{old.endpoint()}/v2/keys/lost", "-XPUT", "-d", "value=1"],
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(json.loads(lost.stdout)["errorCode"], 300, lost.stdout)
        for agent in minority:
            agent.wire.put_into("one")
        wait_for(lambda: all((figures(agent) or ())[1:] == (figures(new)[1],) for agent in agents), 30, "one term everywhere")
        self.assertEqual(len(leaders(agents)), 1)
        self.assertGreater(figures(leaders(agents)[0])[1], term)
        self.assertTrue(wait_for(lambda: put(old.endpoint(), "/after", "1"), 10, "a write at the old leader"))
        for agent in agents:
            wait_for(lambda a=agent: get(a.endpoint(), "/after") == "1", 10, f"the last write on {agent.name}")
        told = {call(agent.endpoint(), "GET", "/v2/keys/?recursive=true")[1] for agent in agents}
        self.assertEqual(len(told), 1)
        self.assertIn("/meanwhile", *told)
        self.assertNotIn("/lost", *told)


if __name__ == "__main__":
    if "QD_OWN_NETWORK" not in os.environ:
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, "QD_OWN_NETWORK": "1"})
    main()
