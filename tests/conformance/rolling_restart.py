# SPDX-License-Identifier: GPL-3.0-or-later
"""Three real agents start anew one after the other; somebody writes all the time, somebody looks who is away."""
import json
import os
import re
import socket
import threading

from local_cluster import LocalCluster, get, put
from qdctl_case import DONE, FAILED, USAGE, QdctlCase
from qdtest import main, proves, wait_for


class Doing(threading.Thread):
    """Does one thing over and over until it is ended, or fails: `failure` keeps why."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.over.wait(0.002):
                self.once()
        except Exception as failure:  # in a thread nobody would see it
            self.failure = failure

    def once(self):
        raise NotImplementedError

    def end(self):
        self.over.set()
        self.join(30)


class Writer(Doing):
    """A key a time, at whichever member answers; keeps what was acknowledged."""

    def __init__(self, endpoints):
        super().__init__()
        self.endpoints = endpoints
        self.tried = 0
        self.written = []

    def once(self):
        self.tried += 1
        for endpoint in self.endpoints:
            if put(endpoint, f"/roll/{self.tried}", str(self.tried), timeout=3):
                self.written.append(self.tried)
                return


class Lookout(Doing):
    """Who takes no connection to etcd's port, for whatever reason, is away."""

    def __init__(self, addresses):
        super().__init__()
        self.addresses = addresses
        self.seen = set()
        self.most = 0

    def once(self):
        away = {address for address in self.addresses if not self.answers(address)}
        self.seen |= away
        self.most = max(self.most, len(away))

    @staticmethod
    def answers(address):
        try:
            socket.create_connection((address, 2379), timeout=5).close()
            return True
        except OSError:
            return False


class RollingRestart(QdctlCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.161").start()
        cls.addClassCleanup(cls.cluster.stop)
        wait_for(lambda: all(each["role"] in ("Leader", "Follower") for each in cls.cluster.items("raft", "status")), 20,
                 "three that vote")

    def lives(self, number):
        return len(re.findall(r" node node-\d .* runs at ", self.cluster.agent_log(number)))

    def names(self, *words):
        return [step["name"] for step in json.loads(self.expect(DONE, "raft", "restart", *words, "--json").stdout)["steps"]]

    def running_unit(self):
        """Process and run of a unit, which no restart of an agent may touch."""
        path = os.path.join(self.cluster.dir, "steady.service")
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write("[Service]\nExecStart=/bin/sleep 1000\n")
            self.expect(DONE, "unit", "submit", path)
            self.expect(DONE, "unit", "start", "steady.service")
        unit = wait_for(lambda: [each for each in self.cluster.units().values() if each["activeState"] == "active"], 20,
                        "the unit runs")[0]
        return unit["machineName"], unit["mainPid"], unit["invocationId"]

    @proves("E82")
    def test_1_never_more_than_one_is_away_and_no_write_is_lost(self):
        unit = self.running_unit()
        before = [self.lives(number) for number in (1, 2, 3)]
        agents = [self.cluster.agent_pid(number) for number in (1, 2, 3)]
        leader = f"node-{self.cluster.await_leader()}"
        plan = self.names("--all", "--plan")
        self.assertEqual((sorted(plan), plan[-1]), (["node-1", "node-2", "node-3"], leader))
        self.assertEqual([self.lives(number) for number in (1, 2, 3)], before)
        writer = Writer([self.cluster.endpoint(number) for number in (1, 2, 3)])
        lookout = Lookout(self.cluster.addresses)
        writer.start()
        lookout.start()
        try:
            told = self.expect(DONE, "raft", "restart", "--all").stdout
        finally:
            writer.end()
            lookout.end()
        for each in (writer, lookout):
            self.assertIsNone(each.failure)
            self.assertFalse(each.is_alive(), "it has ended in time")
        self.assertEqual(re.sub(r"[0-9.]+ s\n", "T\n", told).splitlines(),
                         [f"{plan[0]} restarts", f"{plan[0]} is back after T", f"{plan[1]} restarts",
                          f"{plan[1]} is back after T", f"{leader} hands over", f"{leader} restarts",
                          f"{leader} is back after T"])
        self.assertEqual([self.lives(number) for number in (1, 2, 3)], [lives + 1 for lives in before])
        self.assertEqual([self.cluster.agent_pid(number) for number in (1, 2, 3)], agents)
        self.assertEqual(self.running_unit(), unit)
        self.assertEqual(lookout.seen, set(self.cluster.addresses))
        self.assertEqual(lookout.most, 1)
        self.assertGreater(len(writer.written), 100)
        self.assertEqual(len(writer.written), writer.tried, "each write found a member that took it")
        for number in (1, 2, 3):
            for key in writer.written:
                self.assertEqual(get(self.cluster.endpoint(number), f"/roll/{key}"), str(key))

    @proves("E82")
    def test_2_it_stops_at_one_that_does_not_come_back(self):
        first, second, leader = self.names("--all", "--plan")
        state = os.path.join(self.cluster.dir, first, "state", "identity.json")
        os.rename(state, state + ".away")
        others = [int(name[-1]) for name in (second, leader)]
        before = [self.lives(number) for number in others]
        try:
            stopped = self.expect(FAILED, "raft", "restart", "--all", "--wait", "3")
            self.assertIn(f"{first} did not come back within 3 s", stopped.stderr)
            self.assertEqual(stopped.stdout, f"{first} restarts\n")
            # Another one would cost the majority.
            refused = self.expect(FAILED, "raft", "restart", second, "--plan")
            self.assertIn(f"{second} could not be restarted now: without it the store has no majority: of 3 that vote, "
                          f"1 would be left ({first} cannot be counted on)", refused.stderr)
            refused = self.expect(FAILED, "raft", "restart", second)
            self.assertIn(f"{second} was not restarted: without it the store has no majority", refused.stderr)
            self.assertEqual([self.lives(number) for number in others], before)
            self.assertTrue(put(self.cluster.endpoint(others[0]), "/still", "here"))
        finally:
            os.rename(state + ".away", state)
        wait_for(lambda: get(self.cluster.endpoint(int(first[-1])), "/still") == "here", 20, f"{first} again")

    @proves()
    def test_3_a_script_and_one_node_alone(self):
        self.expect(USAGE, "raft", "restart")
        before = [self.lives(number) for number in (1, 2, 3)]
        path = os.path.join(self.folder(), "restart.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write("""
                print(cluster.restartMembers(undefined, {plan: true}).length);
                try { cluster.restartMembers([]); } catch (error) { print(error.code); }
                print(cluster.restartMembers(["node-2"])[0].name);
            """)
        self.assertEqual(self.expect(DONE, "run", path).stdout, "3\nbad_input\nnode-2\n")
        self.assertEqual([self.lives(number) for number in (1, 2, 3)], [before[0], before[1] + 1, before[2]])


if __name__ == "__main__":
    main()
