# SPDX-License-Identifier: GPL-3.0-or-later
"""The worked examples of etcd's keys, on three real nodes: by HTTP here, by Debian's etcdctl below.

What is written goes to one node, what is read comes from another, as the examples have it.
"""
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import urllib.parse

from http_wire import Wire
from local_cluster import LocalCluster, etcdctl
from qdtest import SOURCE, Case, main, proves, wait_for
from relay import Relay

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
INDEXES = ("createdIndex", "modifiedIndex")


class Client:
    """One node as curl sees it: status, head and decoded body of each call."""

    def __init__(self, address):
        self.address = address
        self.link = http.client.HTTPConnection(address, 2379, timeout=20)

    def __call__(self, method, path, **form):
        body = urllib.parse.urlencode(form) if form else None
        self.link.request(method, "/v2/keys" + path, body, FORM if form else {})
        answer = self.link.getresponse()
        self.head, self.text, self.status = answer.headers, answer.read().decode(), answer.status
        return json.loads(self.text) if self.text else {}

    def watch(self, path):
        """Opens a watch; returns once the node has said that it stands. `line()` then waits for an event."""
        wire = Wire(self.address, timeout=20)
        wire.send(f"GET /v2/keys{path} HTTP/1.1\r\nHost: etcd\r\n\r\n".encode())
        wire.receive_head()
        return wire


class ThreeNodes(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, cls.BASE).start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.await_leader()

    def setUp(self):
        super().setUp()
        self.one, self.two, self.three = (Client(address) for address in self.cluster.addresses)

    def reached(self, client, index):
        """A follower applies what was committed a moment ago."""
        wait_for(lambda: client("GET", "/") and int(client.head["X-Etcd-Index"]) >= index, 5, "the node is up to date")


class ByHttp(ThreeNodes):
    BASE = "127.0.0.91"

    def of(self, node):
        return [node[name] for name in INDEXES]

    @proves("E103", "E105", "E106", "E107", "E108", "E109", "E110")
    def test_s26_read(self):
        semaphore = '{"semaphore":1,"max":1,"holders":null}'
        path = "/coreos.com/updateengine/rebootlock/semaphore"
        made = self.one("PUT", path, value=semaphore)["node"]
        self.reached(self.two, made["modifiedIndex"])
        root = self.two("GET", "/")
        self.assertEqual((self.two.status, root["action"], root["node"]["dir"]), (200, "get", True))
        self.assertNotIn("key", root["node"])
        self.assertNotIn(" ", self.two.text.strip())
        self.assertIn({"key": "/coreos.com", "dir": True, **{name: made["createdIndex"] for name in INDEXES}},
                      root["node"]["nodes"])
        node, depth = self.two("GET", "/coreos.com?recursive=true")["node"], 1
        while "nodes" in node:
            self.assertEqual((len(node["nodes"]), node["dir"], self.of(node)), (1, True, self.of(made)))
            node, depth = node["nodes"][0], depth + 1
        self.assertEqual((depth, node), (4, made))
        self.assertEqual(made["value"], semaphore)
        for with_slash in ("/", "/coreos.com/", path + "/"):
            self.assertEqual(self.two("GET", with_slash), self.two("GET", with_slash.rstrip("/")))
        self.assertEqual(self.two("GET", path), {"action": "get", "node": made})

    @proves("E111", "E112", "E113", "E114", "E115", "E116", "E146")
    def test_s27_write(self):
        one = self.one
        first = one("PUT", "/path/demo1", value="Hey")
        self.assertEqual((one.status, first["action"], first["node"]["value"]), (201, "set", "Hey"))
        self.assertNotIn("prevNode", first)
        folder = one("PUT", "/path/demo2", dir="true")
        self.assertEqual((one.status, folder["action"], folder["node"]["dir"]), (201, "set", True))
        again = one("PUT", "/path/demo1", value="Hey")
        created, modified = self.of(again["node"])
        self.assertEqual((one.status, created), (200, modified))
        self.assertGreater(created, first["node"]["createdIndex"])
        self.assertEqual(again["prevNode"], first["node"])
        changed = one("PUT", "/path/demo1?prevExist=true", value="New")
        self.assertEqual((one.status, changed["action"], changed["prevNode"]["value"]), (200, "update", "Hey"))
        self.assertEqual(changed["node"]["createdIndex"], created)
        self.assertGreater(changed["node"]["modifiedIndex"], modified)
        error = one("PUT", "/path/demo2", value="New", prevExist="true")
        self.assertEqual((one.status, error["errorCode"], error["message"], error["cause"]),
                         (403, 102, "Not a file", "/path/demo2"))
        error = one("PUT", "/path/none", value="New", prevExist="true")
        self.assertEqual((one.status, error["errorCode"], error["message"], error["cause"]),
                         (404, 100, "Key not found", "/path/none"))
        self.assertEqual(str(error["index"]), one.head["X-Etcd-Index"])

    @proves("E66", "E69", "E117", "E118", "E119", "E120", "E121", "E152")
    def test_s28_time_to_live(self):
        one, two = self.one, self.two
        made = one("PUT", "/demottl", value="Val", ttl="3")["node"]
        self.assertEqual(made["ttl"], 3)
        self.assertRegex(made["expiration"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertTrue(0 < one("GET", "/demottl")["node"]["ttl"] <= 3)
        one("PUT", "/demodir", dir="true", ttl="3")
        one("PUT", "/demodir/child", value="lives no longer than its directory", ttl="1000")
        kept = one("PUT", "/kept", dir="true", ttl="3")["node"]
        renewed = one("PUT", "/kept", dir="true", ttl="6", prevExist="true")
        self.assertEqual((renewed["action"], renewed["node"]["ttl"]), ("update", 6))
        one("PUT", "/for-ever", dir="true", ttl="3")
        self.assertNotIn("ttl", one("PUT", "/for-ever", dir="true", ttl="", prevExist="true")["node"])
        self.reached(two, kept["modifiedIndex"] + 3)
        watches = [client.watch("/?wait=true&stream=true&recursive=true") for client in (self.one, self.two, self.three)]
        # Each node says of the same keys, at the same index, that they have gone.
        ends = [[json.loads(watch.line()) for _ in range(3)] for watch in watches]
        self.assertEqual([event["action"] for event in ends[0]], ["expire"] * 3)
        self.assertEqual([event["node"]["key"] for event in ends[0]], ["/demottl", "/demodir", "/kept"])
        self.assertEqual(ends[0], ends[1])
        self.assertEqual(ends[0], ends[2])
        self.assertEqual(ends[0][0]["prevNode"]["value"], "Val")
        for gone in ("/demottl", "/demodir/child"):
            error = two("GET", gone)
            self.assertEqual((two.status, error["errorCode"], error["cause"]), (404, 100, "/" + gone.split("/")[1]))
        # /kept went three seconds after those whose life was not renewed.
        ran_out = [self.seconds(event["prevNode"]["expiration"]) for event in ends[0]]
        self.assertGreater(ran_out[2] - ran_out[0], 2.5)
        self.assertEqual(two("GET", "/for-ever")["node"]["dir"], True)

    @staticmethod
    def seconds(moment):
        hours, minutes, seconds = moment.rstrip("Z").split("T")[1].split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)

    @proves("E122", "E149")
    def test_s29_in_order_keys(self):
        one = self.one
        made = [one("POST", "/queue/demo", value=value) for value in ("Val1", "Val2", "Val3")]
        self.assertEqual((one.status, {event["action"] for event in made}), (201, {"create"}))
        for event in made:
            self.assertEqual(event["node"]["key"], f"/queue/demo/{event['node']['createdIndex']:020}")
        self.reached(self.two, made[-1]["node"]["modifiedIndex"])
        listed = self.two("GET", "/queue/demo?sorted=true")["node"]
        self.assertEqual(listed["nodes"], [event["node"] for event in made])
        self.assertEqual(self.of(listed), self.of(made[0]["node"]))

    @proves("E123", "E124")
    def test_s30_delete(self):
        one = self.one
        old = one("PUT", "/gone/demo1", value="New")["node"]
        deleted = one("DELETE", "/gone/demo1")
        self.assertEqual((one.status, deleted["action"], deleted["prevNode"]), (200, "delete", old))
        self.assertNotIn("value", deleted["node"])
        self.assertEqual(deleted["node"]["createdIndex"], old["createdIndex"])
        self.assertGreater(deleted["node"]["modifiedIndex"], old["modifiedIndex"])
        one("PUT", "/gone/demo2/key", value="x")
        refusals = (("", 403, 102), ("?dir=true", 403, 108))
        for query, status, number in refusals:
            self.assertEqual((one("DELETE", "/gone" + query)["errorCode"], one.status), (number, status))
        deleted = one("DELETE", "/gone?dir=true&recursive=true")
        self.assertEqual((one.status, deleted["node"]["dir"], deleted["prevNode"]["dir"]), (200, True, True))
        self.assertEqual(one("GET", "/gone/demo2/key")["cause"], "/gone")

    @proves("E72", "E77", "E125", "E126")
    def test_s31_watch(self):
        first = self.two("PUT", "/watched/demo1", value="Hey")["node"]
        self.reached(self.one, first["modifiedIndex"])
        watch = self.one.watch("/watched/demo1?wait=true")
        written = self.two("PUT", "/watched/demo1", value="New")
        heard = json.loads(watch.line())
        self.assertEqual(heard, written)
        self.assertEqual((heard["node"]["value"], heard["prevNode"]["value"]), ("New", "Hey"))
        self.assertEqual(watch.line(), b"")  # that was all
        # Nobody watches now; the next watch asks for what it has missed.
        missed = self.two("PUT", "/watched/demo1", value="Missed")
        self.reached(self.one, missed["node"]["modifiedIndex"])
        index = heard["node"]["modifiedIndex"] + 1
        watch = self.one.watch(f"/watched/demo1?wait=true&waitIndex={index}")
        self.assertEqual(json.loads(watch.line()), missed)

    @proves("E128")
    def test_s32_lock(self):
        path, query = "/app/options/lock", "?prevExist=false"
        took = self.one("PUT", path + query, value="machine-1")
        self.assertEqual((self.one.status, took["action"]), (201, "create"))
        error = self.two("PUT", path + query, value="machine-2")
        self.assertEqual((self.two.status, error["errorCode"], error["message"], error["cause"]),
                         (412, 105, "Key already exists", path))
        self.one("DELETE", path)
        self.two("PUT", path + query, value="machine-2")
        self.assertEqual(self.two.status, 201)

    @proves("E127", "E129")
    def test_s33_compare_and_swap(self):
        index = self.one("PUT", "/swap/demo", value="OldVal")["node"]["modifiedIndex"]
        other = self.two("PUT", "/swap/demo", value="Other")["node"]["modifiedIndex"]
        error = self.one("PUT", f"/swap/demo?prevIndex={index}", value="NewVal")
        self.assertEqual((self.one.status, error["errorCode"], error["message"], error["cause"]),
                         (412, 101, "Compare failed", f"[{index} != {other}]"))
        error = self.one("PUT", "/swap/demo?prevValue=OldVal", value="NewVal")
        self.assertEqual(error["cause"], "[OldVal != Other]")
        now = self.one("GET", "/swap/demo?quorum=true")["node"]["modifiedIndex"]
        done = self.one("PUT", f"/swap/demo?prevIndex={now}", value="NewVal")
        self.assertEqual((self.one.status, done["action"], done["prevNode"]["value"]), (200, "compareAndSwap", "Other"))
        self.one("PUT", "/swap/counter", value="0")
        clients = [threading.Thread(target=self.count, args=(number,)) for number in range(10)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(240)
        self.assertEqual(self.one("GET", "/swap/counter?quorum=true")["node"]["value"], "1000")

    def count(self, number):
        """A hundred increments at one of the nodes, each repeated until nobody else came between."""
        client = Client(self.cluster.addresses[number % 3])
        done = 0
        while done < 100:
            node = client("GET", "/swap/counter?quorum=true")["node"]
            client("PUT", f"/swap/counter?prevIndex={node['modifiedIndex']}", value=str(int(node["value"]) + 1))
            done += client.status == 200

    @proves("E130")
    def test_s34_compare_and_delete(self):
        one = self.one
        one("PUT", "/demo", value="CurVal")
        error = one("DELETE", "/demo?prevValue=OldVal")
        self.assertEqual((one.status, error["errorCode"], error["cause"]), (412, 101, "[OldVal != CurVal]"))
        self.assertEqual(one("GET", "/demo")["node"]["value"], "CurVal")
        done = one("DELETE", "/demo?prevValue=CurVal")
        self.assertEqual((one.status, done["action"], done["prevNode"]["value"]), (200, "compareAndDelete", "CurVal"))
        self.assertEqual(one("GET", "/demo")["errorCode"], 100)

    @proves("E141")
    def test_s39_hidden_nodes(self):
        one = self.one
        made = one("PUT", "/App/_data", value="HidenVal")["node"]
        self.assertEqual(one("GET", "/App/"), {"action": "get", "node": {
            "key": "/App", "dir": True, **{name: made["createdIndex"] for name in INDEXES}}})
        self.assertEqual(one("GET", "/App/_data")["node"], made)
        endpoint = self.cluster.endpoint(1)
        self.assertNotIn("_", etcdctl(endpoint, "ls", "/", "--recursive").stdout)
        self.assertEqual(etcdctl(endpoint, "ls", "/App").stdout, "")
        self.assertEqual(etcdctl(endpoint, "get", "/App/_data").stdout, "HidenVal\n")

    @proves("E22")
    def test_e22_the_second_api_is_the_only_one(self):
        for path in ("/v3/kv/range", "/v3/kv/put", "/v3beta/kv/range", "/v3alpha/kv/range"):
            self.one.link.request("POST", path, '{"key":"YQ=="}', {"Content-Type": "application/json"})
            answer = self.one.link.getresponse()
            self.assertEqual((answer.status, answer.read()), (404, b"404 page not found\n"))
        self.assertEqual(self.one("PUT", "/second", value="api")["action"], "set")

    @proves("E21")
    def test_e21_what_it_is_for(self):
        # A service tells where it is, for as long as it lives; who needs it hears of it and of its end.
        watch = self.two.watch("/services/web?wait=true&stream=true&recursive=true")
        here = self.one("PUT", "/services/web/machine-1", value="10.0.0.1:80", ttl="2")["node"]
        self.assertEqual(json.loads(watch.line())["node"]["value"], "10.0.0.1:80")
        # Whoever asks any node for what is true now gets it, at once and the same.
        for client in (self.one, self.two, self.three):
            found = client("GET", "/services/web?quorum=true&recursive=true")["node"]["nodes"]
            self.assertEqual([(node["key"], node["value"]) for node in found], [(here["key"], here["value"])])
        self.assertEqual(json.loads(watch.line())["action"], "expire")
        self.assertEqual(self.three("GET", "/services/web?quorum=true")["node"].get("nodes"), None)

    @proves("E142", "E143")
    def test_s40_fleets_tree(self):
        endpoint = self.cluster.endpoint(2)
        self.assertNotIn("_coreos.com", etcdctl(endpoint, "ls", "/").stdout)
        listed = wait_for(lambda: self.fleet(endpoint), 20, "fleet's directories")
        self.assertEqual(listed, ["/_coreos.com/fleet/engine", "/_coreos.com/fleet/lease", "/_coreos.com/fleet/machines"])

    @staticmethod
    def fleet(endpoint):
        lines = etcdctl(endpoint, "ls", "/_coreos.com/fleet/").stdout.splitlines()
        named = sorted(line for line in lines if line.rsplit("/", 1)[1] in ("engine", "lease", "machines"))
        return named if len(named) == 3 else None


class ByEtcdctl(ThreeNodes):
    BASE = "127.0.0.95"

    def ctl(self, number, *words):
        """An etcdctl call at a node that succeeds; what it prints."""
        run = etcdctl(self.cluster.endpoint(number), *words)
        self.assertEqual((run.returncode, run.stderr), (0, ""), " ".join(words))
        return run.stdout

    def refused(self, number, *words):
        run = etcdctl(self.cluster.endpoint(number), *words)
        self.assertNotEqual(run.returncode, 0, " ".join(words))
        return run.stderr.strip()

    def seen(self, number, key, value):
        wait_for(lambda: etcdctl(self.cluster.endpoint(number), "get", key).stdout == value + "\n", 5, f"{key} is {value}")

    def watching(self, number, *words):
        """etcdctl that waits; returns once it is connected and its watch stands."""
        return Watching(self.cluster.addresses[number - 1], words)

    @proves("E48", "E49", "E50", "E51", "E52", "E53")
    def test_s08_ls_and_get(self):
        key, value = "/coreos.com/updateengine/rebootlock/semaphore", '{"semaphore":1,"max":1,"holders":[]}'
        self.ctl(1, "set", key, value)
        self.seen(2, key, value)
        self.assertEqual(self.ctl(2, "ls", "/"), "/coreos.com\n")
        words = key.split("/")
        self.assertEqual(self.ctl(2, "ls", "/", "--recursive").splitlines(),
                         ["/".join(words[:count]) for count in range(2, 6)])
        self.assertEqual(self.ctl(2, "get", key), value + "\n")
        self.assertEqual(self.refused(2, "get", "/coreos.com"), "/coreos.com: is a directory")
        self.assertRegex(self.ctl(2, "-o", "extended", "get", key),
                         rf"^Key: {key}\nCreated-Index: \d+\nModified-Index: \d+\nTTL: 0\n(Index: \d+\n)?"
                         rf"(Etcd-Index: \d+\nRaft-Index: \d+\nRaft-Term: \d+\n)?\n{re.escape(value)}\n$")

    @proves("E54", "E55", "E56", "E57", "E60", "E61", "E62", "E63", "E64")
    def test_s09_s10_s12_create_change_delete(self):
        self.assertEqual(self.ctl(1, "mkdir", "/demo"), "")
        self.assertEqual(self.refused(1, "get", "/demo"), "/demo: is a directory")
        self.assertEqual(self.ctl(1, "mk", "/demo/hello", "Hello Etcd"), "Hello Etcd\n")
        self.seen(3, "/demo/hello", "Hello Etcd")
        self.assertEqual(self.ctl(1, "mk", "/path/to/the/new/key", "Text Message"), "Text Message\n")
        self.assertRegex(self.refused(1, "mk", "/demo/hello", "Something Else"),
                         r"^Error:  105: Key already exists \(/demo/hello\) \[\d+\]$")
        self.assertEqual(self.ctl(1, "update", "/demo/hello", "Hello CoreOS"), "Hello CoreOS\n")
        self.assertEqual(self.ctl(1, "get", "/demo/hello"), "Hello CoreOS\n")
        self.assertRegex(self.refused(1, "update", "/demo/xx", "Message"),
                         r"^Error:  100: Key not found \(/demo/xx\) \[\d+\]$")
        self.ctl(1, "rm", "/demo/hello")
        self.assertRegex(self.refused(1, "get", "/demo/hello"), r"^Error:  100: Key not found \(/demo/hello\)")
        self.ctl(1, "rmdir", "/demo")
        self.assertRegex(self.refused(1, "get", "/demo"), r"^Error:  100: Key not found \(/demo\)")
        self.assertRegex(self.refused(1, "rmdir", "/path"), r"^Error:  108: Directory not empty \(/path\) \[\d+\]$")
        self.ctl(1, "rm", "/path", "--recursive")
        self.assertNotIn("/path", self.ctl(1, "ls", "/"))

    @proves("E58", "E59")
    def test_s11_the_table_of_three_commands(self):
        for kind, made in (("", "there"), ("dir", "dir-there")):
            value = () if kind else ("x",)
            self.ctl(1, "mk" + kind, f"/table/{made}", *value)
            self.assertIn("105: Key already exists", self.refused(1, "mk" + kind, f"/table/{made}", *value))
            self.assertIn("100: Key not found", self.refused(1, "update" + kind, f"/table/none{kind}", *value))
            self.ctl(1, "update" + kind, f"/table/{made}", *value)
            self.ctl(1, "set" + kind, f"/table/set{kind}", *value)
        self.ctl(1, "set", "/table/there", "y")
        self.assertEqual(self.ctl(1, "get", "/table/there"), "y\n")

    @proves("E65", "E66", "E67", "E68")
    def test_s13_time_to_live(self):
        self.ctl(1, "mkdir", "/ttl/demo", "--ttl", "6")
        self.ctl(1, "mk", "/ttl/demo/title", "Message Title", "--ttl", "1000")
        self.ctl(1, "mk", "/ttl/kept", "x", "--ttl", "8")
        self.ctl(1, "update", "/ttl/kept", "x", "--ttl", "400")
        self.ctl(1, "mk", "/ttl/short", "x", "--ttl", "8")
        for key in ("/ttl/demo/title", "/ttl/short"):
            wait_for(lambda k=key: "100: Key not found" in etcdctl(self.cluster.endpoint(1), "get", k).stderr, 20,
                     f"the end of {key}")
        # What was to live as long, and was renewed, is there; its time runs.
        left = int(re.search(r"\nTTL: (\d+)\n", self.ctl(1, "-o", "extended", "get", "/ttl/kept"))[1])
        self.assertLess(left, 400)
        self.assertGreater(left, 300)

    @proves("E70", "E71", "E72", "E76")
    def test_s14_watch(self):
        key = "/path14/to/demo"
        self.ctl(2, "set", key, "old")
        self.seen(1, key, "old")
        watch = self.watching(1, "watch", key)
        self.ctl(2, "update", key, "new-value")
        self.assertEqual(watch.ended(), (0, "new-value\n"))
        watch = self.watching(1, "watch", "--recursive", "/path14")
        self.ctl(2, "set", "/path14/to/another/key", "deep")
        status, text = watch.ended()
        self.assertEqual((status, text), (0, "[set] /path14/to/another/key\ndeep\n"))
        index = int(re.search(r"Modified-Index: (\d+)", self.ctl(1, "-o", "extended", "get", key))[1])
        self.assertEqual(self.ctl(1, "watch", key, "--after-index", str(index - 1)), "new-value\n")

    @proves("E73")
    def test_s15_watch_in_a_loop(self):
        key = "/path15/to/demo"
        self.ctl(1, "set", key, "nobody")
        watch = self.watching(1, "watch", key)
        self.assertEqual(self.ctl(2, "set", key, "Lin"), "Lin\n")
        self.assertEqual(watch.ended(), (0, "Lin\n"))
        again = self.watching(1, "watch", key)
        self.ctl(1, "update", key, "Hello " + self.ctl(1, "get", key).strip())
        self.assertEqual(again.ended(), (0, "Hello Lin\n"))
        self.seen(2, key, "Hello Lin")

    @proves("E74")
    def test_s16_exec_watch(self):
        key = "/path16/demo"
        self.ctl(1, "set", key, "before")
        watch = self.watching(1, "exec-watch", "--recursive", key, "--", "sh", "-c", "echo $ETCD_WATCH_VALUE")
        for value in ("one", "two", "three"):
            self.ctl(1, "set", key, value)
            self.assertEqual(watch.line(), value + "\n")
        self.assertIsNone(watch.process.poll())
        watch.process.send_signal(signal.SIGINT)
        self.assertEqual(watch.ended()[0], 0)

    @proves("E75")
    def test_s16_a_command_that_changes_what_it_watches_never_ends(self):
        key = "/path16/loop"
        self.ctl(1, "set", key, "0")
        command = (f"echo $ETCD_WATCH_VALUE; ETCDCTL_API=2 etcdctl --no-sync --endpoints http://{self.cluster.addresses[0]}:2379 "
                   f"set {key} $((ETCD_WATCH_VALUE + 1)) >/dev/null")
        watch = self.watching(1, "exec-watch", "--recursive", key, "--", "sh", "-c", command)
        self.ctl(1, "set", key, "1")
        self.assertEqual([watch.line() for _ in range(3)], ["1\n", "2\n", "3\n"])
        self.assertIsNone(watch.process.poll())
        watch.process.send_signal(signal.SIGINT)
        watch.ended()
        with open(os.path.join(SOURCE, "docs", "guide", "store.md"), encoding="utf-8") as file:
            self.assertIn("must not change the key that it watches", file.read())


class Watching:
    """An etcdctl that watches; it is there once its watch stands."""

    def __init__(self, address, words):
        self.relay = Relay(address, 2379)
        self.process = subprocess.Popen(["etcdctl", "--no-sync", "--endpoints", self.relay.endpoint, *words], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                        env={**os.environ, "ETCDCTL_API": "2"})
        wait_for(self.relay.answered.is_set, 20, "the watch stands")

    def line(self):
        return self.process.stdout.readline()

    def ended(self):
        """Status and what was printed, once it has ended by itself."""
        try:
            text, _ = self.process.communicate(timeout=20)
        finally:
            self.process.kill()
            self.relay.close()
        return self.process.returncode, text


if __name__ == "__main__":
    main()
