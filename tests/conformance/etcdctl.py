#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""etcdctl parity: the same calls against an agent and against Debian's etcd give the same output and status.

Each story runs at both in turn. What differs by nature is made equal first: indexes become i1, i2 ... in the order
in which they appear, times a T. What is left that differs is printed and lands in etcdctl-differences.txt.
"""
import http.client
import json
import os
import random
import re
import signal
import subprocess

from etcd_oracle import EtcdOracle
from local_cluster import LocalCluster
from qdtest import BUILD, Case, main, proves, wait_for
from relay import Relay

DIFFERENCES = os.path.join(BUILD or ".", "etcdctl-differences.txt")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Of the answer's head: what a client of the v2 API reads.
HEADERS = ("content-type", "allow", "location", "x-etcd-index", "x-etcd-cluster-id", "x-raft-index", "x-raft-term",
           "transfer-encoding")


class Side:
    """One of the two servers, and the names that its indexes got."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.host, port = endpoint.split("//")[1].split(":")
        self.port = int(port)
        self.link = http.client.HTTPConnection(self.host, self.port, timeout=10)
        self.names = {}
        self.relays = []

    def name(self, index):
        return self.names.setdefault(int(index), f"i{len(self.names) + 1}")

    def plain(self, text):
        text = text.replace(self.endpoint, "ENDPOINT")
        text = re.sub(r'(?:modified|created)Index":(\d+)', lambda m: f'Index":{self.name(m[1])}', text)
        text = re.sub(r"(?:Modified|Created)-Index: (\d+)", lambda m: f"Index: {self.name(m[1])}", text)
        text = re.sub(r"(?<=/)0\d{19}", lambda m: self.name(m[0]), text)
        text = re.sub(r'"index":[1-9]\d*', '"index":NOW', text)
        text = re.sub(r"\[\d+\]$", "[NOW]", text, flags=re.MULTILINE)
        text = re.sub(r"^Index: \d+", "Index: NOW", text, flags=re.MULTILINE)
        text = re.sub(r"(Etcd-Index|Raft-Index|Raft-Term): \d+", r"\1: NOW", text)
        text = re.sub(r"!= (\d+)\]", lambda m: f"!= {self.name(m[1])}]", text)
        text = re.sub(r'"expiration":"[\d-]+T[\d:.]+Z"', '"expiration":"T"', text)
        # Cheap calls, but a second may pass between two of them.
        text = re.sub(r'("ttl":|TTL: )(\d+)', lambda m: m[1] + str((int(m[2]) + 5) // 10 * 10), text)
        return text

    def run(self, *words, stdin=""):
        return subprocess.run(["etcdctl", "--no-sync", "--endpoints", self.endpoint, *words], input=stdin,
                              capture_output=True, text=True, timeout=20, check=False,
                              env=dict(os.environ, ETCDCTL_API="2"))

    def etcdctl(self, *words, stdin=""):
        run = self.run(*words, stdin=stdin)
        out = run.stdout
        if words[0] == "ls" and "--sort" not in words:
            out = "".join(sorted(out.splitlines(keepends=True)))
        return f"exit {run.returncode}\n{self.plain(out)}{self.plain(run.stderr)}"

    def raw(self, method, path, body=None, headers=None):
        """One HTTP call; its status, the head that matters, its body."""
        self.link.request(method, path, body, FORM if headers is None and body is not None else headers or {})
        answer = self.link.getresponse()
        text = answer.read().decode()
        head = "".join(f"{name}: {self.header(name, answer.getheader(name))}\n" for name in HEADERS
                       if answer.getheader(name) is not None)
        return f"{answer.status} {answer.reason}\n{head}{self.sorted_nodes(self.plain(text))}"

    def text(self, path, method="GET"):
        self.link.request(method, path)
        return self.link.getresponse().read().decode()

    def streamed(self, count):
        """The first lines of a watch that goes on, each after the write that it tells of."""
        link = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            link.request("GET", "/v2/keys/win?wait=true&stream=true&recursive=true")
            answer = link.getresponse()
            lines = [str(answer.status)]
            for number in range(count):
                self.text(f"/v2/keys/win/stream/{number}?value=x", "PUT")
                lines.append(answer.readline().decode())
            return self.plain("\n".join(lines))
        finally:
            link.close()

    @staticmethod
    def header(name, value):
        return "N" if name.startswith("x-") else value

    @staticmethod
    def sorted_nodes(text):
        """etcd lists a directory in no order; only then the body is taken apart."""
        if '"nodes":[{' not in text:
            return text
        quoted = re.sub(r'Index":(i\d+)', r'Index":"\1"', text)
        # modifiedIndex and createdIndex have one name here: keep both.
        quoted = re.sub(r'Index":("i\d+"),"Index":("i\d+")', r'modified":\1,"created":\2', quoted)

        def order(node):
            for child in node.get("nodes", []):
                order(child)
            node.get("nodes", []).sort(key=lambda n: n["key"])

        event = json.loads(quoted)
        order(event["node"])
        return json.dumps(event)

    def watching(self, *words):
        """Starts a watching etcdctl; returns once the server has said that the watch stands."""
        relay = Relay(self.host, self.port)
        process = subprocess.Popen(["etcdctl", "--no-sync", "--endpoints", relay.endpoint, *words], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                   env=dict(os.environ, ETCDCTL_API="2"))
        self.relays.append(relay)
        wait_for(relay.answered.is_set, 10, "the watch stands")
        return process


class Parity(Case):
    @classmethod
    def setUpClass(cls):
        cls.oracle = EtcdOracle("127.0.0.76")
        cls.addClassCleanup(cls.oracle.stop)
        cls.oracle.start()
        cls.cluster = LocalCluster(1, "127.0.0.75")
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.sides = [Side(f"http://{cls.cluster.addresses[0]}:2379"), Side(cls.oracle.endpoint())]
        cls.calls = 0
        with open(DIFFERENCES, "w", encoding="utf-8"):
            pass

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.calls} calls compared; differences in {DIFFERENCES}", flush=True)
        for relay in cls.sides[0].relays + cls.sides[1].relays:
            relay.close()

    def same(self, what, ours, theirs):
        type(self).calls += 1
        if ours != theirs:
            text = f"--- {what}\nours:   {ours!r}\netcd's: {theirs!r}\n"
            with open(DIFFERENCES, "a", encoding="utf-8") as file:
                file.write(text)
            print(text, flush=True)
        self.assertEqual(ours, theirs, what)

    def ctl(self, line, stdin=""):
        """One etcdctl call at both; words are separated by blanks, ~ stands for a blank in a word."""
        words = [word.replace("~", " ") for word in line.split()]
        with self.subTest(line):
            self.same(f"etcdctl {line}", *(side.etcdctl(*words, stdin=stdin) for side in self.sides))

    def http(self, method, path, body=None, headers=None):
        with self.subTest(f"{method} {path} {body}"):
            self.same(f"{method} {path} {body}", *(side.raw(method, path, body, headers) for side in self.sides))

    @proves("E49", "E50", "E51", "E52", "E53", "E55", "E58", "E60", "E62", "E64")
    def test_1_set_get_ls_rm(self):
        for line in ("set /a one", "get /a", "set /a two", "get /a", "-o extended get /a", "-o json get /a",
                     "-o json set /a three", "set /deep/er/key value", "get /deep", "get /deep/er/key",
                     "get /missing", "get /deep/missing/key", "set /a/b under~a~key", "set /deep a~directory",
                     "set /unicode Grüße~€", "get /unicode", "set /with~blank x~y", "get /with~blank",
                     "set /html <a>&amp;", "get /html", "-o json get /html",
                     "set /empty ~", "get /empty", "set /dashes -- -x", "set noslash v", "get noslash", "get //a/",
                     "ls", "ls /", "ls /deep", "ls --sort --recursive /", "ls -p --sort /", "ls /a", "ls /missing",
                     "ls /deep --recursive", "rm /a", "get /a", "rm /a", "rm /deep", "rm /deep --recursive", "ls /deep",
                     "rm /missing", "rm / --recursive", "set / v", "set /_hidden/key v", "ls --sort /",
                     "ls /_hidden", "rm /_hidden --recursive", "rm --with-value x /unicode", "get"):
            self.ctl(line)
        self.ctl("set /from/stdin", stdin="read from standard input")
        self.ctl("get /from/stdin")

    @proves("E54", "E55", "E56", "E57", "E59", "E63")
    def test_2_mk_mkdir_update_rmdir_setdir(self):
        for line in ("mkdir /dir", "mkdir /dir", "get /dir", "mk /dir/key one", "mk /dir/key two", "update /dir/key three",
                     "update /dir/missing x", "get /dir/key", "mkdir /dir/key", "rmdir /dir", "rmdir /dir/key",
                     "rmdir /missing", "mk /new/with/parents v", "ls --recursive --sort /new", "setdir /sd", "setdir /sd",
                     "setdir /dir/key/below", "updatedir /sd --ttl 100", "updatedir /missing --ttl 100",
                     "update /sd x", "rmdir /sd", "rm /dir/key", "rmdir /dir", "get /dir",
                     "mk --in-order /queue a", "mk --in-order /queue b", "ls --sort /queue",
                     "set --swap-with-value nope /new/with/parents w", "set --swap-with-value v /new/with/parents w",
                     "get /new/with/parents", "rm --with-value nope /new/with/parents",
                     "rm --with-value w /new/with/parents", "rm --dir /new/with"):
            self.ctl(line)

    @proves("E65", "E66", "E67", "E68")
    def test_3_time_to_live(self):
        for line in ("set --ttl 100 /ttl v", "-o extended get /ttl", "update --ttl 200 /ttl v", "-o extended get /ttl",
                     "update /ttl v", "-o extended get /ttl", "mkdir --ttl 100 /ttldir", "mk --ttl 100 /ttldir/k v",
                     "updatedir --ttl 200 /ttldir", "mk --ttl 1 /short v"):
            self.ctl(line)
        self.http("GET", "/v2/keys/ttldir?recursive=true")
        for side in self.sides:
            wait_for(lambda s=side: "100" in s.etcdctl("get", "/short"), 5, "the key expires")
        self.ctl("get /short")

    @proves("E70", "E71", "E73", "E74", "E76")
    def test_4_watch_and_exec_watch(self):
        self.ctl("set /w/key before")
        stories = (("watch /w/key", "set /w/key after"), ("watch --recursive /w", "set /w/other new"),
                   ("watch --recursive /w", "rm /w/other"), ("watch /w/key", "rm /w/key"),
                   ("watch --recursive /w", "mk /w/new/deep v"), ("watch --recursive /", "set /w/key again"))
        for watch, change in stories:
            with self.subTest(watch):
                self.same(f"{watch}, then {change}", *(self.watched(side, watch, change) for side in self.sides))
        for line in ("-o extended get /w/later", "set /w/later 1", "set /w/later 2"):
            self.ctl(line)
        with self.subTest("watch from an index"):
            self.same("watch --after-index", *(self.watched_after(side) for side in self.sides))
        with self.subTest("exec-watch"):
            self.same("exec-watch", *(self.exec_watched(side) for side in self.sides))

    def watched(self, side, watch, change):
        process = side.watching(*watch.split())
        try:
            text = side.etcdctl(*change.split())
            out, errors = process.communicate(timeout=10)
        finally:
            process.kill()
        return f"{text}exit {process.returncode}\n{side.plain(out)}{side.plain(errors)}"

    def watched_after(self, side):
        index = re.search(r"Modified-Index: (\d+)", side.run("-o", "extended", "get", "/w/later").stdout)[1]
        return side.etcdctl("watch", "--after-index", str(int(index) - 1), "/w/later")

    def exec_watched(self, side):
        process = side.watching("exec-watch", "--recursive", "/w/exec", "--", "sh", "-c",
                                "echo $ETCD_WATCH_ACTION $ETCD_WATCH_KEY $ETCD_WATCH_VALUE")
        lines = []
        try:
            for value in ("one", "two", "three"):
                side.etcdctl("set", "/w/exec", value)
                lines.append(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=10)
        finally:
            process.kill()
        return f"{''.join(lines)}exit {process.returncode}\n{errors}"

    @proves("E102", "E103", "E105", "E106", "E108", "E109", "E110", "E111", "E112", "E113", "E114", "E115", "E116")
    def test_5_keys(self):
        put, get = "PUT", "GET"
        for call in ((get, "/version"), (get, "/health"), (get, "/nothing"), (get, "/"), (get, "/v2"),
                     (get, "/v2/keys/raw"), (put, "/v2/keys/raw/one", "value=1"), (put, "/v2/keys/raw/one", "value=2"),
                     (get, "/v2/keys/raw/one"), (get, "/v2/keys/raw/one/"), (get, "/v2/keys/raw"),
                     (get, "/v2/keys/raw?recursive=true&sorted=true"), ("HEAD", "/v2/keys/raw/one"),
                     (put, "/v2/keys/raw/two?value=query"), (put, "/v2/keys/raw/two?value=query", "value=body"),
                     (put, "/v2/keys/raw/empty"), (put, "/v2/keys/raw/dir", "dir=true"),
                     (put, "/v2/keys/raw/dir", "dir=true"), (put, "/v2/keys/raw/dir", "value=x"),
                     (put, "/v2/keys/raw/one", "dir=true"), (put, "/v2/keys/raw/one?prevExist=true", "value=3"),
                     (put, "/v2/keys/raw/none?prevExist=true", "value=3"),
                     (put, "/v2/keys/raw/two?prevExist=false", "value=3"),
                     (put, "/v2/keys/raw/two?prevValue=body", "value=4"),
                     (put, "/v2/keys/raw/two?prevValue=nope", "value=4"),
                     (put, "/v2/keys/raw/two?prevExist=true&prevValue=4", "value=5"),
                     (put, "/v2/keys/raw/dir?prevExist=true", "value=x"),
                     (put, "/v2/keys/raw/dir?prevValue=x", "value=x"),
                     (put, "/v2/keys/raw/one/below", "value=x"), (put, "/v2/keys", "value=x"),
                     (put, "/v2/keys/raw/two?noValueOnSuccess=true", "value=6"),
                     (put, "/v2/keys/raw/%C3%BC%20x", "value=%F0%9F%98%80%00%01"), (get, "/v2/keys/raw/%C3%BC%20x"),
                     (put, "/v2/keys/raw/esc", "value=%3Ca%3E%26%22%5C%0A%09%E2%80%A8%7F%FF"), (get, "/v2/keys/raw/esc"),
                     (put, "/v2/keys/raw/a%2Fb", "value=x"), (get, "/v2/keys//raw//one"), (get, "/v2/keys/raw/../raw/one"),
                     (get, "/v2/keys/raw/./one?recursive=true"), ("PATCH", "/v2/keys/raw"), ("OPTIONS", "/v2/keys/raw"),
                     ("POST", "/health"), ("POST", "/version"), (get, "/v2/keysx"), (get, "/v2/keys/%zz")):
            self.http(*call)
        self.http(put, "/v2/keys/raw/plain", "value=x", {"Content-Type": "text/plain"})
        self.http(put, "/v2/keys/raw/charset", "value=x",
                  {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})

    @proves("E116", "E117", "E118", "E119", "E120", "E121", "E122", "E123")
    def test_6_parameters(self):
        self.http("PUT", "/v2/keys/p/k", "value=1")
        for query in ("recursive=x", "recursive=", "sorted=2", "wait=maybe", "quorum=x", "stream=x", "dir=x",
                      "waitIndex=x", "waitIndex=", "waitIndex=-1", "waitIndex=18446744073709551616",
                      "prevIndex=x", "x=%zz", "a;b=1", "recursive=TRUE", "quorum=true", "sorted=t&recursive=1",
                      "consistent=true", "wait=true&waitIndex=99999999999999999999", "recursive=x&waitIndex=y"):
            self.http("GET", "/v2/keys/p/k?" + query)
        for body in ("ttl=x", "ttl=-1", "ttl=1.5", "ttl=", "ttl=100", "prevExist=x", "prevExist=", "prevIndex=0",
                     "prevIndex=999999999", "prevValue=", "refresh=x", "refresh=true", "refresh=true&value=x&ttl=5",
                     "refresh=true&ttl=100", "refresh=true&ttl=100&prevExist=true", "wait=true", "value=%zz",
                     "value=a&value=b", "value=a+b%2Bc", "noValueOnSuccess=x", "prevExist=true&ttl=", "dir=true&ttl=100",
                     "prevExist=true&ttl=100&prevValue=zzz", "VALUE=x", "value"):
            self.http("PUT", "/v2/keys/p/k", body)
            self.http("PUT", "/v2/keys/p/fresh", body)
        self.http("PUT", "/v2/keys/p/dir?dir=true&ttl=100")
        self.http("PUT", "/v2/keys/p/dir", "dir=true&prevExist=true&ttl=200")
        self.http("PUT", "/v2/keys/p/dir", "dir=true&prevExist=true&ttl=")
        self.http("GET", "/v2/keys/p/dir")
        self.http("PUT", "/v2/keys/p/zero", "value=x&ttl=0")
        for query in ("", "?ttl=100", "?dir=true"):
            self.http("POST", "/v2/keys/p/queue" + query, "value=job")
        self.http("GET", "/v2/keys/p/queue?sorted=true")
        self.http("POST", "/v2/keys/p/k", "value=below a key")

    @proves("E123", "E124", "E125")
    def test_7_delete(self):
        for call in (("PUT", "/v2/keys/d/k", "value=1"), ("DELETE", "/v2/keys/d/k?prevValue=2"),
                     ("DELETE", "/v2/keys/d/k?prevIndex=99999"), ("DELETE", "/v2/keys/d/k?prevValue=1"),
                     ("DELETE", "/v2/keys/d/k"), ("PUT", "/v2/keys/d/k", "value=1"), ("DELETE", "/v2/keys/d"),
                     ("DELETE", "/v2/keys/d?dir=true"), ("DELETE", "/v2/keys/d?prevValue=x"),
                     ("DELETE", "/v2/keys/d/k?dir=true"), ("DELETE", "/v2/keys/d?dir=true"),
                     ("PUT", "/v2/keys/d/e/f/g", "value=1"), ("DELETE", "/v2/keys/d?recursive=true"),
                     ("GET", "/v2/keys/d"), ("DELETE", "/v2/keys/?recursive=true"), ("DELETE", "/v2/keys?dir=true"),
                     ("DELETE", "/v2/keys/d?recursive=x")):
            self.http(*call)

    @proves("E127", "E129", "E130", "E141", "E146", "E147", "E149")
    def test_8_a_thousand_random_calls(self):
        """The same seeded calls over a few keys, so that they meet: all that one can say of them in v2."""
        dice = random.Random(20150717)
        for number in range(1000):
            method, path, body = random_call(dice)
            with self.subTest(f"{number}: {method} {path} {body}"):
                self.same(f"random {number}: {method} {path} {body}",
                          *(side.raw(method, path, body) for side in self.sides))

    @proves("E125", "E126", "E148", "E149")
    def test_9_watches_and_the_window_of_events(self):
        self.http("PUT", "/v2/keys/win/first", "value=1")
        first = [json.loads(side.text("/v2/keys/win/first"))["node"]["modifiedIndex"] for side in self.sides]
        self.http("PUT", "/v2/keys/win/first", "value=2")
        self.http("DELETE", "/v2/keys/win/first")
        for query in ("", "&recursive=true", "&stream=false"):
            for path in ("/v2/keys/win/first", "/v2/keys/win", "/v2/keys/"):
                if path != "/v2/keys/win/first" and "recursive" not in query:
                    continue
                with self.subTest(path + query):
                    self.same(f"history of {path}{query}", *(
                        side.raw("GET", f"{path}?wait=true&waitIndex={index}{query}")
                        for side, index in zip(self.sides, first)))
        with self.subTest("stream"):
            # From an index of the past etcd's own stream gives the first event alone: ours goes on (see the guide).
            self.same("a stream of three events", *(side.streamed(3) for side in self.sides))
        for side in self.sides:
            for number in range(1000):
                side.text(f"/v2/keys/win/filler?value={number}", "PUT")
        with self.subTest("what has left the window"):
            answers = [side.raw("GET", f"/v2/keys/win?wait=true&recursive=true&waitIndex={index}")
                       for side, index in zip(self.sides, first)]
            self.assertIn('"errorCode":401', answers[0])
            self.same("an index that has left the window", *(re.sub(r"\[\d+/\d+\]", "[OLDEST/ASKED]", answer)
                                                             for answer in answers))

    @proves("E78", "E84", "E131")
    def test_10_members_and_health(self):
        for side in self.sides:
            members = side.run("member", "list").stdout
            self.assertRegex(members, r"^[0-9a-f]{1,16}: name=\S+ peerURLs=https?://\S+:2380 "
                                      rf"clientURLs={side.endpoint} isLeader=true\n$")
            identity = members.split(":")[0]
            health = side.run("cluster-health")
            self.assertEqual(health.returncode, 0)
            self.assertEqual(health.stdout, f"member {identity} is healthy: got healthy result from {side.endpoint}\n"
                                            "cluster is healthy\n")
            stats = json.loads(side.text("/v2/stats/self"))
            self.assertEqual(stats["id"], identity)
            self.assertEqual((stats["state"], stats["leaderInfo"]["leader"]), ("StateLeader", identity))

    @proves()
    def test_99_so_much_was_compared_and_nothing_differs(self):
        self.assertGreaterEqual(self.calls, 60)
        with open(DIFFERENCES, encoding="utf-8") as file:
            self.assertEqual(file.read(), "")


def random_call(dice):
    """One call of the v2 API on one of a few keys."""
    key = "/v2/keys/rnd/" + dice.choice(("a", "b", "a/x", "a/y", "b/x", "c", "_h", "_h/x", "a/_h", "c/x/y", "a/x/deep"))
    method = dice.choice(("GET", "GET", "PUT", "PUT", "PUT", "PUT", "POST", "DELETE", "DELETE", "HEAD"))
    choices = {
        "GET": ("recursive=true", "sorted=true", "quorum=true", "recursive=false"),
        "PUT": ("dir=true", "prevExist=true", "prevExist=false", "prevValue=v1", "prevValue=v2", "prevIndex=1",
                "ttl=300", "ttl=", "refresh=true&ttl=300", "noValueOnSuccess=true", "value=v1", "value=v2", "value="),
        "POST": ("value=v1", "dir=true", "ttl=300", "value=%26%3C"),
        "DELETE": ("recursive=true", "dir=true", "prevValue=v1", "prevIndex=1", "recursive=true&dir=true"),
        "HEAD": ("recursive=true",),
    }[method]
    words = dice.sample(choices, dice.randint(0, min(3, len(choices))))
    if method in ("PUT", "POST") and dice.random() < 0.7:
        return method, key, "&".join(words)
    return method, key + ("?" + "&".join(words) if words else ""), None


if __name__ == "__main__":
    main()
