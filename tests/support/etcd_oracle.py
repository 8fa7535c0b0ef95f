# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's etcd with its v2 API on: what our store's API and its speed are compared with."""
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from qdtest import on_test_net, wait_for


def healthy(endpoint, context=None):
    try:
        with urllib.request.urlopen(endpoint + "/health", timeout=1, context=context) as answer:
            return b"true" in answer.read()
    except (urllib.error.URLError, OSError):
        return False


class EtcdOracle:
    """`count` members from loopback address `base` on, standard ports; stop() ends them and removes their data, each with these `flags` too.
    With `tls` (flags) and `context` (what its clients need) the clients' port is https."""

    def __init__(self, base, count=1, tls=(), context=None, flags=()):
        self.tls = tls
        self.context = context
        self.flags = flags
        self.addresses = [on_test_net(base, i) for i in range(count)]
        self.dir = tempfile.mkdtemp(prefix="qd-etcd-")
        self.processes = []

    def endpoint(self, number=1):
        return f"{'https' if self.tls else 'http'}://{self.addresses[number - 1]}:2379"

    def start(self):
        self.processes = [None] * len(self.addresses)
        for number in range(1, len(self.addresses) + 1):
            self.start_member(number)
        for number in range(1, len(self.addresses) + 1):
            wait_for(lambda n=number: healthy(self.endpoint(n), self.context), 30, f"etcd member {number} is healthy")
        return self

    def start_member(self, number):
        """Starts a member, on the data that it has."""
        members = ",".join(f"m{i}=http://{a}:2380" for i, a in enumerate(self.addresses, 1))
        address = self.addresses[number - 1]
        log = open(os.path.join(self.dir, f"m{number}.log"), "ab")  # pylint: disable=consider-using-with
        with log:
            self.processes[number - 1] = subprocess.Popen(
                ["etcd", "--enable-v2", "--name", f"m{number}", "--data-dir", f"{self.dir}/m{number}",
                 "--listen-client-urls", self.endpoint(number), "--advertise-client-urls", self.endpoint(number),
                 *self.tls, *self.flags,
                 "--listen-peer-urls", f"http://{address}:2380",
                 "--initial-advertise-peer-urls", f"http://{address}:2380",
                 "--initial-cluster", members, "--log-level", "error"], stdout=log, stderr=log,
                start_new_session=True)  # the kernel shares processors between sessions: ours are in their own too

    def leader_or_none(self):
        """The number of the member that leads; None while there is none."""
        for number in range(1, len(self.addresses) + 1):
            try:
                with urllib.request.urlopen(self.endpoint(number) + "/v2/stats/self", timeout=2,
                                            context=self.context) as answer:
                    if b"StateLeader" in answer.read():
                        return number
            except OSError:
                pass
        return None

    def leader(self):
        """The number of the member that leads."""
        number = self.leader_or_none()
        if number is None:
            raise AssertionError("etcd has no leader")
        return number

    def stop(self):
        for process in filter(None, self.processes):
            process.kill()
        for process in filter(None, self.processes):
            process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
