# SPDX-License-Identifier: GPL-3.0-or-later
"""A real local cluster for conformance tests: real agents, disks, TLS, namespaces."""
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from qdtest import on_test_net, program, wait_for


class LocalCluster:
    """Starts `count` nodes from loopback address `base`; stop() ends them and removes their folders."""

    def __init__(self, count=3, base="127.0.0.31"):
        self.dir = tempfile.mkdtemp(prefix="qd-cluster-")
        self.count = count
        self.base = on_test_net(base)
        self.addresses = [on_test_net(base, i) for i in range(count)]

    def start(self):
        self.local("up", "--nodes", str(self.count), "--base", self.base, timeout=150)
        return self

    def stop(self):
        subprocess.run([program("quarterdeckd"), "local", "down", "--dir", self.dir], timeout=120, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def local(self, verb, *arguments, timeout=90):
        run = subprocess.run([program("quarterdeckd"), "local", verb, "--dir", self.dir, *arguments],
                             capture_output=True, text=True, timeout=timeout, check=False)
        if run.returncode != 0:
            raise AssertionError(f"local {verb} exited {run.returncode}: {run.stderr}")
        return run.stdout

    def crash(self, number):
        self.local("crash", "--node", str(number))

    def start_node(self, number):
        self.local("start", "--node", str(number))

    def restart_agent(self, number):
        self.local("restart-agent", "--node", str(number))

    def in_node(self, number, *command, check=True):
        """Runs a command inside the node; its completed process."""
        run = subprocess.run([program("quarterdeckd"), "local", "shell", "--dir", self.dir, "--node", str(number), "--",
                              *command], capture_output=True, text=True, timeout=60, check=False)
        if check and run.returncode != 0:
            raise AssertionError(f"{' '.join(command)} on node {number} exited {run.returncode}: {run.stderr}")
        return run

    def ctl(self, *words, check=True, timeout=60):
        """Runs qdctl with the cluster's admin profile; its completed process."""
        run = subprocess.run([program("qdctl"), "--config", os.path.join(self.dir, "console"), "--profile", "local",
                              *words], capture_output=True, text=True, timeout=timeout, check=False)
        if check and run.returncode != 0:
            raise AssertionError(f"qdctl {' '.join(words)} exited {run.returncode}: {run.stderr}")
        return run

    def items(self, *words):
        return json.loads(self.ctl(*words, "--json").stdout)["items"]

    def nodes(self):
        return {node["name"]: node for node in self.items("node", "list")}

    def units(self):
        return {unit["name"]: unit for unit in self.items("unit", "list")}

    def first_process(self, number):
        """The node's first process as seen from outside; 0 when it is down."""
        try:
            with open(os.path.join(self.dir, f"node-{number}", "host.pid"), encoding="ascii") as file:
                return int(file.read().split()[0])
        except FileNotFoundError:
            return 0

    def processes(self, number):
        """Pids, as seen from outside, of everything in the node's process namespace."""
        first = self.first_process(number)
        if not first:
            return []
        try:
            space = os.readlink(f"/proc/{first}/ns/pid")
        except FileNotFoundError:
            return []
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/ns/pid") == space:
                    found.append(int(pid))
            except OSError:
                pass
        return found

    def agent_pid(self, number):
        """Pid, as seen from outside, of the node's agent; 0 when there is none."""
        for pid in self.processes(number):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"/quarterdeckd") and words[1:2] == [b"run"]:
                return pid
        return 0

    def agent_log(self, number):
        with open(os.path.join(self.dir, f"node-{number}", "log", "agent.log"), encoding="utf-8") as file:
            return file.read()

    def endpoint(self, number):
        return f"http://{self.addresses[number - 1]}:2379"

    def leader(self):
        """Number of the node that leads; None while there is none."""
        for number in range(1, self.count + 1):
            try:
                with urllib.request.urlopen(self.endpoint(number) + "/v2/stats/self", timeout=2) as answer:
                    if json.load(answer).get("state") == "StateLeader":
                        return number
            except OSError:
                pass
        return None

    def logs(self):
        """For each node its log: index -> term, type and CRC of the entry, as `wal-dump` tells."""
        dumps = []
        for number in range(1, self.count + 1):
            folder = os.path.join(self.dir, f"node-{number}", "state", "wal")
            run = subprocess.run([program("quarterdeckd"), "wal-dump", folder], capture_output=True, text=True,
                                 timeout=20, check=False)
            dumps.append(dict(line.split(None, 1) for line in run.stdout.splitlines() if line[:1].isdigit()))
        return dumps

    def await_leader(self, seconds=20):
        return wait_for(self.leader, seconds, "a leader")


def etcdctl(endpoint, *words):
    """Runs Debian's etcdctl with the v2 API; its completed process."""
    return subprocess.run(["etcdctl", "--endpoints", endpoint, *words], capture_output=True, text=True, timeout=20,
                          env={**os.environ, "ETCDCTL_API": "2"}, check=False)


def put(endpoint, key, value, timeout=8):
    """PUT of a key through the v2 API; the decoded answer, or None when it failed."""
    body = urllib.parse.urlencode({"value": value}).encode()
    request = urllib.request.Request(f"{endpoint}/v2/keys{key}", data=body, method="PUT")
    request.add_header("Content-Type", "application/x-www-form-urlencoded")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def get(endpoint, key, timeout=5, query=""):
    """GET of a key's value; None when it is not there or nobody answers."""
    try:
        with urllib.request.urlopen(f"{endpoint}/v2/keys{key}{query}", timeout=timeout) as answer:
            return json.load(answer)["node"].get("value")
    except (OSError, ValueError, KeyError):
        return None


def call(endpoint, method, path, timeout=30, context=None):
    """Status and body of one HTTP call; `context` is what TLS needs."""
    request = urllib.request.Request(endpoint + path, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
