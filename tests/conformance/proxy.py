# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that are no members: etcd's API without a store (ch5-etcd.md 3.3, S22)."""
import json
import os
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

from bare_agents import BareAgent
from local_cluster import LocalCluster, call, etcdctl, get, put
from qdtest import Case, main, proves, wait_for
from wires import figures, leaders


class Proxy(Case):
    @classmethod
    def setUpClass(cls):
        cls.agents = [BareAgent(f"core-0{number}", f"127.0.0.{160 + number}") for number in range(1, 4)]
        cls.first, cls.second, cls.third = cls.agents
        for agent in cls.agents:
            cls.addClassCleanup(agent.stop)
        cls.first.init().start().await_health()
        for agent in cls.agents[1:]:
            agent.join(cls.first).start().await_health()
        wait_for(lambda: all(put(agent.endpoint(), "/up", "1") for agent in cls.agents), 20, "three that take writes")

    def proxy(self, number, mode, *more):
        agent = BareAgent(f"proxy-{number}", f"127.0.0.{165 + number}")
        self.addCleanup(agent.stop)
        cluster = ",".join(f"{each.name}=http://{each.address}:2380" for each in self.agents)
        agent.start_as_etcd("--proxy", mode, "--initial-cluster", cluster, "--listen-client-urls",
                            f"http://{agent.address}:2379", "--proxy-refresh-interval", "300", *more)
        wait_for(lambda: call(agent.endpoint(), "GET", "/version")[0] == 200, 20, "the proxy knows a member")
        return agent

    @proves("E14", "E92")
    def test_1_it_reads_and_writes_and_holds_nothing(self):
        proxy = self.proxy(1, "on")
        self.assertEqual(put(proxy.endpoint(), "/through", "proxy")["action"], "set")
        self.assertEqual(get(self.first.endpoint(), "/through", query="?quorum=true"), "proxy")
        self.assertEqual(call(proxy.endpoint(), "GET", "/v2/keys/none")[0], 404)
        self.assertEqual(call(proxy.endpoint(), "DELETE", "/v2/keys/through")[0], 200)
        self.assertTrue(etcdctl(proxy.endpoint(), "set", "/a", "1").stdout)
        endpoints = json.loads(call(proxy.endpoint(), "GET", "/v2/config/local/proxy")[1])["endpoints"]
        self.assertEqual(set(endpoints), {agent.endpoint() for agent in self.agents})
        self.assertEqual(os.listdir(f"{proxy.dir}/state/proxy"), ["cluster"])
        self.assertFalse(os.path.exists(f"{proxy.dir}/state/wal"))
        self.assertEqual(len(json.loads(call(proxy.endpoint(), "GET", "/v2/members")[1])["members"]), 3)
        # A watch waits through it.
        def watchers():
            return sum(json.loads(call(agent.endpoint(), "GET", "/v2/stats/store")[1])["watchers"]
                       for agent in self.agents)
        heard = []
        before = watchers()  # the agents' own
        watch = threading.Thread(target=lambda: heard.append(call(proxy.endpoint(), "GET", "/v2/keys/w?wait=true")))
        watch.start()
        wait_for(lambda: watchers() > before, 10, "a watch at a member")
        put(self.first.endpoint(), "/w", "now")
        watch.join(10)
        self.assertEqual(json.loads(heard[0][1])["node"]["value"], "now")

    @proves()
    def test_2_readonly_refuses_everything_but_get(self):
        proxy = self.proxy(2, "readonly")
        put(self.first.endpoint(), "/ro", "1")
        wait_for(lambda: get(proxy.endpoint(), "/ro") == "1", 5, "a read")
        for method in ("PUT", "POST", "DELETE"):
            self.assertEqual(call(proxy.endpoint(), method, "/v2/keys/ro"), (501, ""))

    @proves()
    def test_2b_it_says_that_it_is_there(self):
        def record(proxy):
            told = get(self.second.endpoint(), f"/_quarterdeck/proxies/{proxy.machine()}")
            return json.loads(told) if told else None

        proxy = self.proxy(6, "readonly")
        said = wait_for(lambda: record(proxy), 10, "its record")
        self.assertEqual((said["Address"], said["ClientURLs"]), (proxy.address, [proxy.endpoint()]))
        index = self.index_of(proxy)
        self.assertEqual(etcdctl(self.first.endpoint(), "ls", "/", "--recursive").stdout.count("_quarterdeck"), 0)
        # While it is there its record stays, and who watches is not woken by that.
        with ThreadPoolExecutor() as pool:
            watch = pool.submit(call, self.first.endpoint(), "GET",
                                f"/v2/keys/_quarterdeck/proxies/{proxy.machine()}?wait=true")
            before = self.node_of(proxy)["expiration"]
            wait_for(lambda: self.node_of(proxy)["expiration"] > before, 10, "it is renewed")
            # One whose record was taken away says it again.
            call(self.first.endpoint(), "DELETE", f"/v2/keys/_quarterdeck/proxies/{proxy.machine()}")
            self.assertEqual(json.loads(watch.result()[1])["action"], "delete")
        wait_for(lambda: record(proxy), 10, "its record again")
        self.assertGreater(self.index_of(proxy), index)
        proxy.stop()
        wait_for(lambda: record(proxy) is None, 20, "the end of its record")

    def node_of(self, proxy):
        return json.loads(call(self.second.endpoint(), "GET", f"/v2/keys/_quarterdeck/proxies/{proxy.machine()}")[1])["node"]

    def index_of(self, proxy):
        return self.node_of(proxy)["createdIndex"]

    @proves("E93")
    def test_3_one_that_is_stopped_leaves_no_trace(self):
        def members():
            return etcdctl(self.first.endpoint(), "member", "list").stdout

        before = members()
        proxy = self.proxy(4, "on")
        self.assertTrue(put(proxy.endpoint(), "/passing", "by"))
        self.assertEqual(members(), before)
        proxy.stop()
        self.assertEqual(members(), before)
        record = f"/v2/keys/_quarterdeck/proxies/{proxy.machine()}"
        wait_for(lambda: call(self.first.endpoint(), "GET", record)[0] == 404, 20, "its record runs out")
        for folder in ("", "_coreos.com", "_qd", "_quarterdeck"):  # fleet's machines are below the second one
            told = call(self.first.endpoint(), "GET", f"/v2/keys/{folder}?recursive=true")[1]
            self.assertNotIn(proxy.address, told)
            self.assertNotIn(proxy.machine(), told)
        self.assertIn("cluster is healthy", etcdctl(self.first.endpoint(), "cluster-health").stdout)

    @proves("E153")
    def test_4_it_outlives_members_and_its_own_restart(self):
        proxy = self.proxy(3, "on")
        wait_for(lambda: len(json.loads(call(proxy.endpoint(), "GET", "/v2/config/local/proxy")[1])["endpoints"]) == 3,
                 10, "three endpoints")
        self.third.kill()
        for number in range(12):  # whichever comes first in its order
            self.assertTrue(put(proxy.endpoint(), f"/after/{number}", "x", timeout=20))
        self.stays_out(proxy)
        # Started again without a word of its cluster it is the same proxy.
        proxy.stop(keep=True)
        proxy.start_as_etcd("--listen-client-urls", f"http://{proxy.address}:2379", "--advertise-client-urls",
                            f"http://{proxy.address}:2379", "--proxy-failure-wait", "60000")
        wait_for(lambda: call(proxy.endpoint(), "GET", "/v2/keys/after/3")[0] == 200, 20, "a read")
        self.first.kill()
        self.second.kill()
        wait_for(lambda: call(proxy.endpoint(), "GET", "/v2/keys/a")[0] in (502, 503), 20, "nobody is there")
        wait_for(lambda: call(proxy.endpoint(), "GET", "/v2/keys/a") ==
                 (503, '{"message":"proxy: zero endpoints currently available"}'), 20, "all rest")
        proxy.stop(keep=True)
        self.third.start()

    def stays_out(self, proxy):
        """The members' ports and lists know nothing of it, and it has no log."""
        for port in (2380, 7001):
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((proxy.address, port), timeout=5)
        self.assertEqual(os.listdir(f"{proxy.dir}/state/proxy"), ["cluster"])
        self.assertFalse(os.path.exists(f"{proxy.dir}/state/wal"))
        alive = next(agent for agent in self.agents if agent.process)
        listed = json.loads(call(alive.endpoint(), "GET", "/v2/members")[1])["members"]
        self.assertEqual({each["name"] for each in listed}, {agent.name for agent in self.agents})

    @proves("E16")
    def test_5_it_takes_no_part_until_it_is_started_as_a_member(self):
        for agent in self.agents:
            if agent.process is None:
                agent.start()
        for agent in self.agents:
            agent.await_health(40)
        proxy = self.proxy(5, "on")
        term = figures(self.second)[1]
        leader, = leaders(self.agents)
        leader.kill()
        rest = [agent for agent in self.agents if agent is not leader]
        wait_for(lambda: leaders(rest), 20, "a new leader")
        wait_for(lambda: put(proxy.endpoint(), "/elected", "1"), 20, "a write through the proxy")
        self.assertGreater(figures(rest[0])[1], term)
        self.stays_out(proxy)
        leader.start().await_health()
        proxy.stop(keep=True)
        self.stays_out(proxy)
        # With a token it becomes a member, in the same folder: a follower with all the data.
        proxy.join(self.second).start().await_health()
        self.assertEqual(figures(proxy)[0], "StateFollower")
        wait_for(lambda: get(proxy.endpoint(), "/elected") == "1", 10, "the data")
        self.assertTrue(os.path.exists(f"{proxy.dir}/state/wal"))


class InTheList(Case):
    @proves()
    def test_a_proxy_is_a_machine_in_the_list_for_as_long_as_it_runs(self):
        cluster = LocalCluster(1, "127.0.0.220").start()
        self.addCleanup(cluster.stop)
        proxy = BareAgent("edge-1", "127.0.0.225")
        self.addCleanup(proxy.stop)
        proxy.start_as_etcd("--name", "edge-1", "--proxy", "on", "--initial-cluster",
                            f"node-1=http://{cluster.addresses[0]}:2380", "--listen-client-urls", proxy.endpoint(),
                            "--proxy-refresh-interval", "500")
        row = wait_for(lambda: cluster.nodes().get("edge-1"), 20, "its row")
        self.assertEqual((row["role"], row["state"], row["address"], row["id"]),
                         ("Proxy", "Ready", proxy.address, proxy.machine()))
        self.assertRegex(cluster.ctl("node", "list").stdout, rf"edge-1 +Ready +{re.escape(proxy.address)} +Proxy ")
        # It is no member: nothing waits for it, and there is nothing to remove.
        self.assertEqual(cluster.ctl("cluster", "health").stdout, "healthy: 1 nodes ready, node-1 leads\n")
        refused = cluster.ctl("node", "remove", "edge-1", check=False)
        self.assertEqual(refused.returncode, 1)
        proxy.stop()
        wait_for(lambda: "edge-1" not in cluster.nodes(), 20, "no row any more")


if __name__ == "__main__":
    main()
