# SPDX-License-Identifier: GPL-3.0-or-later
"""Real nodes whose leader changes on purpose, and that leave the cluster."""
import http.client
import os
import signal
import statistics
import threading
import time

from local_cluster import LocalCluster, get, put
from qdtest import Case, main, proves, wait_for

MOST_GAP = 0.05


class Writer:
    """Writes through one node as fast as it answers, on one connection; remembers when each write was acknowledged."""

    def __init__(self, address):
        self.address = address
        self.times = []
        self.refused = []
        self.halt = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        connection = http.client.HTTPConnection(self.address, 2379, timeout=20)
        while not self.halt.is_set():
            connection.request("PUT", "/v2/keys/gap", f"value={len(self.times)}",
                               {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status in (200, 201):
                self.times.append(time.monotonic())
            else:
                self.refused.append(body)
        connection.close()

    def await_more(self, count=50):
        enough = len(self.times) + count
        wait_for(lambda: len(self.times) >= enough, 20, f"{count} more writes")

    def stop(self):
        self.halt.set()
        self.thread.join()

    def longest_gap(self, until):
        """Of those that began before `until`."""
        return max(later - earlier for earlier, later in zip(self.times, self.times[1:]) if earlier < until)


class Members(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.101").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def gap_of(self, survivor, act):
        """The longest time between two writes through the survivor until `act` has happened."""
        writer = Writer(self.cluster.addresses[survivor - 1])
        try:
            writer.await_more()
            act()
            until = time.monotonic()
            writer.await_more()
        finally:
            writer.stop()
        self.assertEqual(writer.refused, [])
        return writer.longest_gap(until)

    def check_gaps(self, what, gaps):
        print(f"{what}: {[round(gap * 1000) for gap in gaps]} median {statistics.median(gaps) * 1000:.0f} ms, worst {max(gaps) * 1000:.0f} ms "
              f"without a write, of {len(gaps)}", flush=True)
        self.assertLessEqual(statistics.median(gaps), MOST_GAP)

    @proves("E5")
    def test_1_leadership_moves_between_two_writes(self):
        cluster, gaps = self.cluster, []
        for _ in range(6):
            leader = cluster.await_leader()
            target = leader % 3 + 1

            def move(to=target):
                answer = cluster.ctl("raft", "transfer", f"node-{to}")
                self.assertEqual(answer.stdout, f"node-{to} leads\n")

            gaps.append(self.gap_of(leader, move))
            self.assertEqual(cluster.leader(), target)
        self.check_gaps("leadership moved", gaps)
        unknown = cluster.ctl("raft", "transfer", "node-9", check=False)
        self.assertEqual((unknown.returncode, unknown.stderr), (1, 'qdctl: There is no node "node-9".\n'))
        votes = cluster.ctl("raft", "promote", "node-1", check=False)
        self.assertEqual((votes.returncode, votes.stderr), (1, "qdctl: It votes already.\n"))

    @proves("R-33")
    def test_2_a_leader_that_stops_hands_over(self):
        cluster, gaps = self.cluster, []
        for _ in range(5):
            leader = cluster.await_leader()
            pid = cluster.agent_pid(leader)

            def stop(old=pid):
                os.kill(old, signal.SIGTERM)
                wait_for(lambda: not os.path.exists(f"/proc/{old}"), 20, "the agent's end")

            gaps.append(self.gap_of(leader % 3 + 1, stop))
            wait_for(lambda number=leader, old=pid: cluster.agent_pid(number) not in (0, old), 20, "a new agent")
            wait_for(lambda number=leader: put(cluster.endpoint(number), "/back", "1"), 20, "the new agent")
        self.check_gaps("the leader was stopped", gaps)

    @proves("E91")
    def test_3_the_leader_is_removed_and_another_leads(self):
        cluster = self.cluster
        leader = cluster.await_leader()
        others = [number for number in (1, 2, 3) if number != leader]
        pid = cluster.agent_pid(leader)
        began = time.monotonic()
        removed = cluster.ctl("node", "remove", f"node-{leader}")
        self.assertEqual(removed.stdout, f"removed node-{leader}\n")
        wait_for(lambda: put(cluster.endpoint(others[0]), "/removed", "leader"), 10, "a write on those who are left")
        self.assertLess(time.monotonic() - began, 2)
        left = {f"node-{number}" for number in others}
        wait_for(lambda: set(cluster.nodes()) == left, 10, "the list of the nodes that are left")
        self.assertEqual(set(cluster.nodes()), left)
        # Its agent stops what it runs, says why it ends, and is not started again for nothing.
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 30, "the end of the removed node's agent")
        self.assertIn("this node was removed from the cluster", cluster.agent_log(leader))
        self.assertEqual(get(cluster.endpoint(others[1]), "/removed", query="?quorum=true"), "leader")

if __name__ == "__main__":
    main()
