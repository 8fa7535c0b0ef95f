# SPDX-License-Identifier: GPL-3.0-or-later
"""What three real agents say of themselves: /v2/stats, /metrics, /debug/vars, beside Debian's etcd where it speaks."""
import json
import re
import resource
import ssl

from etcd_oracle import EtcdOracle
from local_cluster import LocalCluster, call, put
from qdtest import Case, main, proves, wait_for
from solo_agent import SoloAgent


def stats(endpoint, kind):
    status, body = call(endpoint, "GET", "/v2/stats/" + kind)
    return json.loads(body) if status == 200 else None


def families(text):
    """Each metric's type, by name."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


class Statistics(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.101").start()
        cls.oracle = EtcdOracle("127.0.0.106")
        cls.addClassCleanup(cls.oracle.stop)
        cls.oracle.start()
        wait_for(lambda: put(cls.oracle.endpoint(), "/a", "1"), 20, "etcd takes a write")

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def leader(self):
        number = self.cluster.await_leader()
        return number, self.cluster.endpoint(number)

    @proves("E135", "E136", "E137")
    def test_1_the_leader_is_found_and_tells_of_each_follower(self):
        any_node = self.cluster.endpoint(1)
        self.cluster.await_leader()
        wanted = stats(any_node, "self")["leaderInfo"]["leader"]
        members = json.loads(call(any_node, "GET", "/v2/members")[1])["members"]
        address = next(member["clientURLs"][0] for member in members if member["id"] == wanted)
        told = stats(address, "leader")
        self.assertEqual(told["leader"], wanted)
        self.assertEqual(set(told["followers"]), {m["id"] for m in members} - {wanted})
        # Heartbeats go on without any write, and their answers are counted and timed.
        before = min(each["counts"]["success"] for each in told["followers"].values())
        wait_for(lambda: min(each["counts"]["success"] for each in stats(address, "leader")["followers"].values())
                 > before + 3, 10, "answers of each follower")
        for each in stats(address, "leader")["followers"].values():
            latency = each["latency"]
            self.assertLessEqual(latency["minimum"], latency["average"])
            self.assertLessEqual(latency["average"], latency["maximum"])
            self.assertGreater(latency["maximum"], 0)
            self.assertLess(latency["minimum"], 1000)
        for member in members:
            if member["id"] != wanted:
                self.assertEqual(call(member["clientURLs"][0], "GET", "/v2/stats/leader"),
                                 (403, '{"message":"not current leader"}'))

    @proves("E19")
    def test_0_the_old_port_answers_the_same(self):
        put(self.leader()[1], "/old", "port")
        for address in self.cluster.addresses:
            wait_for(lambda a=address: call(f"http://{a}:2379", "GET", "/v2/keys/old")[0] == 200, 5, "the key")
            self.assertEqual(call(f"http://{address}:4001", "GET", "/v2/keys/old"),
                             call(f"http://{address}:2379", "GET", "/v2/keys/old"))
            # Members hear each other at two ports, too: the same certificate is shown at both.
            shown = {ssl.get_server_certificate((address, port), timeout=10) for port in (2380, 7001)}
            self.assertEqual(len(shown), 1)

    @proves("E138", "E139")
    def test_2_a_leader_sends_and_a_follower_receives(self):
        number, address = self.leader()
        follower = self.cluster.endpoint(number % 3 + 1)

        def flowing():
            for count in range(20):
                put(address, f"/flow/{count}", "x")
            return "sendPkgRate" in stats(address, "self") and "recvPkgRate" in stats(follower, "self")

        wait_for(flowing, 20, "rates while writes flow")
        sender, receiver = stats(address, "self"), stats(follower, "self")
        self.assertEqual((sender["state"], receiver["state"]), ("StateLeader", "StateFollower"))
        self.assertGreater(sender["sendBandwidthRate"], sender["sendPkgRate"])
        self.assertGreater(receiver["recvBandwidthRate"], receiver["recvPkgRate"])
        self.assertGreater(receiver["recvAppendRequestCnt"], 0)
        self.assertEqual(receiver["leaderInfo"]["leader"], sender["id"])

    @proves("E140")
    def test_3_a_write_counts_on_every_member_and_a_read_on_its_own(self):
        number, address = self.leader()
        other = self.cluster.endpoint(number % 3 + 1)
        self.assertEqual(list(stats(address, "store")), list(stats(self.oracle.endpoint(), "store")))
        before = [stats(each, "store")["compareAndDeleteFail"] for each in (address, other)]
        put(address, "/counted", "x")
        for _ in range(3):
            self.assertEqual(call(address, "DELETE", "/v2/keys/counted?prevValue=no")[0], 412)
        wait_for(lambda: [stats(each, "store")["compareAndDeleteFail"] for each in (address, other)]
                 == [count + 3 for count in before], 5, "the failures on both")

    @proves()
    def test_4_metrics_have_the_names_and_types_of_etcd(self):
        ours = families(call(self.cluster.endpoint(1), "GET", "/metrics")[1])
        theirs = families(call(self.oracle.endpoint(), "GET", "/metrics")[1])
        self.assertGreater(len(ours), 15)
        self.assertEqual({name: kind for name, kind in ours.items() if theirs.get(name) != kind}, {})

    @proves()
    def test_5_debug_vars_tell_of_consensus_as_etcd_does(self):
        ours = json.loads(call(self.cluster.endpoint(1), "GET", "/debug/vars")[1])
        theirs = json.loads(call(self.oracle.endpoint(), "GET", "/debug/vars")[1])
        self.assertEqual(set(ours) - set(theirs), set())
        self.assertEqual(set(ours["raft.status"]) - set(theirs["raft.status"]), set())

    @proves()
    def test_6_an_agent_raises_its_limit_of_open_files(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))  # what the agent below is given
        try:
            solo = SoloAgent("127.0.0.109")
            self.addCleanup(solo.stop)
            solo.found()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        given = re.search(r"^process_max_fds (\S+)$", call(solo.endpoint(), "GET", "/metrics")[1], re.MULTILINE)[1]
        self.assertEqual(float(given), hard)


if __name__ == "__main__":
    main()
