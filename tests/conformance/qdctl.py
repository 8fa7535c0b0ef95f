# SPDX-License-Identifier: GPL-3.0-or-later
"""qdctl against three real nodes: pairing, store, consensus, nodes, scripts, and each exit status."""
import json
import os
import signal
import subprocess
import time
import urllib.request

from local_cluster import LocalCluster, get, put
from qdctl_case import CANNOT_REACH, DONE, FAILED, USAGE, Background, QdctlCase
from qdtest import main, program, proves, wait_for

class Qdctl(QdctlCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.51").start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    @proves("E47")
    def test_the_consoles_cluster_is_etcds(self):
        with open(os.path.join(self.cluster.dir, "console", "profiles", "local.json"), encoding="utf-8") as file:
            known = int(json.load(file)["clusterId"], 16)
        for number in (1, 2, 3):
            with urllib.request.urlopen(self.cluster.endpoint(number) + "/v2/keys/", timeout=5) as answer:
                self.assertEqual(int(answer.headers["X-Etcd-Cluster-Id"], 16), known)
        with urllib.request.urlopen(self.cluster.endpoint(1) + "/v2/members", timeout=5) as answer:
            self.assertEqual({member["name"] for member in json.load(answer)["members"]}, set(self.cluster.nodes()))

    @proves("E61")
    def test_store_writes_are_seen_by_every_node(self):
        cluster = self.cluster
        self.assertEqual(self.expect(DONE, "store", "set", "/cli/colour", "blue").stdout, "blue\n")
        for number in (1, 2, 3):
            wait_for(lambda n=number: get(cluster.endpoint(n), "/cli/colour") == "blue", 5, f"blue on node {number}")
        put(cluster.endpoint(2), "/cli/colour", "green")
        self.assertEqual(self.expect(DONE, "store", "get", "/cli/colour", "--quorum").stdout, "green\n")
        refused = self.expect(FAILED, "store", "set", "/cli/colour", "red", "--if-value", "blue")
        self.assertIn("[blue != green]", refused.stderr)
        self.expect(DONE, "store", "set", "/cli/colour", "red", "--if-value", "green")
        self.assertIn("/cli/colour", self.expect(FAILED, "store", "set", "/cli/colour", "x", "--create").stderr)
        self.assertIn("/cli/none", self.expect(FAILED, "store", "set", "/cli/none", "x", "--update").stderr)
        self.assertEqual(self.expect(DONE, "store", "get", "/cli/colour").stdout, "red\n")

    @proves()
    def test_store_directories_and_times(self):
        self.expect(DONE, "store", "set", "/tree/a/b", "1")
        self.expect(DONE, "store", "set", "/tree/c", "2", "--ttl", "300")
        self.expect(DONE, "store", "set", "/tree/d", "--dir")
        self.assertEqual(self.expect(DONE, "store", "ls", "/tree").stdout, "/tree/a/\n/tree/c\n/tree/d/\n")
        self.assertEqual(self.expect(DONE, "store", "ls", "-r", "/tree").stdout,
                         "/tree/a/\n/tree/a/b\n/tree/c\n/tree/d/\n")
        entry = json.loads(self.expect(DONE, "--json", "store", "get", "/tree/c").stdout)["entry"]
        self.assertTrue(250 < entry["ttl"] <= 300, entry)
        self.assertIn("is a directory", self.expect(FAILED, "store", "get", "/tree").stderr)
        self.assertIn("/tree", self.expect(FAILED, "store", "rm", "/tree").stderr)
        self.assertEqual(self.expect(DONE, "store", "rm", "-r", "/tree").stdout, "removed /tree\n")
        self.expect(FAILED, "store", "ls", "/tree")
        value = bytes(range(256)) * 4
        written = subprocess.run([program("qdctl"), "--config", os.path.join(self.cluster.dir, "console"), "store",
                                  "set", "/cli/bytes", "--stdin"], input=value, capture_output=True, timeout=60,
                                 check=False)
        self.assertEqual((written.returncode, written.stdout), (DONE, value + b"\n"))

    @proves()
    def test_what_is_larger_than_a_frame_is_listed_and_read(self):
        endpoint = self.cluster.endpoint(1)
        large = "v" * 1_500_000
        put(endpoint, "/large/one", large)
        names = [f"/large/part-{n:02}" for n in range(20)]
        for name in names:
            put(endpoint, name, "p" * 64_000)
        self.assertEqual(self.expect(DONE, "store", "get", "/large/one", "--quorum").stdout, large + "\n")
        listed = self.expect(DONE, "store", "ls", "/large").stdout.split()
        self.assertEqual(listed, ["/large/one"] + names)
        items = json.loads(self.expect(DONE, "--json", "store", "ls", "-r", "/large").stdout)["items"]
        self.assertEqual([len(item["value"]) for item in items], [1_500_000] + [64_000] * 20)
        path = os.path.join(self.folder(), "large.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write("""
                print(cluster.store.ls("/large").length, cluster.store.get("/large/one").value.length);
                try { cluster.store.get("/large/none"); } catch (error) { print(error.code); }
            """)
        self.assertEqual(self.expect(DONE, "run", path).stdout, "21 1500000\netcd.100\n")
        # The answer of a write cannot hold the value that was there: the write is carried out and told all the same.
        self.assertEqual(self.expect(DONE, "store", "set", "/large/one", "small").stdout, "small\n")
        self.expect(DONE, "store", "rm", "-r", "/large")

    @proves("E72")
    def test_watch_goes_on_until_ctrl_c(self):
        watch = Background(self.cluster, "store", "watch", "-r", "/watched")
        # A watch shows what comes after it has begun: write until it does.
        wait_for(lambda: put(self.cluster.endpoint(3), "/watched/ready", "yes") and watch.lines(), 15, "a first event")
        put(self.cluster.endpoint(2), "/watched/key", "one")
        watch.await_line("set /watched/key one")
        self.expect(DONE, "store", "rm", "/watched/key")
        watch.await_line("delete /watched/key")
        self.assertEqual(watch.end(), DONE)
        self.assertEqual(watch.text(watch.errors), "")
        index = json.loads(self.expect(DONE, "store", "set", "/watched/past", "1", "--json").stdout)["index"]
        put(self.cluster.endpoint(1), "/watched/past", "2")
        late = self.expect(DONE, "store", "watch", "/watched/past", "--after", str(index), "-n", "1", "--json")
        self.assertEqual(json.loads(late.stdout)["entry"]["value"], "2")

    @proves()
    def test_conditions_by_etcds_names(self):
        self.expect(DONE, "store", "set", "/cas/key", "one", "--create")
        self.expect(FAILED, "store", "set", "/cas/key", "two", "--create")
        index = json.loads(self.expect(DONE, "store", "get", "/cas/key", "--json").stdout)["entry"]["modifiedIndex"]
        self.expect(DONE, "store", "set", "/cas/key", "two", "--if-index", str(index), "--ttl", "300")
        self.assertIn("Compare failed",
                      self.expect(FAILED, "store", "set", "/cas/key", "three", "--if-index", str(index)).stderr)
        self.expect(FAILED, "store", "rm", "/cas/key", "--if-value", "one")
        self.expect(DONE, "store", "rm", "/cas/key", "--if-value", "two")

    @proves()
    def test_the_history_of_a_key_is_the_same_on_every_node_and_in_a_script(self):
        for value in ("one", "two"):
            self.expect(DONE, "store", "set", "/past/key", value)
        self.expect(DONE, "store", "set", "/past/other", "x", "--ttl", "1")
        self.expect(DONE, "store", "rm", "/past/key")
        wait_for(lambda: get(self.cluster.endpoint(1), "/past/other") is None, 10, "the other key runs out")

        def events(*words):
            text = self.expect(DONE, "store", "history", *words, "--json").stdout
            history = json.loads(text)
            self.assertLessEqual(history["from"], history["to"])
            return [(event["action"], event["entry"]["key"], event["entry"].get("value", ""),
                     event.get("previous", {}).get("value", "")) for event in history["events"]]

        self.assertEqual(events("/past/key"), [("set", "/past/key", "one", ""), ("set", "/past/key", "two", "one"),
                                               ("delete", "/past/key", "", "two")])
        self.assertIn(("expire", "/past/other", "", "x"), events("-r", "/past"))
        table = self.expect(DONE, "store", "history", "/past/key")
        self.assertEqual(table.stdout.splitlines()[3].split()[1:], ["delete", "/past/key", "two", "-"])
        self.assertIn("Known are the events from index", table.stderr)
        self.assertEqual(events("/past/never"), [])
        path = os.path.join(self.folder(), "past.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write("""
                const past = cluster.store.history("/past/key");
                print(past.events.map(e => e.action + " " + (e.previous ? e.previous.value : "-")).join());
            """)
        self.assertEqual(self.expect(DONE, "run", path).stdout, "set -,set one,delete two\n")

    @proves()
    def test_a_subtree_is_exported_planned_and_imported(self):
        self.expect(DONE, "store", "set", "/move/a", "1")
        self.expect(DONE, "store", "set", "/move/deep/b", "2", "--ttl", "300")
        self.expect(DONE, "store", "set", "/move/empty", "--dir")
        path = os.path.join(self.folder(), "move.json")
        self.assertIn("4 entries of /move", self.expect(DONE, "store", "export", "/move", "--out", path).stdout)
        same = self.expect(DONE, "store", "import", path)
        self.assertEqual(same.stdout, "0 new, 0 changed, 4 the same\n")
        plan = json.loads(self.expect(DONE, "store", "import", path, "--to", "/copy", "--json").stdout)
        self.assertEqual([(step["key"], step["state"]) for step in plan["steps"]],
                         [("/copy/a", "new"), ("/copy/deep", "new"), ("/copy/deep/b", "new"), ("/copy/empty", "new")])
        self.expect(FAILED, "store", "ls", "/copy")  # a plan writes nothing
        self.assertTrue(self.expect(DONE, "store", "import", path, "--to", "/copy", "--yes").stdout
                        .endswith("written: 4\n"))
        self.assertEqual(self.expect(DONE, "store", "ls", "-r", "/copy").stdout,
                         "/copy/a\n/copy/deep/\n/copy/deep/b\n/copy/empty/\n")
        self.assertGreater(json.loads(self.expect(DONE, "store", "get", "/copy/deep/b", "--json").stdout)
                           ["entry"]["ttl"], 250)
        self.expect(DONE, "store", "set", "/copy/a", "other")
        self.expect(DONE, "store", "rm", "-r", "/copy/deep")
        self.expect(DONE, "store", "set", "/copy/deep", "a key now")
        blocked = self.expect(FAILED, "store", "import", path, "--to", "/copy", "--yes")
        self.assertIn("0 new, 1 changed, 1 the same, 2 blocked", blocked.stdout)
        self.assertEqual(self.expect(DONE, "store", "get", "/copy/a").stdout, "1\n")
        self.assertEqual(self.expect(DONE, "store", "get", "/copy/deep").stdout, "a key now\n")
        script = os.path.join(self.folder(), "move.js")
        with open(script, "w", encoding="utf-8") as file:
            file.write("""
                const text = cluster.store.export("/move");
                const plan = cluster.store.import(text, { to: "/third", plan: true });
                print(plan.steps.length, plan.written, plan.steps[0].state);
                print(cluster.store.import(text, { to: "/third" }).written, cluster.store.get("/third/a").value);
                try { cluster.store.import("{}"); } catch (error) { print(error.code); }
            """)
        self.assertEqual(self.expect(DONE, "run", script).stdout, "4 0 new\n4 1\nbad_input\n")

    @proves()
    def test_what_a_store_was_asked_is_counted_on_every_node(self):
        def sets():
            rows = json.loads(self.expect(DONE, "store", "stats", "--json").stdout)["items"]
            counts = {row["nodeName"]: {one["name"]: one for one in row["operations"]} for row in rows}
            return {name: operations["set"]["success"] for name, operations in counts.items() if operations}

        wait_for(lambda: len(sets()) == 3, 10, "every node tells")
        before = sets()
        for number in range(20):
            put(self.cluster.endpoint(1), "/counted", str(number))
        wait_for(lambda: all(sets()[name] >= count + 20 for name, count in before.items()), 10, "20 more sets everywhere")
        self.expect(FAILED, "store", "set", "/counted", "x", "--if-value", "nobody's")
        table = self.expect(DONE, "store", "stats").stdout
        self.assertEqual(table.splitlines()[0].split(), ["NODE", "OPERATION", "DONE", "FAILED", "PER", "S"])
        path = os.path.join(self.folder(), "stats.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write("const all = cluster.storeStatistics();\n"
                       "print(all.length, all[0].operations.map(one => one.name).join());")
        self.assertEqual(self.expect(DONE, "run", path).stdout,
                         "3 get,set,create,update,delete,compareAndSwap,compareAndDelete,expire\n")

    @proves()
    def test_nodes_and_consensus_are_shown(self):
        lines = self.expect(DONE, "node", "list").stdout.splitlines()
        self.assertEqual([line.split()[:3] for line in lines],
                         [["NAME", "STATE", "ADDRESS"]] + [[f"node-{n}", "Ready", self.cluster.addresses[n - 1]]
                                                           for n in (1, 2, 3)])
        listing = json.loads(self.expect(DONE, "raft", "status", "--json").stdout)
        self.assertGreater(listing["revision"], 0)
        roles = sorted(row["role"] for row in listing["items"])
        self.assertEqual(roles, ["Follower", "Follower", "Leader"])
        leader = self.cluster.await_leader()
        table = self.expect(DONE, "raft", "status").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in table if " Leader " in line], [f"node-{leader}"])
        self.assertEqual(len([line for line in table if " replicate " in line]), 2, table)  # as the leader sends
        self.assertIn("3 nodes ready", self.expect(DONE, "cluster", "health").stdout)
        unhealthy = self.expect(FAILED, "cluster", "health", "--nodes", "4")
        self.assertIn("there are 3 nodes of 4", unhealthy.stderr)

    @proves("E3")
    def test_another_node_answers_when_the_first_is_gone(self):
        cluster = self.cluster
        self.expect(DONE, "node", "list")  # by it the profile learns of the others
        watch = Background(cluster, "store", "watch", "-r", "/lost")
        wait_for(lambda: put(cluster.endpoint(3), "/lost/ready", "yes") and watch.lines(), 15, "a first event")
        cluster.crash(1)  # the one in the profile
        try:
            self.assertEqual(watch.process.wait(timeout=30), CANNOT_REACH)
            self.assertTrue(watch.text(watch.errors).startswith("qdctl: The connection to the cluster was lost: "))
            wait_for(lambda: self.ctl("store", "set", "/lost/after", "x").returncode == DONE, 20, "a write")
            wait_for(lambda: cluster.nodes()["node-1"]["state"] == "Lost", 20, "node-1 is lost")
            self.assertIn("node-1 is Lost", self.expect(FAILED, "cluster", "health").stderr)
        finally:
            cluster.start_node(1)
        self.expect(DONE, "cluster", "health", "--wait", "40", "--nodes", "3")

    @proves()
    def test_without_a_majority_reads_are_right_and_writes_refused(self):
        cluster = self.cluster
        self.expect(DONE, "store", "set", "/majority", "there")
        wait_for(lambda: get(cluster.endpoint(1), "/majority") == "there", 5, "the value on node 1")
        stopped = [cluster.agent_pid(2), cluster.agent_pid(3)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(self.expect(DONE, "store", "get", "/majority").stdout, "there\n")
            refused = self.ctl("store", "set", "/majority", "gone")
            self.assertIn(refused.returncode, (FAILED, CANNOT_REACH), refused.stdout + refused.stderr)
            self.assertEqual((refused.stdout, refused.stderr[:7]), ("", "qdctl: "))
            self.assertIn("not healthy", self.expect(FAILED, "cluster", "health", "--wait", "2").stderr)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        self.expect(DONE, "cluster", "health", "--wait", "40", "--nodes", "3")

    @proves()
    def test_what_nobody_answers_is_status_3(self):
        config = self.through("127.0.0.1:1")
        script = os.path.join(config, "script.js")
        with open(script, "w", encoding="utf-8") as file:
            file.write("print('never');")
        began = time.monotonic()
        gone = self.expect(CANNOT_REACH, "node", "list", config=config)
        self.assertIn('Cannot reach the cluster "local": 127.0.0.1:1: ', gone.stderr)
        self.assertLess(time.monotonic() - began, 10)
        self.expect(CANNOT_REACH, "cluster", "health", "--wait", "1", config=config)
        self.assertEqual(self.expect(CANNOT_REACH, "run", script, config=config).stdout, "")
        self.expect(USAGE, "node", "lst")
        self.expect(USAGE, "store", "get")
        self.expect(FAILED, "node", "list", config=self.folder())

    @proves("R-47")
    def test_pairing_keeps_its_key_private_and_its_role_within_bounds(self):
        config = self.folder()
        token = self.expect(DONE, "cluster", "token", "--kind", "console", "--role", "viewer").stdout.strip()
        address = self.cluster.addresses[1]
        paired = self.expect(DONE, "pair", token, "--address", address, config=config)
        self.assertIn('Paired with the cluster "local" as viewer', paired.stdout)
        again = self.expect(FAILED, "pair", token, "--address", address, "--name", "other", config=config)
        self.assertIn("token", again.stderr)
        self.assertEqual(os.stat(os.path.join(config, "keys", "local.key")).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(os.path.join(self.cluster.dir, "node-1", "state")).st_mode & 0o777, 0o700)
        self.expect(DONE, "store", "ls", config=config)
        self.assertIn("operator", self.expect(FAILED, "store", "set", "/viewer", "x", config=config).stderr)
        self.assertIn("admin", self.expect(FAILED, "cluster", "token", "--kind", "node", config=config).stderr)
        self.expect(DONE, "profile", "remove", "local", config=config)
        self.expect(FAILED, "store", "ls", config=config)

    @proves()
    def test_a_script_sees_the_cluster(self):
        path = os.path.join(self.folder(), "look.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write("""
                const seen = [];
                const watch = cluster.store.watch("/script/key", function (event) {
                    seen.push(event.entry.value);
                    if (event.entry.value === "last") {
                        print("seen", seen[seen.length - 1]);
                        watch.stop();
                    }
                });
                task(function* () {
                    for (;;) {  // the watch begins when it begins
                        yield cluster.async("store.set", { key: "/script/key", value: "last" });
                        yield delay(50);
                        if (seen.length)
                            return;
                    }
                });
                print(cluster.nodes().map(n => n.name).sort().join(), args.join());
                cluster.store.set("/script/number", 5);
                print(cluster.store.get("/script/number").value, cluster.raft().length);
            """)
        run = self.expect(DONE, "run", path, "--one", "two")
        self.assertEqual(run.stdout, "node-1,node-2,node-3 --one,two\n5 3\nseen last\n")

    @proves()
    def test_scripts_that_go_wrong_are_stopped_with_a_sentence(self):
        folder = self.folder()

        def run(text, *options):
            path = os.path.join(folder, "wrong.js")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return self.ctl("run", *options, path)

        loop = run("print('in');\nfor (;;) {}", "--seconds", "1")
        self.assertEqual((loop.returncode, loop.stdout), (FAILED, "in\n"))
        self.assertIn("it ran for more than 1 s without waiting for anything (an endless loop?)", loop.stderr)
        hog = run("let a = [];\nfor (;;) a = [a];", "--memory", "100")
        self.assertEqual(hog.returncode, 137)
        self.assertEqual(hog.stderr, "qdctl: the script was stopped: it needed more than 100 MiB of memory\n")
        error = run("print('a');\n\ncluster.store.get('/no/such');")
        self.assertEqual(error.returncode, FAILED)
        self.assertTrue(error.stderr.endswith("wrong.js:3: Error: Key not found (/no)\n"), error.stderr)
        syntax = run("print('a');\nlet = = 2;")
        self.assertEqual((syntax.returncode, syntax.stdout), (FAILED, ""))
        self.assertIn("wrong.js:2: SyntaxError", syntax.stderr)
        self.assertEqual(run("exit(9);").returncode, 9)
        self.assertEqual(self.ctl("run", os.path.join(folder, "none.js")).returncode, FAILED)

    @proves()
    def test_ctrl_c_ends_a_script(self):
        path = os.path.join(self.folder(), "wait.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write("print('waiting'); cluster.on('nodes', function () {});")
        script = Background(self.cluster, "run", path)
        script.await_line("waiting")
        self.assertEqual(script.end(), 130)
        self.assertEqual(script.text(script.errors), "qdctl: stopped\n")


if __name__ == "__main__":
    main()
