# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that has lost most of its members for good (ch5-etcd.md 7.5, S24)."""
import json
import os
import urllib.request

from bare_agents import BareAgent
from local_cluster import call, etcdctl, get, put
from qdtest import Case, main, proves, wait_for

KEYS = 100


def members(agent):
    return json.loads(call(agent.endpoint(), "GET", "/v2/members")[1])["members"]


def cluster_id(agent):
    with urllib.request.urlopen(agent.endpoint() + "/v2/keys/", timeout=5) as answer:
        return answer.headers["X-Etcd-Cluster-Id"]


class Recovery(Case):
    def agents(self, *numbers):
        out = [BareAgent(f"core-{number:02}", f"127.0.0.{170 + number}") for number in numbers]
        for agent in out:
            self.addCleanup(agent.stop)
        return out

    def three_with_data(self, *numbers):
        agents = self.agents(*numbers)
        agents[0].init().start().await_health()
        for agent in agents[1:]:
            agent.join(agents[0]).start().await_health()
        wait_for(lambda: all(put(agent.endpoint(), "/up", "1") for agent in agents), 20, "three that take writes")
        wait_for(lambda: len(members(agents[2])) == 3, 10, "three members")
        for number in range(KEYS):
            self.assertTrue(put(agents[number % 3].endpoint(), f"/data/{number}", f"value {number}"))
        return agents

    def check_data(self, agent):
        for number in range(KEYS):
            self.assertEqual(get(agent.endpoint(), f"/data/{number}"), f"value {number}")

    def grow(self, survivor, newcomers):
        for newcomer in newcomers:
            added = etcdctl(survivor.endpoint(), "member", "add", newcomer.name, f"http://{newcomer.address}:2380")
            self.assertEqual(added.returncode, 0, added.stderr)
            newcomer.join(survivor).start().await_health()
            wait_for(lambda n=newcomer: put(n.endpoint(), "/grown", n.name), 20, f"{newcomer.name} takes writes")
        wait_for(lambda: etcdctl(survivor.endpoint(), "cluster-health").stdout.endswith("cluster is healthy\n"), 20,
                 "a healthy cluster")
        self.assertEqual(len(members(survivor)), 1 + len(newcomers))

    @proves("E4", "E99", "E100")
    def test_1_the_last_of_three_goes_on_alone_and_grows(self):
        one, two, survivor = self.three_with_data(1, 2, 3)
        before = cluster_id(survivor)
        one.kill()
        two.kill()
        wait_for(lambda: not survivor.healthy(), 10, "the survivor knows that it has no majority")
        self.assertIsNone(put(survivor.endpoint(), "/lost", "majority", timeout=3))
        survivor.stop(keep=True)
        survivor.start("--force-new-cluster").await_health()
        self.check_data(survivor)
        self.assertEqual([each["name"] for each in members(survivor)], ["core-03"])
        self.assertEqual(cluster_id(survivor), before)  # on a folder that is no backup the ids stay
        self.assertTrue(put(survivor.endpoint(), "/alone", "1"))
        self.assertIn("only member now", survivor.log())
        survivor.stop(keep=True)
        survivor.start().await_health()
        newcomers = self.agents(4, 5)
        self.grow(survivor, newcomers)
        for agent in newcomers:
            self.check_data(agent)
        # One of the lost comes back with its old folder: it is told that it is none of them any more.
        one.start(await_ready=False)
        self.assertEqual(one.await_end(30), 4)
        self.assertIn("removed from the cluster", one.log())
        self.assertEqual(len(members(survivor)), 3)

    @proves("E96", "E97", "E98", "E99", "E101")
    def test_2_a_backup_is_another_cluster_with_the_same_data(self):
        one, two, survivor = self.three_with_data(6, 7, 8)
        before, old = cluster_id(survivor), {each["id"] for each in members(survivor)}
        one.kill()
        two.kill()
        new, = self.agents(9)
        copy = f"{new.dir}/copy"
        told = survivor.must("backup", "--data-dir", f"{survivor.dir}/state", "--backup-dir", copy)  # while it runs
        self.assertIn("--force-new-cluster", told)
        for folder, _, files in os.walk(copy):
            for name in files:
                self.assertEqual(os.stat(os.path.join(folder, name)).st_mode & 0o77, 0)
        again = survivor.command("backup", *survivor.places(), "--backup-dir", copy)
        self.assertEqual(again.returncode, 1)
        # It is looked at before it takes the place of the old cluster, which is still there.
        new.start("--state", copy, "--address", new.address, "--force-new-cluster").await_health()
        self.check_data(new)
        self.assertNotEqual(cluster_id(new), before)
        alone = members(new)
        self.assertEqual(len(alone), 1)
        self.assertNotIn(alone[0]["id"], old)
        # Its address is the one that it is started with; etcd's would be localhost (etcd-differences.md).
        self.assertEqual(alone[0]["peerURLs"], [f"https://{new.address}:2380"])
        self.assertEqual(get(survivor.endpoint(), "/data/7"), "value 7")
        new.stop(keep=True)
        os.rename(copy, f"{new.dir}/state")
        new.start("--address", new.address).await_health()
        self.check_data(new)
        moved = etcdctl(new.endpoint(), "member", "update", alone[0]["id"], f"https://{new.address}:2380")
        self.assertEqual(moved.returncode, 0, moved.stderr)
        wait_for(lambda: members(new)[0]["peerURLs"] == [f"https://{new.address}:2380"], 10, "its place")
        self.assertTrue(put(new.endpoint(), "/new", "1"))
        self.assertEqual(call(survivor.endpoint(), "GET", "/v2/keys/new")[0], 404)
        newcomers = self.agents(10, 11)
        self.grow(new, newcomers)
        for agent in newcomers:
            self.check_data(agent)
        # The old ones are what they were: another cluster, even when they come back.
        one.start().await_health()
        self.assertEqual(cluster_id(one), before)
        self.assertEqual({each["id"] for each in members(one)}, old)
        self.assertEqual(call(one.endpoint(), "GET", "/v2/keys/new")[0], 404)
        self.assertEqual(len(members(new)), 3)


if __name__ == "__main__":
    main()
