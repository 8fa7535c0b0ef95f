# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud-configs: what coreos-cloudinit says of one, and a node that comes to a cluster by one (ch5-etcd.md S20, ch7 S1-S3)."""
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading

from bare_agents import BareAgent
from local_cluster import call, etcdctl, get, put
from qdtest import Case, main, on_test_net, program, proves, wait_for
from unit_machine import UnitMachine

SOURCE = os.environ["QD_SOURCE_DIR"]
REDIS = """#cloud-config
coreos:
  units:
    - name: docker-redis.service
      command: start
      content: |
        [Unit]
        Description=Redis container
        Author=Me

        [Service]
        Restart=always
        ExecStart=/usr/bin/docker start -a redis_server
"""
BROKEN = """#cloud-config

coreos:
  units:
    - name: a.service
      command: start
      content: x: y
"""
HEAD = ['Checking availability of "{0}"', 'Fetching user-data from datasource of type "{0}"']
FINDINGS = ["line 7: error: mapping values are not allowed in this context",
            'line 0: warning: incorrect type for "" (want struct)']


def cloudinit(*words):
    return subprocess.run([program("quarterdeck-cloudinit"), *words], capture_output=True, text=True, timeout=60,
                          check=False, stdin=subprocess.DEVNULL)


class Validation(Case):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="qd-user-data-")
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def serve(self):
        folder = self.folder

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *words):
                super().__init__(*words, directory=folder)

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer((on_test_net("127.0.0.149"), 0), Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return f"http://{server.server_address[0]}:{server.server_address[1]}"

    @proves("U56", "U58", "U60")
    def test_1_a_file_good_or_broken(self):
        good = self.write("user-data", REDIS)
        for flags in (["--validate", f"--from-file={good}"], ["-validate", "-from-file", good]):
            told = cloudinit(*flags)
            self.assertEqual(told.stdout.splitlines(), [line.format("local-file") for line in HEAD])
            self.assertEqual((told.returncode, told.stderr), (0, ""))
        told = cloudinit("--validate", f"--from-file={self.write('broken', BROKEN)}")
        self.assertEqual(told.stdout.splitlines(), [line.format("local-file") for line in HEAD] + FINDINGS)
        self.assertEqual(told.returncode, 1)
        told = cloudinit("--validate")
        self.assertEqual(told.returncode, 2)
        self.assertIn("-from-file", told.stderr)
        self.assertEqual(cloudinit("--validate", f"--from-file={self.folder}/none", "-patience=0").stdout.splitlines(),
                         ['Checking availability of "local-file"', "No datasources available in time"])

    @proves("U57")
    def test_2_by_a_url(self):
        self.write("user-data", REDIS)
        self.write("broken", BROKEN)
        base = self.serve()
        told = cloudinit("--validate", f"--from-url={base}/user-data")
        self.assertEqual(told.stdout.splitlines(), [line.format("url") for line in HEAD])
        self.assertEqual(told.returncode, 0)
        told = cloudinit("--validate", f"--from-url={base}/broken")
        self.assertEqual(told.stdout.splitlines(), [line.format("url") for line in HEAD] + FINDINGS)
        self.assertEqual(told.returncode, 1)


MEMBER = """#cloud-config
coreos:
  etcd2:
    name: core-04
    listen-peer-urls: http://$private_ipv4:2380
    listen-client-urls: http://$private_ipv4:2379,http://$private_ipv4:4001
    advertise-client-urls: http://$public_ipv4:2379
    initial-advertise-peer-urls: http://$private_ipv4:2380
    initial-cluster-token: cnut-coreos-demo-cluster
    initial-cluster: {cluster}
    initial-cluster-state: existing
  units:
    - name: etcd2.service
      command: start
      drop-ins:
        - name: 10-authority.conf
          content: |
            [Service]
            Environment=QD_AUTHORITY=/etc/quarterdeck/authority
write_files:
  - path: /etc/quarterdeck/authority/ca.crt
    owner: etcd
    encoding: base64
    content: {certificate}
  - path: /etc/quarterdeck/authority/ca.key
    owner: etcd
    permissions: 0600
    encoding: base64
    content: {key}
"""

# The programs where a package would put them, and etcd's user.
INSTALL = """
set -e
mkdir -p /run/own/bin/upper /run/own/bin/work
mount -t overlay -o lowerdir=/usr/bin,upperdir=/run/own/bin/upper,workdir=/run/own/bin/work overlay /usr/bin
cp --dereference "$1/bin/quarterdeckd" /usr/bin/quarterdeckd
cp --dereference "$1/bin/quarterdeck-cloudinit" /usr/bin/quarterdeck-cloudinit
ln -sf quarterdeckd /usr/bin/etcd2
ln -sf quarterdeck-cloudinit /usr/bin/coreos-cloudinit
getent passwd etcd >/dev/null || echo "etcd:x:232:232::/var/lib/etcd2:/usr/sbin/nologin" >>/etc/passwd
getent group etcd >/dev/null || echo "etcd:x:232:" >>/etc/group
mkdir -m 755 -p /etc/quarterdeck/authority
"""


class Node(Case):
    """A machine that boots with user-data, beside three members of a cluster."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="qd-authority-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.agents = [BareAgent(f"core-{number:02}", f"127.0.0.{150 + number}") for number in (1, 2, 3)]
        self.address = on_test_net("127.0.0.154")
        self.agents[0].must("authority", self.folder)
        for agent in self.agents:
            self.addCleanup(agent.stop)
            agent.start_as_etcd(
                "--name", agent.name, "--authority", self.folder, "--initial-cluster-token", "cnut-coreos-demo-cluster",
                "--initial-advertise-peer-urls", f"http://{agent.address}:2380",
                "--listen-peer-urls", f"http://{agent.address}:2380",
                "--listen-client-urls", f"http://{agent.address}:2379",
                "--advertise-client-urls", f"http://{agent.address}:2379",
                "--initial-cluster", self.cluster(self.agents))
        for agent in self.agents:
            agent.await_health()
        with open(os.path.join(SOURCE, "resources/systemd/etcd2.service"), encoding="utf-8") as file:
            unit = file.read().replace("@QD_BINDIR@", "/usr/bin")
        self.machine = UnitMachine({}, vendor={"etcd2.service": unit})
        self.addCleanup(self.machine.remove)
        self.addCleanup(self.machine.stop)
        done = self.machine.run("sh", "-c", INSTALL, "sh", os.environ["QD_BUILD_DIR"])
        self.assertEqual(done.returncode, 0, done.stderr)

    @staticmethod
    def cluster(agents):
        return ",".join(f"{agent.name}=http://{agent.address}:2380" for agent in agents)

    def pem(self, name):
        return self.machine.run("base64", "-w0", os.path.join(self.folder, name)).stdout

    def boot(self):
        """What the machine does with its user-data."""
        cluster = self.cluster(self.agents) + f",core-04=http://{self.address}:2380"
        text = MEMBER.format(cluster=cluster, certificate=self.pem("ca.crt"), key=self.pem("ca.key"))
        path = os.path.join(self.machine.put("user-data", text), "user-data")
        return self.machine.run("env", f"COREOS_PRIVATE_IPV4={self.address}", f"COREOS_PUBLIC_IPV4={self.address}",
                                "coreos-cloudinit", f"--from-file={path}", timeout=60)

    @proves("E20", "E43", "E44", "E89", "U31")
    def test_1_a_member_comes_by_its_cloud_config(self):
        # Who has not been added is refused, and tries again.
        told = self.boot()
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertEqual(told.stdout.splitlines()[-1], 'Result of "start" on "etcd2.service": failed')
        lines = [entry["MESSAGE"] for entry in self.machine.journal("-u", "etcd2.service")]
        self.assertTrue(any("unmatched member while checking PeerURLs" in line for line in lines), lines)
        added = etcdctl(self.agents[0].endpoint(), "member", "add", "core-04", f"http://{self.address}:2380")
        self.assertEqual(added.returncode, 0, added.stderr)
        told = self.boot()
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertEqual(told.stdout.splitlines()[-1], 'Result of "start" on "etcd2.service": done')
        drop_in = self.machine.run("cat", "/run/systemd/system/etcd2.service.d/20-cloudinit.conf").stdout.splitlines()
        self.assertEqual(drop_in[0], "[Service]")
        self.assertIn(f'Environment="ETCD_LISTEN_CLIENT_URLS=http://{self.address}:2379,http://{self.address}:4001"', drop_in)
        self.assertEqual(len(drop_in), 9)
        endpoint = f"http://{self.address}:2379"
        wait_for(lambda: etcdctl(endpoint, "cluster-health").stdout.endswith("cluster is healthy\n"), 20, "its health")
        self.assertIn(f" name=core-04 peerURLs=http://{self.address}:2380 clientURLs={endpoint} ",
                      etcdctl(endpoint, "member", "list").stdout)
        self.assertTrue(put(self.agents[1].endpoint(), "/by", "core-02"))
        wait_for(lambda: get(f"http://{self.address}:4001", "/by") == "core-02", 5, "the value on the newcomer")
        processes = self.machine.run("ps", "-e", "-o", "user:20,args").stdout.splitlines()
        self.assertIn(["etcd", "/usr/bin/etcd2"], [line.split() for line in processes])
        # Applied again, as at each boot: nothing changes, the process stays.
        before = self.machine.show("etcd2.service", "MainPID")
        self.assertEqual(self.boot().returncode, 0)
        self.assertEqual(self.machine.show("etcd2.service", "MainPID"), before)
        self.assertEqual(len(json.loads(call(endpoint, "GET", "/v2/members")[1])["members"]), 4)


if __name__ == "__main__":
    main()
