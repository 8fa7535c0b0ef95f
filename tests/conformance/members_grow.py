# SPDX-License-Identifier: GPL-3.0-or-later
"""Members that are added, join and move, by etcd's API and etcdctl; what is refused, beside Debian's etcd."""
import json
import re
import shutil
import urllib.error
import urllib.request

from bare_agents import BareAgent, on_test_net
from etcd_oracle import EtcdOracle
from local_cluster import call, etcdctl, get, put
from qdtest import Case, main, proves, wait_for

UNKNOWN = "1234"
# Method, what follows /v2/members, content type, body. HERE is a peer URL of the cluster's first member.
REFUSED = [
    ("POST", "", "application/json", '{"peerURLs":["HERE"]}'),
    ("POST", "", "application/json", '{"peerURLs":["http://10.1.1.1:1","HERE"]}'),
    ("POST", "/12", "application/json", '{"peerURLs":["HERE"]}'),
    ("POST", "", "application/json", "{}"),
    ("POST", "", "application/json", '{"peerURLs":null}'),
    ("POST", "", "application/json", '{"peerURLs":["http://a"]}'),
    ("POST", "", "application/json", '{"peerURLs":["http://a:1/x"]}'),
    ("POST", "", "text/plain", '{"peerURLs":["http://a:1"]}'),
    ("POST", "", "Text/Html; q=1", '{"peerURLs":["http://a:1"]}'),
    ("POST", "", "", '{"peerURLs":["http://a:1"]}'),
    ("PUT", f"/{UNKNOWN}", "application/json", '{"peerURLs":["http://a:1"]}'),
    ("PUT", f"/{UNKNOWN}", "application/json;x", '{"peerURLs":["http://a:1"]}'),
    ("PUT", f"/{UNKNOWN}", "application/json", '{"peerURLs":[]}'),
    ("PUT", "/xyz", "application/json", '{"peerURLs":["http://a:1"]}'),
    ("PUT", "/12/13", "application/json", '{"peerURLs":["http://a:1"]}'),
    ("PUT", "", "application/json", '{"peerURLs":["http://a:1"]}'),
    ("DELETE", "", "", None),
    ("DELETE", "/xyz", "", None),
    ("PATCH", "", "application/json", "{}"),
]
# Go's words for a body that is no JSON, or of another shape, are its own: the status is the same.
REFUSED_IN_OTHER_WORDS = ["", "{", "x", "[]", '{"peerURLs":"http://a:1"}', '{"peerURLs":[1]}', '{"peerURLs":["a"]}',
                          '{"peerURLs":["ftp://a:1"]}', '{"peerURLs":["http://a:b"]}', '{"peerURLs":[""]}']


def send(endpoint, method, path, body=None, kind="application/json"):
    """Status, content type and body of one call of /v2/members."""
    request = urllib.request.Request(f"{endpoint}/v2/members{path}", method=method,
                                     data=None if body is None else body.encode())
    if body is not None:
        request.add_header("Content-Type", kind)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def urls(*places):
    return json.dumps({"peerURLs": list(places)})


def members(endpoint):
    return json.loads(call(endpoint, "GET", "/v2/members")[1])["members"]


class MembersGrow(Case):
    @classmethod
    def setUpClass(cls):
        cls.agents = [BareAgent(f"core-0{number}", f"127.0.0.{130 + number}") for number in range(1, 5)]
        for agent in cls.agents:
            cls.addClassCleanup(agent.stop)
        cls.first, cls.second, cls.third, cls.fourth = cls.agents
        cls.first.init().start().await_health()

    def await_members(self, count, agent=None):
        wait_for(lambda: len(members((agent or self.first).endpoint())) == count, 10, f"{count} members")

    @proves("E132", "E134")
    def test_1_what_is_refused_is_refused_as_by_etcd(self):
        oracle = EtcdOracle("127.0.0.139")
        self.addCleanup(oracle.stop)
        oracle.start()
        here = members(self.first.endpoint())[0]["peerURLs"][0]
        there = members(oracle.endpoint())[0]["peerURLs"][0]
        for method, path, kind, body in REFUSED:
            with self.subTest(method=method, path=path, body=body):
                self.assertEqual(
                    send(self.first.endpoint(), method, path, body and body.replace("HERE", here), kind),
                    send(oracle.endpoint(), method, path, body and body.replace("HERE", there), kind))
        for body in REFUSED_IN_OTHER_WORDS:
            with self.subTest(body=body):
                ours = send(self.first.endpoint(), "POST", "", body)
                theirs = send(oracle.endpoint(), "POST", "", body)
                self.assertEqual(ours[:2], theirs[:2])
                self.assertEqual(list(json.loads(ours[2])), list(json.loads(theirs[2])))
        # What etcd takes is answered in the same form; then its cluster of one has lost its majority.
        places = [f"http://{on_test_net('127.0.0.140')}:{port}" for port in (2382, 2381)]
        body = json.dumps({"peerURLs": places, "name": "x", "clientURLs": ["http://c:1"]})
        theirs, ours = send(oracle.endpoint(), "POST", "", body), send(self.first.endpoint(), "POST", "", body)
        no_id = [(status, kind, re.sub('"id":"[0-9a-f]+"', '"id":""', text)) for status, kind, text in (theirs, ours)]
        self.assertEqual(no_id[0], no_id[1])
        self.assertEqual(ours[0], 201)
        member = json.loads(ours[2])
        self.assertEqual((member["name"], member["clientURLs"]), ("", []))
        self.assertIsNone(put(oracle.endpoint(), "/a", "1", timeout=1))
        self.assertTrue(put(self.first.endpoint(), "/a", "1"))
        # Only its place can be changed; then it goes again.
        path = "/" + member["id"]
        self.assertEqual(send(self.first.endpoint(), "PUT", path, urls("http://10.1.1.1:2380"))[::2], (204, ""))
        self.assertEqual(next(each for each in members(self.first.endpoint()) if each["id"] == member["id"]),
                         {"id": member["id"], "name": "", "peerURLs": ["http://10.1.1.1:2380"], "clientURLs": []})
        self.assertEqual(send(self.first.endpoint(), "PUT", path, urls(here))[0], 409)
        self.assertEqual(send(self.first.endpoint(), "DELETE", path)[::2], (204, ""))
        self.await_members(1)
        self.assertEqual(send(self.first.endpoint(), "PUT", path, urls("http://10.1.1.1:2380"))[0], 410)

    @proves("E86", "E87")
    def test_2_an_added_member_is_listed_as_unstarted_and_costs_nothing(self):
        place = f"http://{self.second.address}:2380"
        added = etcdctl(self.first.endpoint(), "member", "add", "core-02", place)
        self.assertEqual(added.returncode, 0, added.stderr)
        member = re.match(r"Added member named core-02 with ID ([0-9a-f]+) to cluster\n\n", added.stdout)
        self.assertTrue(member, added.stdout)
        variables = added.stdout[member.end():].splitlines()
        self.assertEqual(variables[0], 'ETCD_NAME="core-02"')
        self.assertEqual(set(variables[1].removeprefix('ETCD_INITIAL_CLUSTER="').removesuffix('"').split(",")),
                         {f"core-01=https://{self.first.address}:2380", f"core-02={place}"})
        self.assertEqual(variables[2], 'ETCD_INITIAL_CLUSTER_STATE="existing"')
        type(self).added = member[1]
        listed = etcdctl(self.first.endpoint(), "member", "list").stdout.splitlines()
        self.assertIn(f"{self.added}[unstarted]: peerURLs={place}", listed)
        self.assertIn(f"member {self.added} is unreachable: no available published client urls",
                      etcdctl(self.first.endpoint(), "cluster-health").stdout)
        again = etcdctl(self.first.endpoint(), "member", "add", "core-02", place)
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("membership: peerURL exists", again.stderr)
        # In etcd a cluster of one would stand still from now on, until the newcomer is up.
        self.assertTrue(put(self.first.endpoint(), "/alone", "still"))

    @proves("E84", "E88", "E83", "E46")
    def test_3_the_machine_at_that_place_is_that_member(self):
        stranger = BareAgent("stranger", "127.0.0.137")
        self.addCleanup(stranger.stop)
        token = self.first.token()
        spent = stranger.command("join", token[:-1] + ("0" if token[-1] != "0" else "1"), "--peer", self.first.address,
                                 *stranger.setup())
        self.assertEqual(spent.returncode, 1)
        self.await_members(2)
        self.second.join(self.first).start().await_health()
        wait_for(lambda: put(self.second.endpoint(), "/by", "core-02"), 10, "a write by the newcomer")
        lines = etcdctl(self.first.endpoint(), "member", "list").stdout
        self.assertIn(f"{self.added}: name=core-02 peerURLs=https://{self.second.address}:2380 "
                      f"clientURLs=http://{self.second.address}:2379", lines)
        self.assertNotIn("unstarted", lines)
        self.assertEqual(get(self.second.endpoint(), "/alone", query="?quorum=true"), "still")
        self.third.join(self.first).start().await_health()  # nobody announced this one: the token is its leave
        self.await_members(3, self.third)
        wait_for(lambda: etcdctl(self.third.endpoint(), "cluster-health").stdout.endswith("cluster is healthy\n"), 10,
                 "three healthy members")

    @proves("E134")
    def test_4_a_place_that_is_wrong_harms_nobody(self):
        ids = {each["name"]: each["id"] for each in members(self.first.endpoint())}
        nowhere = {name: f"http://{on_test_net('127.0.0.138')}:238{name[-1]}" for name in ("core-01", "core-03")}
        for name, place in nowhere.items():
            updated = etcdctl(self.second.endpoint(), "member", "update", ids[name], place)
            self.assertEqual(updated.stdout, f"Updated member with ID {ids[name]} in cluster\n")
        wait_for(lambda: [nowhere["core-03"]] in [each["peerURLs"] for each in members(self.first.endpoint())], 10,
                 "the new place")
        self.assertTrue(put(self.third.endpoint(), "/wrong", "place"))
        self.assertEqual(get(self.first.endpoint(), "/wrong", query="?quorum=true"), "place")
        self.assertEqual(send(self.first.endpoint(), "PUT", "/" + ids["core-02"], urls(nowhere["core-03"]))[0], 409)

    @proves("E94")
    def test_5_a_dead_member_is_replaced_and_keeps_its_identity(self):
        before = next(each for each in members(self.first.endpoint()) if each["name"] == "core-03")
        self.third.kill()
        new = BareAgent("replacement", "127.0.0.134")
        self.addClassCleanup(new.stop)
        shutil.copytree(f"{self.third.dir}/state", f"{new.dir}/state")
        self.assertEqual(send(self.first.endpoint(), "PUT", "/" + before["id"], urls(f"http://{new.address}:2380"))[0], 204)
        new.start("--address", new.address).await_health()
        wait_for(lambda: {"id": before["id"], "name": "core-03", "peerURLs": [f"https://{new.address}:2380"],
                          "clientURLs": [f"http://{new.address}:2379"]} in members(self.first.endpoint()), 10, "its place")
        self.assertEqual(get(new.endpoint(), "/wrong", query="?quorum=true"), "place")
        type(self).replacement = new

    @proves()
    def test_6_a_lost_member_is_told_and_a_lost_majority(self):
        def health():
            return etcdctl(self.first.endpoint(), "cluster-health").stdout

        ids = {each["name"]: each["id"] for each in members(self.first.endpoint())}
        wait_for(lambda: health().endswith("cluster is healthy\n"), 10, "all are well")
        self.replacement.kill()
        told = health()
        self.assertIn(f"member {ids['core-03']} is unreachable: [http://{self.replacement.address}:2379] are all unreachable",
                      told)
        self.assertTrue(told.endswith("cluster is degraded\n"))
        self.assertEqual(told.count(" is healthy: got healthy result from "), 2)
        self.second.kill()
        wait_for(lambda: f"member {ids['core-01']} is unhealthy: got unhealthy result from {self.first.endpoint()}" in
                 health(), 10, "the one that is left is not well")
        self.assertTrue(health().endswith("cluster is unavailable\n"))


if __name__ == "__main__":
    main()
