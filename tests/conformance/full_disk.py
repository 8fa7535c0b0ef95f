# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are full (R-45): the member says so and takes no more writes, reads go on, the others do not go with it, and
everything goes on by itself when there is room again. Each member has a file system of 64 MiB of its own."""
import json
import threading
import time
import urllib.error
import urllib.request

from bare_agents import BareAgent
from local_cluster import call, get, put
from qdtest import Case, main, proves, wait_for
from small_disk import SmallDisk, own_mounts

SIZE = 64
FORM = "application/x-www-form-urlencoded"


def try_put(endpoint, key, value, timeout=8):
    """Status and cause of a PUT; 0 when nobody answered."""
    request = urllib.request.Request(f"{endpoint}/v2/keys{key}", f"value={value}".encode(), {"Content-Type": FORM},
                                     method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()).get("cause", "")
    except OSError as error:
        return 0, str(error)


def try_delete(endpoint, key):
    return call(endpoint, "DELETE", f"/v2/keys{key}", timeout=8)[0]


def health(agent):
    return call(agent.endpoint(), "GET", "/health", timeout=5)


class FullDisk(Case):
    @classmethod
    def setUpClass(cls):
        own_mounts()
        cls.agents = [BareAgent(f"full-{number}", f"127.0.0.{200 + number}") for number in (1, 2, 3)]
        cls.disks = {}
        for agent in cls.agents:
            cls.disks[agent] = SmallDisk(f"{agent.dir}/state", SIZE)
            cls.addClassCleanup(cls.disks[agent].unmount)
            cls.addClassCleanup(agent.stop)
        first, *others = cls.agents
        first.init().start().await_health()
        for agent in others:
            agent.join(first).start().await_health()
        wait_for(lambda: cls.followers() == 2, 30, "two followers")

    @classmethod
    def followers(cls):
        leader = cls.leader()
        stats = leader and json.loads(call(leader.endpoint(), "GET", "/v2/stats/leader")[1])
        return len(stats["followers"]) if stats else 0

    @classmethod
    def leader(cls):
        for agent in cls.agents:
            try:
                stats = json.loads(call(agent.endpoint(), "GET", "/v2/stats/self", timeout=2)[1])
            except OSError:
                continue
            if stats.get("state") == "StateLeader":
                return agent
        return None

    def tearDown(self):
        for agent in self.agents:
            self.disks[agent].empty()
        # Nobody had to be started again.
        self.assertEqual({agent: agent.process.poll() for agent in self.agents}, dict.fromkeys(self.agents))

    def await_leader(self):
        return wait_for(self.leader, 20, "a leader")

    def await_written(self, agent, key):
        wait_for(lambda: try_put(agent.endpoint(), key, "x")[0] in (200, 201), 20, f"a write through {agent.name}")

    @proves("R-45")
    def test_1_one_full_disk_stops_nobody_else(self):
        leader = self.await_leader()
        full = next(agent for agent in self.agents if agent is not leader)
        self.disks[full].fill()
        wait_for(lambda: health(full) == (503, '{"health":"false"}\n'), 10, "the alarm of the full one")
        for number in range(20):
            self.assertEqual(try_put(full.endpoint(), f"/one/{number}", "x")[0], 201)
        self.assertEqual(health(leader), (200, '{"health":"true"}'))
        self.assertEqual(get(full.endpoint(), "/one/19", query="?quorum=true"), "x")
        self.disks[full].empty()
        wait_for(lambda: health(full)[0] == 200, 10, "no alarm any more")
        wait_for(lambda: get(full.endpoint(), "/one/19") == "x", 10, "what it has missed")

    @proves("R-45")
    def test_2_a_leader_whose_disk_is_full_leaves_the_lead_to_another(self):
        leader = self.await_leader()
        self.disks[leader].fill()
        wait_for(lambda: self.leader() not in (None, leader), 10, "another leader")
        self.await_written(leader, "/two")
        self.assertEqual(health(leader)[0], 503)
        self.assertIn("ALARM", leader.log())

    @proves("R-45")
    def test_3_when_all_are_full_reads_go_on_and_writes_are_refused_in_words(self):
        leader = self.await_leader()
        self.await_written(leader, "/three")
        self.await_written(leader, "/three-gone")
        call(leader.endpoint(), "PUT", "/v2/keys/three-lives?value=x&ttl=6")
        end = time.monotonic() + 6
        for agent in self.agents:
            self.disks[agent].fill()
        for agent in self.agents:
            wait_for(lambda a=agent: health(a)[0] == 503, 10, f"the alarm of {agent.name}")
            wait_for(lambda a=agent: try_put(a.endpoint(), "/other", "y")[0] == 507, 10, f"a refusal by {agent.name}")
            status, cause = try_put(agent.endpoint(), "/three", "y")
            self.assertEqual(status, 507)
            self.assertRegex(cause, "no space: .* (nearly )?full")
            self.assertEqual(get(agent.endpoint(), "/three", query="?quorum=true"), "x")
        # What makes room is taken, and moves no time on: nobody can renew a key now.
        wait_for(lambda: time.monotonic() > end, 10, "the end of a life by the clock on the wall")
        self.assertEqual(try_delete(leader.endpoint(), "/three-gone"), 200)
        self.assertEqual(try_delete(leader.endpoint(), "/three-gone"), 404)
        self.assertEqual(get(leader.endpoint(), "/three-lives", query="?quorum=true"), "x")
        # Who is started again meanwhile finds the room that was kept for it.
        follower = next(agent for agent in self.agents if agent is not self.leader())
        follower.kill()
        follower.start()
        self.assertEqual(get(follower.endpoint(), "/three", query="?quorum=true"), "x")
        self.disks[self.leader()].empty()
        self.disks[follower].empty()
        self.await_written(leader, "/three-again")

    @proves("R-45")
    def test_4_nothing_that_was_acknowledged_is_lost_while_disks_fill_under_load(self):
        leader = self.await_leader()
        acknowledged, ended = {}, threading.Event()

        def write(name):
            for number in range(100_000):
                if ended.is_set():
                    return
                key = f"/load/{name}/{number % 50}"
                agent = self.agents[(number + name) % 3]
                # As large as they may be: a log of 16 MiB is soon at its end.
                value = f"{name}-{number}-" + "v" * 20_000
                status, _ = try_put(agent.endpoint(), key, value)
                if status in (200, 201):
                    acknowledged[key] = value
                    continue
                if status != 507:
                    acknowledged.pop(key, None)  # it may or may not have come through
                ended.wait(0.02)

        writers = [threading.Thread(target=write, args=(name,), daemon=True) for name in range(3)]
        for writer in writers:
            writer.start()
        try:
            for agent in self.agents:
                before = len(acknowledged)
                self.disks[agent].fill()
                wait_for(lambda a=agent: health(a)[0] == 503, 20, f"the alarm of {agent.name}")
                self.assertGreaterEqual(len(acknowledged), before // 2)
            for agent in self.agents:
                self.disks[agent].empty()
            wait_for(lambda: all(health(agent)[0] == 200 for agent in self.agents), 30, "no alarm")
            self.await_written(leader, "/after")
        finally:
            ended.set()
            for writer in writers:
                writer.join(30)
        self.assertGreater(len(acknowledged), 20)
        for key, value in acknowledged.items():
            self.assertEqual(get(self.agents[0].endpoint(), key, query="?quorum=true"), value)


if __name__ == "__main__":
    main()
