# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that come to a cluster at bad moments: two at once, one that belongs elsewhere, and one that is given its vote
while machines crash."""
import http.client
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from bare_agents import BareAgent
from local_cluster import call, etcdctl, get, put
from qdtest import Case, main, proves, wait_for

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def members(agent):
    return json.loads(call(agent.endpoint(), "GET", "/v2/members")[1])["members"]


def listed(agent):
    """What etcdctl says, without who leads."""
    return sorted(line.split(" isLeader")[0] for line in etcdctl(agent.endpoint(), "member", "list").stdout.splitlines())


class Joins(Case):
    def agents(self, *numbers):
        out = [BareAgent(f"core-{number:02}", f"127.0.0.{214 + number}") for number in numbers]
        for agent in out:
            self.addCleanup(agent.stop)
        return out

    @proves("R-29")
    def test_1_two_come_at_once_and_one_that_belongs_elsewhere_does_not(self):
        first, second, third, stranger = self.agents(1, 2, 3, 4)
        first.init().start().await_health()
        stranger.init().start().await_health()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda agent: agent.join(first).start().await_health(), (second, third)))
        for agent in (first, second, third):
            wait_for(lambda a=agent: put(a.endpoint(), "/joined", a.name), 20, f"a write through {agent.name}")
        wait_for(lambda: len({tuple(listed(agent)) for agent in (first, second, third)}) == 1, 10, "one list")
        self.assertEqual({each["name"] for each in members(first)}, {first.name, second.name, third.name})
        self.assertEqual(len({each["id"] for each in members(first)}), 3)
        # Who is in a cluster is not taken into another one, and stays what it is.
        refused = stranger.command("join", first.token(), "--peer", first.address, *stranger.setup())
        self.assertEqual(refused.returncode, 1)
        self.assertIn("already", refused.stderr)
        stranger.kill()
        refused = stranger.command("join", first.token(), "--peer", first.address, *stranger.setup())
        self.assertEqual(refused.returncode, 1)
        stranger.start().await_health()
        self.assertEqual([each["name"] for each in members(stranger)], [stranger.name])
        self.assertEqual(len(members(first)), 3)
        self.assertIsNone(get(stranger.endpoint(), "/joined"))

    @proves("R-30")
    def test_2_a_vote_that_was_given_is_not_forgotten_by_a_crash(self):
        first, *later = self.agents(5, 6, 7)
        first.init().start().await_health()
        there = [first]
        for newcomer in later:
            newcomer.join(first).start()
            wait_for(lambda n=newcomer: put(n.endpoint(), "/promoted", n.name), 20, f"{newcomer.name} takes writes")
            there.append(newcomer)
            want = wait_for(lambda: len(listed(first)) == len(there) and listed(first), 10, "the newcomer in the list")
            for victims in ([newcomer], [first], there):
                for agent in victims:
                    agent.kill()
                for agent in victims:
                    agent.start()
                for agent in there:
                    agent.await_health(30)
                    wait_for(lambda a=agent, w=want: listed(a) == w, 10, f"the same list on {agent.name}")
        # Each of the three has a vote: any two decide, and no one alone.
        for lost in there:
            lost.kill()
            rest = [agent for agent in there if agent is not lost]
            wait_for(lambda r=rest: put(r[0].endpoint(), "/two", "decide"), 20, "a write of two")
            rest[1].kill()
            wait_for(lambda r=rest: not r[0].healthy(), 20, "one alone knows that it has no majority")
            self.assertIsNone(put(rest[0].endpoint(), "/one", "alone", timeout=2))
            for agent in (lost, rest[1]):
                agent.start()
            for agent in there:
                agent.await_health(30)

    @proves("E95")
    def test_3_fewer_members_write_faster(self):
        alone, first, *later = self.agents(8, 9, 10, 11, 12, 13)
        for founder in (alone, first):
            founder.init().start().await_health()
        for newcomer in later:
            newcomer.join(first).start()
            wait_for(lambda n=newcomer: put(n.endpoint(), "/speed", "0"), 20, f"{newcomer.name} takes writes")
        wait_for(lambda: len(members(first)) == 5, 10, "five members")
        links = {agent: http.client.HTTPConnection(agent.address, 2379, timeout=20) for agent in (alone, first)}
        took = {agent: [] for agent in links}
        for number in range(150):  # in turn: what else this machine does meets both alike
            for agent, link in links.items():
                began = time.monotonic()
                link.request("PUT", "/v2/keys/speed", f"value={number}", FORM)
                link.getresponse().read()
                took[agent].append(time.monotonic() - began)
        one, five = (statistics.median(times) for times in took.values())
        print(f"a write takes {one * 1000:.1f} ms with one member, {five * 1000:.1f} ms with five", end=" ", flush=True)
        self.assertLess(one, five)
        for link in links.values():
            link.close()


if __name__ == "__main__":
    main()
