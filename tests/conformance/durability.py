# SPDX-License-Identifier: GPL-3.0-or-later
"""What is acknowledged is on a majority's disks, seen from outside with strace. Acceptance 2 of the main job."""
import http.client
import os
import re
import signal
import subprocess
import uuid

from local_cluster import LocalCluster, get, put
from qdtest import Case, main, proves, wait_for

CALLS = "pwrite64,fdatasync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
LINE = re.compile(r"^(\d+) +(\d+\.\d+) (.*)$")


class Trace:
    """The system calls of one agent, while it lasts."""

    def __init__(self, pid, path, *options):
        self.path = path
        self.strace = subprocess.Popen(
            ["strace", "-f", "-ttt", "-T", "-s", "2000", "-o", path, *options, "-p", str(pid)],
            stderr=subprocess.PIPE, text=True)
        line = self.strace.stderr.readline()
        if "attached" not in line:
            raise AssertionError(f"strace does not attach: {line}")

    def stop(self):
        if self.strace.poll() is None:
            self.strace.send_signal(signal.SIGINT)
        self.strace.communicate(timeout=30)

    def calls(self):
        """(thread, begin, end, text) of each call in the order of their beginnings; end is 0 for one that never ended."""
        calls, open_calls = [], {}
        with open(self.path, encoding="utf-8", errors="replace") as file:
            for line in file:
                match = LINE.match(line)
                if not match:
                    continue
                thread, time, text = match.group(1), float(match.group(2)), match.group(3)
                if text.startswith("<..."):
                    index = open_calls.pop(thread, None)
                    if index is not None:
                        calls[index][2] = time
                        calls[index][3] += " " + text
                    continue
                took = re.search(r"<(\d+\.\d+)>$", text)
                calls.append([thread, time, time + float(took.group(1)) if took else 0, text])
                if not took:
                    open_calls[thread] = len(calls) - 1
        return calls


def synced_at(calls, value):
    """When the log's record with the value was on disk: a pwrite64 of it, and the next fdatasync of that file."""
    for index, (_, _, written, text) in enumerate(calls):
        if not text.startswith("pwrite64(") or value not in text:
            continue
        file = text[len("pwrite64("):].split(",")[0]
        for _, begin, end, later in calls[index + 1:]:
            if later.startswith(f"fdatasync({file}") and begin >= written and end and "= 0" in later:
                return begin, end
    return None


class Durability(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.61").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def put_one_by_one(self, leader, values):
        """A single client, one connection, one write after the other."""
        connection = http.client.HTTPConnection(self.cluster.addresses[leader - 1], 2379, timeout=20)
        for value in values:
            connection.request("PUT", f"/v2/keys/durable/{value}", f"value={value}",
                               {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 201)
        connection.close()

    @proves("R-11")
    def test_1_an_acknowledged_write_is_on_the_disks_of_a_majority(self):
        leader = self.cluster.await_leader()
        values = [uuid.uuid4().hex for _ in range(10)]
        traces = {number: Trace(self.cluster.agent_pid(number), f"{self.cluster.dir}/trace-{number}", "-e",
                                "trace=" + CALLS) for number in (1, 2, 3)}
        try:
            self.put_one_by_one(leader, values)
        finally:
            for trace in traces.values():
                trace.stop()
        calls = {number: trace.calls() for number, trace in traces.items()}
        for value in values:
            received = next(end for _, _, end, text in calls[leader]
                            if text.startswith(("read", "recv")) and f"PUT /v2/keys/durable/{value}" in text)
            answered = next(begin for _, begin, _, text in calls[leader]
                            if text.startswith(("write", "send")) and "HTTP/1.1 201" in text and value in text)
            durable = [synced_at(calls[number], value) for number in (1, 2, 3)]
            in_time = [sync for sync in durable if sync and received <= sync[0] and sync[1] <= answered]
            self.assertGreaterEqual(len(in_time), 2, f"{value}: received {received}, answered {answered}, {durable}")

    @proves("R-43")
    def test_2_an_agent_whose_disk_fails_ends_and_the_others_go_on(self):
        leader = self.cluster.await_leader()
        victim = leader % 3 + 1
        pid = self.cluster.agent_pid(victim)
        trace = Trace(pid, "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO")
        value = uuid.uuid4().hex
        try:
            wait_for(lambda: put(self.cluster.endpoint(leader), "/disk/failed", value), 20, "a write on the two others")
            wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 20, "the end of the agent whose disk failed")
        finally:
            trace.stop()
        log = self.cluster.agent_log(victim)
        self.assertRegex(log, r"critical qd\.node: the agent ends: the log cannot be written: cannot sync")
        wait_for(lambda: self.cluster.agent_pid(victim) not in (0, pid), 20, "a new agent there")
        wait_for(lambda: get(self.cluster.endpoint(victim), "/disk/failed") == value, 20, "the value on the new agent")


if __name__ == "__main__":
    main()
