# SPDX-License-Identifier: GPL-3.0-or-later
"""A discovery service, clusters that find themselves by it, and machines that come too late (ch5-etcd.md, S4-S6, S22)."""
import json
import re
import shutil
import tempfile
import urllib.error
import urllib.request

from bare_agents import BareAgent
from local_cluster import call, etcdctl, get, put
from qdtest import Case, main, proves, wait_for


def members(agent):
    return json.loads(call(agent.endpoint(), "GET", "/v2/members")[1])["members"]


class Discovery(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="qd-authority-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.service = BareAgent("service", "127.0.0.150")
        cls.addClassCleanup(cls.service.stop)
        cls.service.must("authority", cls.folder)
        cls.service.init().start("--discovery-port", "8087").await_health()
        cls.at = f"http://{cls.service.address}:8087"

    def agents(self, *numbers):
        out = [BareAgent(f"core-{number:02}", f"127.0.0.{150 + number}") for number in numbers]
        for agent in out:
            self.addCleanup(agent.stop)
        return out

    def come(self, agent, url, *more, await_ready=False):
        return agent.start_as_etcd(
            "--authority", self.folder, "--name", agent.name, "--discovery", url,
            "--initial-advertise-peer-urls", f"http://{agent.address}:2380",
            "--listen-peer-urls", f"http://{agent.address}:2380",
            "--listen-client-urls", f"http://{agent.address}:2379",
            "--advertise-client-urls", f"http://{agent.address}:2379", *more, await_ready=await_ready)

    @proves("E30", "E31", "E33", "E35", "E37")
    def test_1_the_service_makes_tokens_and_shows_them(self):
        made = [call(self.at, "GET", "/new") for _ in range(2)]
        for status, url in made:
            self.assertEqual(status, 200)
            self.assertTrue(re.fullmatch(re.escape(self.at) + "/[0-9a-f]{32}", url), url)
        self.assertNotEqual(*made)
        token = made[0][1].rsplit("/", 1)[1]
        for below in ("", "/_config/size"):
            self.assertEqual(call(self.at, "GET", f"/{token}{below}"),
                             call(self.service.endpoint(), "GET", f"/v2/keys/_etcd/registry/{token}{below}"))
        listed = json.loads(call(self.at, "GET", f"/{token}")[1])["node"]
        self.assertEqual((listed["dir"], "nodes" in listed), (True, False))

        def size(url):
            return json.loads(call(url, "GET", "/_config/size")[1])["node"]["value"]

        self.assertEqual(size(made[0][1]), "3")
        self.assertEqual(size(call(self.at, "PUT", "/new?size=5")[1]), "5")
        self.assertEqual(call(self.at, "GET", "/new?size=many")[0], 400)
        for path in ("/nonsense", "/" + "g" * 32, "/" + token.upper()):
            self.assertEqual(call(self.at, "GET", path)[0], 404)
        self.assertEqual(call(self.at, "GET", "/health"), (200, "OK"))
        page = urllib.request.Request(self.at + "/new", method="POST", headers={"Origin": "http://evil.example"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(page, timeout=5)
        self.assertEqual(refused.exception.code, 403)
        refused.exception.close()

    @proves("E36")
    def test_1b_what_its_urls_begin_with_is_said_to_it(self):
        other, = self.agents(9)
        base = f"http://{other.address}:8087"
        other.init().start("--discovery-port", "8087", "--discovery-host", base.replace(other.address, "localhost"))
        other.await_health()
        url = call(base, "GET", "/new?size=1")[1]
        self.assertRegex(url, "^http://localhost:8087/[0-9a-f]{32}$")
        other.stop(keep=True)
        other.start("--discovery-port", "8087", "--discovery-host", base + "/", env={"DISC_HOST": "http://unused:1"})
        other.await_health()
        url = call(base, "GET", "/new?size=1")[1]
        self.assertRegex(url, f"^{re.escape(base)}/[0-9a-f]{{32}}$")
        # It is usable as it is.
        alone, = self.agents(10)
        self.come(alone, url)
        alone.await_health(40)
        self.assertEqual([each["name"] for each in members(alone)], [alone.name])

    @proves("E14", "E15", "E32", "E34", "E85")
    def test_2_three_find_each_other_and_a_fourth_is_a_proxy(self):
        agents, (late,) = self.agents(1, 2, 3), self.agents(4)
        url = call(self.at, "GET", "/new")[1]
        for agent in agents:
            self.come(agent, url)
        for agent in agents:
            agent.await_health(40)
        wait_for(lambda: all(each["clientURLs"] for each in members(agents[0])), 20, "all have told of themselves")
        self.assertEqual({each["name"] for each in members(agents[0])}, {agent.name for agent in agents})
        registered = json.loads(call(url, "GET", "")[1])["node"]["nodes"]
        self.assertEqual({each["value"] for each in registered},
                         {f"{agent.name}=http://{agent.address}:2380" for agent in agents})
        self.assertEqual({each["key"].rsplit("/", 1)[1] for each in registered}, {each["id"] for each in members(agents[0])})
        self.come(late, url, await_ready=True)
        self.assertIn("discovery cluster full, falling back to proxy", late.log())
        wait_for(lambda: put(late.endpoint(), "/by", "proxy"), 20, "a write through the proxy")
        self.assertEqual(get(agents[0].endpoint(), "/by", query="?quorum=true"), "proxy")
        self.assertEqual(etcdctl(late.endpoint(), "get", "/by").stdout, "proxy\n")
        self.assertEqual(len(members(late)), 3)
        self.assertNotIn(late.address, etcdctl(agents[0].endpoint(), "member", "list").stdout)
        self.assertEqual(call(late.endpoint(), "GET", "/v2/config/local/proxy")[0], 200)
        # With --discovery-fallback exit it would not stay.
        fifth, = self.agents(5)
        self.come(fifth, url, "--discovery-fallback", "exit")
        self.assertEqual(fifth.await_end(), 1)
        self.assertIn("discovery: cluster is full", fifth.log())

    @proves("E38")
    def test_3_a_directory_of_a_running_cluster_will_do(self):
        one, two = self.agents(6, 7)
        put(self.service.endpoint(), "/discovery/_config/size", "2")
        for agent in (one, two):
            self.come(agent, f"{self.service.endpoint()}/v2/keys/discovery/")
        for agent in (one, two):
            agent.await_health(40)
        wait_for(lambda: len(members(one)) == 2, 10, "two members")
        self.assertTrue(put(one.endpoint(), "/a", "1"))
        third, = self.agents(8)
        self.come(third, f"{self.service.endpoint()}/v2/keys/nothing")
        self.assertEqual(third.await_end(), 1)
        self.assertIn("discovery: size key not found", third.log())


if __name__ == "__main__":
    main()
