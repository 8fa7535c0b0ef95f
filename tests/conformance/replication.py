# SPDX-License-Identifier: GPL-3.0-or-later
"""Three real nodes: replication, logs that agree, ten failovers. Acceptance 1 and 3 of the main job."""
import http.client
import json
import os
import signal
import statistics
import threading
import time
import urllib.request
import uuid

from local_cluster import LocalCluster, etcdctl, get, put
from qdtest import Case, main, proves, wait_for


class Replication(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.31").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def put_once(self, number, key, value):
        """A PUT at this node alone, without redirects; status and decoded answer."""
        link = http.client.HTTPConnection(self.cluster.addresses[number - 1], 2379, timeout=30)
        link.request("PUT", f"/v2/keys{key}", f"value={value}", {"Content-Type": "application/x-www-form-urlencoded"})
        answer = link.getresponse()
        text = answer.read()
        link.close()
        return answer.status, json.loads(text)

    def stale(self, number, key, value):
        """How many seconds old the answer may be, as it says itself; None of one that says nothing."""
        with urllib.request.urlopen(f"{self.cluster.endpoint(number)}/v2/keys{key}", timeout=5) as answer:
            self.assertEqual(json.load(answer)["node"]["value"], value)
            age = answer.headers["X-Quarterdeck-Stale"]
            return None if age is None else int(age)

    @proves("E1", "E2", "E13")
    def test_0_a_follower_takes_a_write_and_without_a_majority_nobody_does(self):
        cluster, value = self.cluster, uuid.uuid4().hex
        follower = cluster.await_leader() % 3 + 1
        status, answer = self.put_once(follower, "/acceptance/zero", value)
        self.assertEqual((status, answer["action"], answer["node"]["value"]), (201, "set", value))
        for number in (1, 2, 3):
            wait_for(lambda n=number: get(cluster.endpoint(n), "/acceptance/zero") == value, 5,
                     f"the value on node {number}")
        alone = cluster.await_leader()
        stopped = [cluster.agent_pid(number) for number in (1, 2, 3) if number != alone]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            status, answer = self.put_once(alone, "/acceptance/none", value)
            self.assertEqual((status, answer["errorCode"]), (500, 300), answer)
            self.assertIn("timed out", answer["cause"])
            # It still answers what it has, and says for how long nobody has told it of anything.
            self.assertGreaterEqual(self.stale(alone, "/acceptance/zero", value), 1)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        cluster.await_leader()
        wait_for(lambda: self.stale(alone, "/acceptance/zero", value) is None, 5, "an answer that is not old")

    @proves()
    def test_1_a_write_on_one_node_is_read_on_the_others_and_alone(self):
        cluster, value = self.cluster, uuid.uuid4().hex
        written = etcdctl(cluster.endpoint(1), "set", "/acceptance/one", value)
        self.assertEqual((written.returncode, written.stdout), (0, value + "\n"))
        for number in (2, 3):
            wait_for(lambda n=number: get(cluster.endpoint(n), "/acceptance/one") == value, 5,
                     f"the value on node {number}")
        stopped = [cluster.agent_pid(1), cluster.agent_pid(2)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(get(cluster.endpoint(3), "/acceptance/one"), value)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        cluster.await_leader()

    @proves()
    def test_2_the_three_logs_agree(self):
        cluster = self.cluster
        wait_for(lambda: put(cluster.endpoint(cluster.await_leader()), "/acceptance/last", "x"), 20, "a last write")

        first, second, third = cluster.logs()
        common = sorted(set(first) & set(second) & set(third), key=int)
        self.assertGreater(len(common), 3)
        for index in common[:-1]:  # the last one may still be on its way
            self.assertEqual(first[index], second[index])
            self.assertEqual(first[index], third[index])

    @proves("E3")
    def test_3_the_leader_is_killed_ten_times_and_no_write_is_lost(self):
        cluster, gaps, acknowledged = self.cluster, [], {}
        for round_number in range(10):
            leader = cluster.await_leader()
            survivor = leader % 3 + 1
            stop = threading.Event()

            def write(target=cluster.endpoint(leader), prefix=f"/failover/{round_number}", halt=stop):
                count = 0
                while not halt.is_set():
                    key = f"{prefix}/{count}"
                    if put(target, key, key, timeout=2):
                        acknowledged[key] = key
                    count += 1

            writer = threading.Thread(target=write)
            writer.start()
            wait_for(lambda r=round_number: f"/failover/{r}/20" in acknowledged, 10, "twenty writes")
            cluster.crash(leader)
            began = time.monotonic()
            wait_for(lambda s=survivor: put(cluster.endpoint(s), "/failover/after", "x", timeout=2.5), 10,
                     "a write on a survivor")
            gaps.append(time.monotonic() - began)
            stop.set()
            writer.join()
            cluster.start_node(leader)
        print(f"failover, leader killed to first write on a survivor: median {statistics.median(gaps):.2f} s, "
              f"worst {max(gaps):.2f} s", flush=True)
        self.assertLess(max(gaps), 2.5)
        leader = cluster.await_leader()
        lost = [key for key in acknowledged if get(cluster.endpoint(leader), key, query="?quorum=true") != key]
        self.assertEqual(lost, [])


if __name__ == "__main__":
    main()
