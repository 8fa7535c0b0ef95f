# SPDX-License-Identifier: GPL-3.0-or-later
"""The two that are compared: a local cluster of ours, and as many members of Debian's etcd."""
import os
import signal
import subprocess

from etcd_oracle import EtcdOracle, healthy
from local_cluster import LocalCluster
from qdtest import wait_for


def resident(pid):
    """Resident memory of a process in MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Side:
    """What all have: `count` members, by number from 1, at their endpoints."""

    def await_health(self):
        for number in range(1, self.count + 1):
            wait_for(lambda n=number: healthy(self.endpoint(n)), 40, f"node {number} is healthy")


class Ours(Side):
    """The agents of a local cluster."""

    name = "ours"

    def __init__(self, nodes):
        self.cluster = LocalCluster(nodes, "127.0.0.81")
        self.count = nodes

    def start(self):
        self.cluster.start()
        self.await_health()
        return self

    def stop(self):
        self.cluster.stop()

    def endpoint(self, number):
        return self.cluster.endpoint(number)

    def leader(self):
        """Number of the node that leads."""
        return self.cluster.await_leader()

    def memory(self, number=1):
        return resident(self.cluster.agent_pid(number))

    def kill(self, number):
        """The node's power goes: every process of it dies at once."""
        os.kill(self.cluster.first_process(number), signal.SIGKILL)

    def kill_store(self, number):
        """The process that holds the store dies, and is started again by what looks after it."""
        os.kill(self.cluster.agent_pid(number), signal.SIGKILL)

    def stop_store(self, number):
        """The process that holds the store is asked to stop."""
        os.kill(self.cluster.agent_pid(number), signal.SIGTERM)

    def start_again(self, number):
        if self.cluster.agent_pid(number) == 0:  # what is asked to stop is started anew by its host
            self.cluster.start_node(number)
        self.await_health()


class Theirs(Side):
    """Debian's etcd."""

    name = "etcd"

    def __init__(self, nodes, flags=()):
        self.oracle = EtcdOracle("127.0.0.91", nodes, flags=flags)
        self.count = nodes

    def start(self):
        self.oracle.start()
        return self

    def stop(self):
        self.oracle.stop()

    def endpoint(self, number):
        return self.oracle.endpoint(number)

    def leader(self):
        return wait_for(self.oracle.leader_or_none, 20, "a leader of etcd's")

    def memory(self, number=1):
        return resident(self.oracle.processes[number - 1].pid)

    def kill(self, number):
        self.oracle.processes[number - 1].send_signal(signal.SIGKILL)

    def kill_store(self, number):
        self.kill(number)
        self.oracle.processes[number - 1].wait()
        self.oracle.start_member(number)

    def stop_store(self, number):
        self.oracle.processes[number - 1].send_signal(signal.SIGTERM)

    def start_again(self, number):
        process = self.oracle.processes[number - 1]
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.oracle.start_member(number)
        self.await_health()


def both(nodes):
    """A running pair, ours first."""
    sides = []
    try:
        for kind in (Ours, Theirs):
            sides.append(kind(nodes))
            sides[-1].start()
    except BaseException:
        stop_all(sides)
        raise
    return sides


def stop_all(sides):
    for side in sides:
        side.stop()
