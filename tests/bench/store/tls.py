# SPDX-License-Identifier: GPL-3.0-or-later
"""The same GET as in throughput.py, over TLS: one node, certificates on P-256 from openssl, the same on both sides."""
import shutil
import tempfile

from bare_agents import BareAgent
from certificates import Authority
from etcd_oracle import EtcdOracle
from qdtest import on_test_net
from report import Figure
from throughput import fill, row

CONNECTIONS = 64


class Ours:
    """One agent whose clients' port is https."""

    name = "ours"

    def __init__(self, address, tls, context):
        self.agent = BareAgent("tls", address)
        self.agent.context = context
        url = self.agent.endpoint()
        self.flags = ["--name", "tls", "--listen-client-urls", url, "--advertise-client-urls", url, *tls,
                      "--listen-peer-urls", f"http://{self.agent.address}:2380",
                      "--initial-cluster", f"tls=http://{self.agent.address}:2380"]

    def start(self):
        self.agent.start_as_etcd(*self.flags).await_health()

    def stop(self):
        self.agent.stop()

    def endpoint(self, _):
        return self.agent.endpoint()

    def leader(self):
        return 1


class Theirs(EtcdOracle):
    """Debian's etcd, which is alone and leads."""

    name = "etcd"

    def leader(self):
        return 1


def measure(options):
    folder = tempfile.mkdtemp(prefix="qd-certificates-")
    addresses = [on_test_net("127.0.0.85"), on_test_net("127.0.0.95")]
    sides = []
    try:
        authority = Authority(folder)
        certificate, key = authority.issue("server", *addresses)
        tls = ["--cert-file", certificate, "--key-file", key]
        context = authority.client()
        sides += [Ours("127.0.0.85", tls, context), Theirs("127.0.0.95", 1, tls, context)]
        for side in sides:
            side.start()
            fill(side.endpoint(1), context)
        figures = row(sides, "GET", CONNECTIONS, options)
        ours, etcd = figures["ours"], figures["etcd"]
        yield Figure(f"1 node, TLS GET/s, {CONNECTIONS} connections", ours["rate"], etcd["rate"], True)
        yield Figure(f"1 node, TLS GET p50 ms, {CONNECTIONS} connections", ours["p50"], etcd["p50"])
        yield Figure(f"1 node, TLS GET p99 ms, {CONNECTIONS} connections", ours["p99"], etcd["p99"])
    finally:
        for side in sides:
            side.stop()
        shutil.rmtree(folder)
