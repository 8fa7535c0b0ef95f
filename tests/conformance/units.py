# SPDX-License-Identifier: GPL-3.0-or-later
"""Units on three real nodes: placement, logs from anywhere, an agent that dies, a node that is lost."""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from local_cluster import LocalCluster, call, get, put
from qdtest import Case, main, program, proves, wait_for

FLEET = "/_coreos.com/fleet"
# A gap in the numbers is a gap in the log.
HELLO = """[Unit]
Description=Says hello
[Service]
ExecStart=/bin/sh -c 'i=0; while true; do i=$((i+1)); echo hello $i; sleep 0.2; done'
"""
SLEEP = "[Service]\nExecStart=/bin/sleep 1000\n"


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def start_time(pid):
    return read(f"/proc/{pid}/stat").rsplit(b")", 1)[1].split()[19]


def parent(pid):
    """Pid of the parent; 0 when the process is gone."""
    text = read(f"/proc/{pid}/stat")
    return int(text.rsplit(b")", 1)[1].split()[1]) if text else 0


class Units(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.41").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    # What a test asks the cluster.

    def write(self, name, text):
        path = os.path.join(self.cluster.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, name, text):
        self.cluster.ctl("unit", "submit", self.write(name, text))
        self.cluster.ctl("unit", "start", name)
        return self.await_running(name)

    def unit(self, name):
        return self.cluster.units().get(name, {})

    def await_running(self, name, seconds=30):
        def running():
            unit = self.unit(name)
            return unit.get("activeState") == "active" and unit.get("mainPid") and unit
        return wait_for(running, seconds, f"{name} active")

    def ctl_at(self, number, *words, check=True):
        """qdctl that talks to this node only."""
        config = os.path.join(self.cluster.dir, f"console-{number}")
        if not os.path.exists(config):
            shutil.copytree(os.path.join(self.cluster.dir, "console"), config)
            for folder, _, files in os.walk(config):
                for file in files:
                    path = os.path.join(folder, file)
                    profile = json.loads(read(path)) if file.endswith(".json") else {}
                    if "addresses" in profile:
                        profile["addresses"] = [self.cluster.addresses[number - 1]]
                        with open(path, "w", encoding="utf-8") as out:
                            json.dump(profile, out)
        run = subprocess.run([program("qdctl"), "--config", config, "--profile", "local", *words],
                             capture_output=True, text=True, timeout=60, check=False)
        if check and run.returncode != 0:
            raise AssertionError(f"qdctl {' '.join(words)} at node {number} exited {run.returncode}: {run.stderr}")
        return run

    def number_of(self, unit):
        return int(unit["machineName"].rsplit("-", 1)[1])

    def others(self, number):
        return [n for n in (1, 2, 3) if n != number]

    def state_index(self, unit, machine):
        """The store's index at which the unit's state was last written; 0 when it is not there."""
        key = f"{FLEET}/states/{unit}/{machine}"
        for number in (1, 2, 3):
            try:
                with urllib.request.urlopen(f"{self.cluster.endpoint(number)}/v2/keys{key}", timeout=2) as answer:
                    return json.load(answer)["node"]["modifiedIndex"]
            except OSError:
                continue
        return 0

    def hellos(self):
        """Pids, as seen from outside, of every running copy of hello.service."""
        found = [pid for number in (1, 2, 3) for pid in self.cluster.processes(number)
                 if b"echo hello" in read(f"/proc/{pid}/cmdline")]
        # What the shell has just forked looks like the shell until it is another program.
        return [pid for pid in found if parent(pid) not in found]

    def told(self, number):
        """The numbers in the journal of hello.service on that node."""
        text = self.cluster.in_node(number, "journalctl", "-u", "hello.service", "-o", "cat", "--no-pager").stdout
        return [int(line.split()[1]) for line in text.splitlines() if re.fullmatch(r"hello \d+", line)]

    def same_rows(self, name):
        """The unit's row as every node shows it; nothing while they differ."""
        rows = {line for each in (1, 2, 3) for line in self.ctl_at(each, "unit", "list").stdout.splitlines()
                if line.startswith(name)}
        return rows.pop() if len(rows) == 1 else ""

    # The tests, in order: they share one cluster.

    @proves("F4", "F5", "F17", "F61")
    def test_1_a_unit_runs_on_one_node_and_every_node_knows_it(self):
        cluster = self.cluster
        cluster.ctl("unit", "submit", self.write("hello.service", HELLO))
        self.assertEqual(self.unit("hello.service")["desired"], "Inactive")
        self.assertEqual(cluster.ctl("unit", "cat", "hello.service").stdout, HELLO)
        cluster.ctl("unit", "start", "hello.service")
        unit = self.await_running("hello.service")
        number = self.number_of(unit)
        self.assertRegex(unit["reason"], r"^On node-\d: the fewest units \(0\) of the 3 machines ")
        self.assertEqual(len(self.hellos()), 1)
        for each in (1, 2, 3):
            self.assertEqual(wait_for(lambda n=each: get(cluster.endpoint(n), f"{FLEET}/job/hello.service/target"), 5,
                                      "the unit's target"), unit["machineId"])
            known = cluster.in_node(each, "systemctl", "list-units", "--no-legend", "--plain", "hello.service").stdout
            self.assertEqual(known.split()[:4], ["hello.service", "loaded", "active", "running"] if each == number
                             else [])
        rows = wait_for(lambda: self.same_rows("hello.service"), 5, "the same rows on every node")
        self.assertEqual(rows.split()[0], "hello.service")
        enabled = cluster.in_node(number, "systemctl", "is-enabled", "hello.service", check=False).stdout
        self.assertEqual(enabled, "linked-runtime\n")
        state = json.loads(get(cluster.endpoint(number), f"{FLEET}/states/hello.service/{unit['machineId']}"))
        self.assertEqual((state["activeState"], state["subState"], state["unitHash"]),
                         ("active", "running", unit["hash"]))

    @proves("F64", "F65")
    def test_2_status_and_log_come_from_any_node(self):
        unit = self.await_running("hello.service")
        number = self.number_of(unit)
        wait_for(lambda: len(self.told(number)) > 3, 10, "lines in the journal")
        for each in (1, 2, 3):
            lines = self.ctl_at(each, "journal", "-n", "2", "-o", "cat", "hello.service").stdout.splitlines()
            self.assertEqual(len(lines), 2)
            self.assertEqual(int(lines[1].split()[1]) - int(lines[0].split()[1]), 1)
            status = json.loads(self.ctl_at(each, "unit", "status", "hello.service", "--json").stdout)
            self.assertEqual(status["properties"]["MainPID"], str(unit["mainPid"]))
            self.assertTrue(status["lines"][-1]["message"].startswith("hello "))
            self.assertEqual(status["lines"][-1]["nodeName"], unit["machineName"])
        away = self.others(number)[0]
        config = os.path.join(self.cluster.dir, f"console-{away}")
        with subprocess.Popen([program("qdctl"), "--config", config, "--profile", "local", "journal", "-f", "-n", "1",
                               "-o", "cat", "hello.service"], stdout=subprocess.PIPE, text=True) as follower:
            try:
                numbers = [int(follower.stdout.readline().split()[1]) for _ in range(5)]
            finally:
                follower.kill()
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 5)))

    @proves("F5", "F65")
    def test_3_the_agent_dies_and_the_unit_does_not_notice(self):
        before = self.await_running("hello.service")
        number = self.number_of(before)
        (pid,) = self.hellos()
        born = start_time(pid)
        old_agent = self.cluster.agent_pid(number)
        os.kill(old_agent, signal.SIGKILL)
        at_the_kill = len(self.told(number))
        wait_for(lambda: self.cluster.agent_pid(number) not in (0, old_agent), 20, "a new agent")
        # The dead agent writes no more: what is written after it is the word of the new one.
        left = self.state_index("hello.service", before["machineId"])
        wait_for(lambda: self.state_index("hello.service", before["machineId"]) > left, 20, "hello reported again")
        after = self.await_running("hello.service")
        self.assertEqual(after, before)
        self.assertEqual(self.hellos(), [pid])
        self.assertEqual(start_time(pid), born)
        wait_for(lambda: len(self.told(number)) > at_the_kill + 5, 10, "lines that it wrote after the kill")
        told = self.told(number)
        self.assertEqual(told, list(range(1, len(told) + 1)))

    @proves("F35", "F38", "F39")
    def test_4_requirements_decide_where_a_unit_runs(self):
        nodes = self.cluster.nodes()
        pinned = self.start("pinned.service", SLEEP + f"[X-Fleet]\nMachineID={nodes['node-2']['id']}\n")
        self.assertEqual(pinned["machineName"], "node-2")
        apart = [f"apart{i}.service" for i in range(4)]
        for name in apart:
            self.cluster.ctl("unit", "submit", self.write(name, SLEEP + "[X-Fleet]\nConflicts=apart*\n"))
            self.cluster.ctl("unit", "start", "--no-wait", name)
        places = {self.await_running(name)["machineName"] for name in apart[:3]}
        self.assertEqual(places, set(nodes))
        fourth = self.unit(apart[3])
        self.assertEqual(fourth["machineName"], "")
        self.assertIn("found conflict with locally-scheduled Unit(apart", fourth["reason"])
        freed = self.unit(apart[1])["machineName"]
        self.cluster.ctl("unit", "destroy", apart[1])
        self.assertEqual(self.await_running(apart[3], 10)["machineName"], freed)
        self.start("all.service", SLEEP + "[X-Fleet]\nGlobal=true\n")
        for number in (1, 2, 3):
            wait_for(lambda n=number: self.cluster.in_node(n, "systemctl", "is-active", "all.service", check=False)
                     .stdout == "active\n", 10, f"all.service on node {number}")
        for name in ("pinned.service", "all.service", apart[0], apart[2], apart[3]):
            self.cluster.ctl("unit", "destroy", name)
        for number in (1, 2, 3):
            wait_for(lambda n=number: not any(b"/bin/sleep\x001000" in read(f"/proc/{pid}/cmdline")
                                              for pid in self.cluster.processes(n)), 10,
                     f"no process of theirs on node {number}")

    @proves()
    def test_5_a_bad_unit_file_is_refused_with_its_line(self):
        bad = self.write("bad.service", "[Service]\nExecStart=/bin/true\nExecStop=\"/bin/x\n")
        run = self.cluster.ctl("unit", "submit", bad, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("bad.service, line 3: ", run.stderr)
        torn = self.write("torn.service", SLEEP + "[X-Fleet]\nMachineID=x\nMachineOf=hello.service\n")
        run = self.cluster.ctl("unit", "submit", torn, check=False)
        self.assertIn("torn.service, line 4: MachineID cannot be used with Peers", run.stderr)
        self.assertEqual(set(self.cluster.units()), {"hello.service"})

    @proves("F18")
    def test_5b_a_list_needs_no_unit_engine(self):
        unit = self.await_running("hello.service")
        number = self.number_of(unit)
        (engine,) = [pid for pid in self.cluster.processes(number)
                     if read(f"/proc/{pid}/cmdline").split(b"\0")[0].endswith(b"/quarterdeck-unitd")]
        os.kill(engine, signal.SIGSTOP)
        try:
            bus = self.cluster.in_node(number, "timeout", "2", "systemctl", "is-active", "hello.service", check=False)
            self.assertEqual(bus.returncode, 124)  # nobody answers there
            row = wait_for(lambda: self.same_rows("hello.service"), 5, "one row on every node")
            self.assertEqual(row.split()[:5], ["hello.service", "launched", "launched", "active", "running"])
        finally:
            os.kill(engine, signal.SIGCONT)
        self.assertEqual(self.await_running("hello.service"), unit)

    @proves("S31")
    def test_5c_journalctl_follows_and_its_end_harms_nobody(self):
        unit = self.await_running("hello.service")
        follow = ["timeout", "--signal=INT", "3", "journalctl", "-f", "-n", "0", "-u", "hello.service", "-o", "short-unix"]
        with subprocess.Popen([program("quarterdeckd"), "local", "shell", "--dir", self.cluster.dir, "--node",
                               str(self.number_of(unit)), "--", *follow], stdout=subprocess.PIPE, text=True) as journal:
            lines = [(time.time(), line.split()) for line in journal.stdout if "hello " in line]
        self.assertGreater(len(lines), 5)
        late = max(seen - float(words[0]) for seen, words in lines)
        self.assertLess(late, 1)
        numbers = [int(words[-1]) for _, words in lines]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
        self.assertEqual(self.await_running("hello.service"), unit)

    @proves("F16")
    def test_6_what_systemctl_starts_is_not_the_clusters(self):
        path = "/etc/systemd/system/local.service"
        self.cluster.in_node(1, "sh", "-c", f"printf '[Service]\\nExecStart=/bin/sleep 2000\\n' > {path}")
        self.cluster.in_node(1, "systemctl", "daemon-reload")
        self.cluster.in_node(1, "systemctl", "start", "local.service")
        self.assertEqual(self.cluster.in_node(1, "systemctl", "is-active", "local.service").stdout, "active\n")
        for each in (1, 2, 3):
            listed = json.loads(self.ctl_at(each, "unit", "list", "--json").stdout)["items"]
            self.assertEqual([unit["name"] for unit in listed], ["hello.service"])
        self.cluster.in_node(1, "systemctl", "stop", "local.service")

    @proves("F55")
    def test_7_what_goes_on_before_the_start_is_shown(self):
        slow = "[Service]\nExecStartPre=/bin/sh -c 'until test -e /run/go; do sleep 0.1; done'\nExecStart=/bin/sleep 1000\n"
        self.cluster.ctl("unit", "submit", self.write("slow.service", slow))
        self.cluster.ctl("unit", "start", "--no-wait", "slow.service")
        unit = wait_for(lambda: self.unit("slow.service").get("subState") == "start-pre" and self.unit("slow.service"),
                        10, "slow.service before its start")
        self.assertEqual(unit["activeState"], "activating")
        self.cluster.in_node(self.number_of(unit), "touch", "/run/go")
        self.assertEqual(self.await_running("slow.service", 10)["subState"], "running")
        self.cluster.ctl("unit", "destroy", "slow.service")

    @proves("E69", "F3", "F66", "F68")
    def test_8_a_lost_nodes_unit_runs_elsewhere_and_does_not_move_back(self):
        before = self.await_running("hello.service")
        number = self.number_of(before)
        inside = self.cluster.processes(number)
        self.assertGreater(len(inside), 3)
        alive = self.cluster.endpoint(self.others(number)[0])
        present = f"{FLEET}/machines/{before['machineId']}/object"
        with ThreadPoolExecutor() as pool:
            watch = pool.submit(urllib.request.urlopen, f"{alive}/v2/keys{present}?wait=true", timeout=60)
            self.crash_and_see_it_move(number, before, inside)
            # Who watches the machine's key hears that its time has run out: nobody has deleted it.
            event = json.load(watch.result())
        self.assertEqual((event["action"], event["node"]["key"]), ("expire", present))
        self.assertIn(before["machineId"], event["prevNode"]["value"])
        self.assertIsNone(get(alive, present))
        unit = self.await_running("hello.service")
        wait_for(lambda: self.told(self.number_of(unit)), 10, "its words there")
        line = self.ctl_at(self.others(number)[0], "journal", "-n", "1", "-o", "cat", "hello.service").stdout
        self.assertRegex(line, r"^hello \d+\n$")
        self.cluster.start_node(number)
        wait_for(lambda: self.cluster.nodes()[before["machineName"]]["state"] == "Ready", 30, "the node is back")
        self.assertIsNotNone(get(alive, present))
        again = self.await_running("hello.service")
        self.assertEqual((again["machineName"], again["invocationId"]), (unit["machineName"], unit["invocationId"]))
        self.assertEqual(len(self.hellos()), 1)

    def crash_and_see_it_move(self, number, before, inside):
        """The node with hello.service is lost; another one runs it soon, and no two do."""
        began = time.monotonic()
        self.cluster.crash(number)
        wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in inside), 2, "the node's processes gone")
        copies = []

        def moved():
            copies.append(len(self.hellos()))
            unit = self.unit("hello.service")
            there = unit.get("machineName") not in (None, "", before["machineName"])
            return there and unit.get("activeState") == "active" and unit

        unit = wait_for(moved, 10, "hello.service on another node")
        took = time.monotonic() - began
        print(f"a lost node's unit ran elsewhere after {took:.1f} s", flush=True)
        self.assertLess(took, 10)
        self.assertNotEqual(unit["invocationId"], before["invocationId"])
        self.assertIn(f"Its machine {before['machineName']} was lost.", unit["reason"])
        self.assertEqual(len(self.hellos()), 1)
        self.assertLessEqual(max(copies), 1)
        wait_for(lambda: self.cluster.nodes()[before["machineName"]]["state"] == "Lost", 3, "the node is said to be lost")

    @proves()
    def test_8b_what_a_client_of_the_keys_api_says_is_done(self):
        # fleet has no other channel than these keys: what another program writes there counts like its own words.
        unit = self.await_running("hello.service")
        endpoint = self.cluster.endpoint(1)
        self.assertEqual(get(endpoint, f"{FLEET}/job/hello.service/target"), unit["machineId"])
        self.assertTrue(put(endpoint, f"{FLEET}/job/hello.service/target-state", "loaded"))
        wait_for(lambda: not self.hellos(), 10, "no hello")
        wait_for(lambda: self.unit("hello.service").get("activeState") == "inactive", 10, "it is said to be inactive")
        self.assertTrue(put(endpoint, f"{FLEET}/job/hello.service/target-state", "launched"))
        again = self.await_running("hello.service")
        self.assertNotEqual(again["invocationId"], unit["invocationId"])
        state = json.loads(get(endpoint, f"{FLEET}/states/hello.service/{again['machineId']}"))
        self.assertEqual(state["activeState"], "active")

    @proves()
    def test_8c_a_units_whole_life_by_the_keys_api_alone(self):
        endpoint, name = self.cluster.endpoint(2), "rest.service"
        digest = hashlib.sha1(SLEEP.encode())
        job = {"Name": name, "UnitHash": list(digest.digest())}
        for key, value in ((f"unit/{digest.hexdigest()}", json.dumps({"Raw": SLEEP})),
                           (f"job/{name}/object", json.dumps(job)), (f"job/{name}/target-state", "launched")):
            self.assertTrue(put(endpoint, f"{FLEET}/{key}", value))
        unit = self.await_running(name)
        self.assertEqual(self.cluster.ctl("unit", "cat", name).stdout, SLEEP)
        self.assertEqual(get(endpoint, f"{FLEET}/job/{name}/target"), unit["machineId"])
        self.assertEqual(call(endpoint, "DELETE", f"/v2/keys{FLEET}/job/{name}?recursive=true")[0], 200)
        wait_for(lambda: name not in self.cluster.units(), 10, "nobody knows it")
        wait_for(lambda: self.cluster.in_node(self.number_of(unit), "systemctl", "is-active", name, check=False).stdout !=
                 "active\n", 10, "it has ended")

    @proves()
    def test_9_stop_unload_destroy(self):
        number = self.number_of(self.await_running("hello.service"))
        self.cluster.ctl("unit", "stop", "hello.service")
        wait_for(lambda: not self.hellos(), 10, "no hello")
        self.assertEqual(self.number_of(self.unit("hello.service")), number)
        self.cluster.ctl("unit", "unload", "hello.service")
        wait_for(lambda: self.unit("hello.service")["machineName"] == "", 10, "hello on no machine")
        wait_for(lambda: self.cluster.in_node(number, "systemctl", "cat", "hello.service", check=False).returncode != 0,
                 10, "the node has forgotten hello")
        self.cluster.ctl("unit", "destroy", "hello.service")
        self.assertEqual(self.cluster.units(), {})
        self.assertIsNone(get(self.cluster.endpoint(1), f"{FLEET}/job/hello.service/target-state"))


if __name__ == "__main__":
    main()
