# SPDX-License-Identifier: GPL-3.0-or-later
"""Who leads, from the first moment on and through a divided network (ch5-etcd.md, S1 and S2). The test lives in a
network of its own, so that it may cut it."""
import json
import subprocess
import time

from local_cluster import call, get, put
from qdtest import Case, main, proves, wait_for
from wires import alone, figures, leaders, own_network, wired_members

SECONDS_WITHOUT_LEADER = 2  # of the acceptance scenario: one time-out and one election


class Roles(Case):
    @classmethod
    def setUpClass(cls):
        own_network()

    @proves("E7")
    def test_1_the_life_of_a_role(self):
        agents = wired_members(3, self.addCleanup)
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
        agents = wired_members(5, self.addCleanup)
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
    alone()
    main()
