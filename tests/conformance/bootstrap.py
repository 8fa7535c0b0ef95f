# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that start by etcd's own flags and variables (ch5-etcd.md, S3, S19, S25, S41)."""
import json
import os
import re
import shutil
import tempfile

from bare_agents import BareAgent
from local_cluster import call, etcdctl, get, put
from qdtest import Case, main, proves, wait_for

LABEL = "etcd-cluster-random-lable-1e98d7f1679"


def members(agent):
    return {each["name"]: each for each in json.loads(call(agent.endpoint(), "GET", "/v2/members")[1])["members"]}


def cluster_of(agents):
    return ",".join(f"{agent.name}=http://{agent.address}:2380" for agent in agents)


def flags_of(agent, agents, folder, *more):
    return ["--name", agent.name, "--authority", folder,
            "--initial-advertise-peer-urls", f"http://{agent.address}:2380",
            "--listen-peer-urls", f"http://{agent.address}:2380",
            "--listen-client-urls", f"http://{agent.address}:2379,http://{agent.address}:4001",
            "--advertise-client-urls", f"http://{agent.address}:2379",
            "--initial-cluster-token", LABEL, "--initial-cluster", cluster_of(agents), *more]


def as_variables(flags):
    return {"QD_AUTHORITY" if flag == "--authority" else "ETCD_" + flag[2:].upper().replace("-", "_"): value
            for flag, value in zip(flags[::2], flags[1::2])}


class Bootstrap(Case):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="qd-authority-")
        self.addCleanup(shutil.rmtree, self.folder)

    def agents(self, *numbers):
        out = [BareAgent(f"core-{number:02}", f"127.0.0.{140 + number}") for number in numbers]
        for agent in out:
            self.addCleanup(agent.stop)
        return out

    def authority(self, agent):
        agent.must("authority", self.folder)
        self.assertEqual(os.stat(self.folder).st_mode & 0o77, 0)

    def check_cluster(self, agents):
        for agent in agents:
            agent.await_health()
        wait_for(lambda: all(each["clientURLs"] for each in members(agents[0]).values()), 10, "all have told of themselves")
        lines = etcdctl(agents[-1].endpoint(), "member", "list").stdout
        for agent in agents:
            self.assertIn(f" name={agent.name} peerURLs=http://{agent.address}:2380 "
                          f"clientURLs=http://{agent.address}:2379 ", lines)
        self.assertTrue(etcdctl(agents[0].endpoint(), "cluster-health").stdout.endswith("cluster is healthy\n"))
        self.assertTrue(put(agents[0].endpoint(), "/by", agents[0].name))
        for agent in agents:
            wait_for(lambda a=agent: get(a.endpoint(), "/by") == agents[0].name, 5, "the value everywhere")

    @proves("E23", "E24", "E25", "E19")
    def test_1_three_members_start_together_by_flags(self):
        agents = self.agents(1, 2, 3)
        self.authority(agents[0])
        for agent in agents:
            agent.start_as_etcd(*flags_of(agent, agents, self.folder, "--initial-cluster-state", "new"))
        self.check_cluster(agents)
        for port in (2379, 4001):
            self.assertEqual(get(f"http://{agents[0].address}:{port}", "/by"), "core-01")
        # Started again with the same flags, they are the same members: what concerns the beginning is ignored.
        before = members(agents[0])
        agents[1].stop(keep=True)
        agents[1].start_as_etcd(*flags_of(agents[1], agents, self.folder)).await_health()
        self.assertIn("how the cluster began is ignored", agents[1].log())
        wait_for(lambda: members(agents[1]) == before, 10, "the same members")

    @proves("E27", "E88")
    def test_2_by_variables_and_a_fourth_that_was_added(self):
        agents, (fourth,) = self.agents(1, 2, 3), self.agents(4)
        self.authority(agents[0])
        for agent in agents:
            agent.start_as_etcd(env=as_variables(flags_of(agent, agents, self.folder)))
        self.check_cluster(agents)
        flags = flags_of(fourth, [*agents, fourth], self.folder, "--initial-cluster-state", "existing")
        fourth.start_as_etcd(*flags, await_ready=False)
        self.assertEqual(fourth.await_end(), 1)
        self.assertIn("unmatched member while checking PeerURLs", fourth.log())
        added = etcdctl(agents[0].endpoint(), "member", "add", fourth.name, f"http://{fourth.address}:2380")
        variables = dict(line.replace('"', "").split("=", 1) for line in added.stdout.splitlines() if line.startswith("ETCD_"))
        self.assertEqual(variables["ETCD_INITIAL_CLUSTER_STATE"], "existing")
        fourth.start_as_etcd("--authority", self.folder, "--listen-peer-urls", f"http://{fourth.address}:2380",
                             "--listen-client-urls", f"http://{fourth.address}:2379",
                             "--advertise-client-urls", f"http://{fourth.address}:2379", env=variables)
        self.check_cluster([*agents, fourth])

    @proves("E26", "R-29")
    def test_3_another_label_is_another_cluster(self):
        one, two = self.agents(1, 2)
        self.authority(one)
        for agent, label in ((one, "a"), (two, "b")):
            agent.start_as_etcd(*flags_of(agent, [one, two], self.folder), "--initial-cluster-token", label)
        wait_for(lambda: re.search(r"refused \S+ cluster cluster ", one.log() + two.log()), 20, "a refusal")
        told = [call(agent.endpoint(), "GET", "/v2/members")[1] for agent in (one, two)]
        self.assertEqual({each["id"] for each in json.loads(told[0])["members"]} &
                         {each["id"] for each in json.loads(told[1])["members"]}, set())
        self.assertFalse(one.healthy() or two.healthy())

    @proves("E29")
    def test_4_what_makes_no_sense_is_refused_at_the_start(self):
        one, two = self.agents(1, 2)
        for flags, sentence in (
                (flags_of(one, [two], self.folder), "couldn't find local name \"core-01\" in the initial cluster configuration"),
                (["--name", one.name, "--initial-cluster", cluster_of([one, two]), "--initial-advertise-peer-urls",
                  "http://10.1.1.1:2380"], "do not match in --initial-advertise-peer-urls"),
                (["--name", one.name, "--initial-cluster", cluster_of([one, two])], "quarterdeckd authority"),
                (["--discovery", "http://h:1/x", "--initial-cluster", cluster_of([one])],
                 'multiple discovery or bootstrap flags are set')):
            with self.subTest(flags=flags):
                refused = one.command(*one.places(), "--machine-id", one.machine(), *flags)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn(sentence, refused.stderr)
        # A member alone needs nobody's authority.
        one.start_as_etcd("--name", one.name, "--initial-cluster", cluster_of([one]),
                          "--listen-client-urls", f"http://{one.address}:2379",
                          "--advertise-client-urls", f"http://{one.address}:2379", "--max-wals", "3",
                          "--listen-peer-urls", f"http://{one.address}:2380").await_health()
        self.assertEqual(one.log().count("--max-wals: "), 1)

    @proves("E45")
    def test_5_help_lists_the_flags(self):
        one, = self.agents(1)
        told = one.must("--help")
        self.assertTrue(one.must("--version"))
        for flag in ("wal-dir", "max-snapshots", "max-wals", "proxy-failure-wait", "proxy-refresh-interval",
                     "proxy-dial-timeout", "proxy-write-timeout", "proxy-read-timeout", "cert-file", "key-file",
                     "client-cert-auth", "trusted-ca-file", "ca-file", "peer-cert-file", "peer-key-file",
                     "peer-client-cert-auth", "peer-trusted-ca-file", "peer-ca-file", "debug", "log-package-levels",
                     "experimental-v3demo", "name", "data-dir", "listen-client-urls", "advertise-client-urls", "listen-peer-urls",
                     "initial-advertise-peer-urls", "initial-cluster", "initial-cluster-state", "initial-cluster-token",
                     "heartbeat-interval", "election-timeout", "snapshot-count", "cors", "discovery", "discovery-srv",
                     "discovery-fallback", "discovery-proxy", "proxy", "force-new-cluster"):
            self.assertIn(f"--{flag} ", told)

    @proves("E90")
    def test_6_a_founder_whose_folder_was_lost_is_no_founder(self):
        """With the same flags it would found again under its old id, and vote without what it had acknowledged."""
        agents = self.agents(1, 2, 3)
        self.authority(agents[0])
        for agent in agents:
            agent.start_as_etcd(*flags_of(agent, agents, self.folder))
        self.check_cluster(agents)
        lost = agents[2]
        member = members(agents[0])[lost.name]["id"]
        for each in agents[1:]:
            each.stop(keep=True)
        shutil.rmtree(f"{lost.dir}/state")
        lost.start_as_etcd(*flags_of(lost, agents, self.folder), await_ready=False)
        # The first answer that comes is enough: it does not vote for whoever asks before.
        self.assertEqual(lost.await_end(), 1)
        self.assertIn(f"member {member} has already been bootstrapped", lost.log())
        wait_for(lambda: not agents[0].healthy(), 10, "the one that is left has no majority")
        # Added again in its old place, it is another member.
        agents[1].start_as_etcd(*flags_of(agents[1], agents, self.folder)).await_health()
        removed = etcdctl(agents[0].endpoint(), "member", "remove", member)
        self.assertIn(f"Removed member {member} from cluster", removed.stdout)
        etcdctl(agents[0].endpoint(), "member", "add", lost.name, f"http://{lost.address}:2380")
        shutil.rmtree(f"{lost.dir}/state")
        lost.start_as_etcd(*flags_of(lost, agents, self.folder, "--initial-cluster-state", "existing")).await_health()
        self.assertNotEqual(members(agents[0])[lost.name]["id"], member)
        wait_for(lambda: get(lost.endpoint(), "/by") == agents[0].name, 10, "what the cluster holds")


if __name__ == "__main__":
    main()
