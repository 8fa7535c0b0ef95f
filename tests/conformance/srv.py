# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters whose members find each other by DNS: SRV records, and a discovery URL whose host's address changes
(ch5-etcd.md 4.4, S6, S7)."""
import json
import os
import shutil
import tempfile

from bare_agents import BareAgent
from dns_server import DnsServer
from local_cluster import call, etcdctl, get, put
from qdtest import Case, main, on_test_net, proves, wait_for

DOMAIN = "your-cluster-domain.com"
RECORD = f"_etcd-server._tcp.{DOMAIN}"


def members(agent):
    return json.loads(call(agent.endpoint(), "GET", "/v2/members")[1])["members"]


class Srv(Case):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="qd-authority-")
        self.addCleanup(shutil.rmtree, self.folder)

    def agents(self, *numbers):
        out = [BareAgent(f"infra{number}", f"127.0.0.{185 + number}") for number in numbers]
        for agent in out:
            self.addCleanup(agent.stop)
        return out

    @staticmethod
    def knows(agent, names):
        """The agent sees a table of names of its own."""
        path = f"{agent.dir}/hosts"
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{address} {name}\n" for name, address in names.items())
        agent.before = ["unshare", "--mount", "sh", "-c", f'mount --bind {path} /etc/hosts && exec "$0" "$@"']

    def common(self, agent):
        return ["--authority", self.folder, "--name", agent.name, "--listen-peer-urls", f"http://{agent.address}:2380",
                "--listen-client-urls", agent.endpoint()]

    def come(self, dns, agent, number, *more):
        """As the book starts it: its own addresses are names, too."""
        host = f"node{number}.{DOMAIN}"
        return agent.start_as_etcd(
            *self.common(agent), "--dns-server", dns, "--discovery-srv", DOMAIN, "--initial-advertise-peer-urls",
            f"http://{host}:2380", "--advertise-client-urls", f"http://{host}:2379", "--initial-cluster-token",
            "etcd-cluster-random-lable-c60d6ffd6b20", "--initial-cluster-state", "new", *more, await_ready=False)

    @proves("E40", "E41")
    def test_1_srv_records_name_the_members(self):
        agents, (wrong, proxy) = self.agents(1, 2, 3), self.agents(4, 5)
        agents[0].must("authority", self.folder)
        dns_address = on_test_net("127.0.0.185")
        dns = DnsServer(dns_address)
        self.addCleanup(dns.close)
        dns.hosts = {f"node{number}.{DOMAIN}": agent.address for number, agent in enumerate(agents, 1)}
        dns.services[RECORD] = [(f"node{number}.{DOMAIN}", 2380) for number in (1, 2, 3)]
        for number, agent in enumerate(agents, 1):
            self.come(dns_address, agent, number)
        for agent in agents:
            agent.await_health(40)
        wait_for(lambda: all(each["clientURLs"] for each in members(agents[0])), 20, "all have told of themselves")
        self.assertEqual({(each["name"], each["clientURLs"][0]) for each in members(agents[2])},
                         {(agent.name, f"http://node{number}.{DOMAIN}:2379") for number, agent in enumerate(agents, 1)})
        self.assertTrue(put(agents[0].endpoint(), "/by", "dns"))
        for agent in agents:
            wait_for(lambda a=agent: get(a.endpoint(), "/by") == "dns", 5, "the value everywhere")
        self.assertLessEqual({f"_etcd-server-ssl._tcp.{DOMAIN}", RECORD}, {name for name, _ in dns.asked})
        # The name of one that is in no record: its start ends with who it is.
        dns.hosts[f"node4.{DOMAIN}"] = wrong.address
        self.come(dns_address, wrong, 4)
        self.assertEqual(wrong.await_end(), 1)
        self.assertIn(f'cannot find local etcd member "{wrong.name}" in SRV records', wrong.log())
        self.assertFalse(os.path.exists(f"{wrong.dir}/state/identity.json"))
        # A proxy is in none, and needs to be in none. The members' names are looked up as the system does.
        self.knows(proxy, dns.hosts)
        proxy.start_as_etcd("--proxy", "on", "--discovery-srv", DOMAIN, "--dns-server", dns_address,
                            "--listen-client-urls", proxy.endpoint())
        wait_for(lambda: get(proxy.endpoint(), "/by") == "dns", 20, "a read through the proxy")

    @proves("E39")
    def test_2_a_discovery_url_leads_where_its_name_leads_now(self):
        old, new, *three = self.agents(6, 7, 8, 9, 10)
        old.must("authority", self.folder)
        for agent in (old, new):
            agent.init().start("--host-whitelist", f"discovery.{DOMAIN}").await_health()
            put(agent.endpoint(), "/discovery/_config/size", "2")
        url = f"http://discovery.{DOMAIN}:2379/v2/keys/discovery"
        for agent in three:
            where = old if agent is three[0] else new
            self.knows(agent, {f"discovery.{DOMAIN}": where.address})
            agent.start_as_etcd(*self.common(agent), "--discovery", url, "--initial-advertise-peer-urls",
                                f"http://{agent.address}:2380", "--advertise-client-urls", agent.endpoint(),
                                await_ready=False)
            wait_for(lambda a=agent, w=where: f"http://{a.address}:2380" in call(w.endpoint(), "GET", "/v2/keys/discovery")[1],
                     20, f"{agent.name} has registered")
        for agent in three[1:]:
            agent.await_health(40)
        self.assertEqual({each["name"] for each in members(three[1])}, {agent.name for agent in three[1:]})
        self.assertNotIn(three[0].address, call(new.endpoint(), "GET", "/v2/keys/discovery")[1])
        wait_for(lambda: "cluster is healthy" in etcdctl(three[2].endpoint(), "cluster-health").stdout, 20, "health")


if __name__ == "__main__":
    main()
