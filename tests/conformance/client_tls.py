# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients' port over TLS, by etcd's flags: who is let in, and whom its certificate names. What Debian's etcd
answers to the same clients is what an agent answers."""
import base64
import http.client
import json
import os
import shutil
import ssl
import subprocess
import tempfile

from bare_agents import BareAgent
from certificates import Authority
from etcd_oracle import EtcdOracle
from local_cluster import call
from qdtest import Case, main, on_test_net, proves, wait_for

OURS, THEIRS, SECOND, PROXY = (on_test_net(f"127.0.0.{number}") for number in (171, 172, 173, 174))
EVERYTHING = {"kv": {"read": ["/*"], "write": ["/*"]}}


def ask(address, context, method, path, body=None, user=None):
    """Status and body as it is; the exception's name when the connection is refused."""
    fields = {}
    if isinstance(body, dict):
        fields["Content-Type"] = "application/json"
        body = json.dumps(body)
    elif body is not None:
        fields["Content-Type"] = "application/x-www-form-urlencoded"
    if user is not None:
        fields["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    link = (http.client.HTTPSConnection(address, 2379, timeout=10, context=context) if context
            else http.client.HTTPConnection(address, 2379, timeout=10))
    try:
        link.request(method, path, body, fields)
        answer = link.getresponse()
        return answer.status, answer.read().decode()
    except (ssl.SSLError, OSError, http.client.HTTPException):
        return "refused", ""
    finally:
        link.close()


def plain(answer):
    """Without indexes, which differ."""
    status, body = answer
    try:
        document = json.loads(body)
    except ValueError:
        return answer
    document.pop("index", None)
    for name in ("node", "prevNode"):
        for index in ("modifiedIndex", "createdIndex"):
            document.get(name, {}).pop(index, None)
    return status, document


class ClientTls(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="qd-certificates-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.authority = Authority(cls.folder)
        cls.stranger = Authority(cls.folder, "stranger")
        cls.server = cls.authority.issue("server", OURS, THEIRS, SECOND, PROXY)
        cls.people = {name: cls.authority.client(cls.authority.issue(name)) for name in ("root", "ann", "nobody")}
        cls.nameless = cls.authority.client()
        flags = ["--cert-file", cls.server[0], "--key-file", cls.server[1], "--trusted-ca-file",
                 cls.authority.certificate, "--client-cert-auth"]
        cls.oracle = EtcdOracle(THEIRS, 1, flags, cls.people["nobody"])
        cls.addClassCleanup(cls.oracle.stop)
        cls.oracle.start()
        cls.agent = BareAgent("core-01", OURS)
        cls.agent.context = cls.people["nobody"]
        cls.addClassCleanup(cls.agent.stop)
        cls.agent.start_as_etcd(*cls.begin(cls.agent), *flags).await_health()

    @staticmethod
    def begin(agent, scheme="https"):
        return ["--name", agent.name, "--listen-client-urls", f"{scheme}://{agent.address}:2379",
                "--advertise-client-urls", f"{scheme}://{agent.address}:2379", "--listen-peer-urls",
                f"http://{agent.address}:2380", "--initial-cluster", f"{agent.name}=http://{agent.address}:2380"]

    def another(self, name, address):
        agent = BareAgent(name, address)
        self.addCleanup(agent.stop)
        return agent

    def etcdctl(self, address, papers, *words):
        """By certificate files, as a person gives them; what it says with the address left out."""
        run = subprocess.run(["etcdctl", "--endpoints", f"https://{address}:2379", "--ca-file",
                              self.authority.certificate, "--cert-file", papers[0], "--key-file", papers[1], *words],
                             capture_output=True, text=True, timeout=20, check=False,
                             env={**os.environ, "ETCDCTL_API": "2"})
        return run.returncode, run.stdout.replace(address, "ADDRESS"), run.stderr.replace(address, "ADDRESS")

    def compare(self, context, *words):
        answers = [plain(ask(address, context, *words)) for address in (OURS, THEIRS)]
        self.assertEqual(*answers, words)
        return answers[0]

    @proves()
    def test_1_only_who_shows_a_certificate_of_the_authority_is_let_in(self):
        with_wrong_papers = self.authority.client(self.stranger.issue("ann"))
        believes_another = self.stranger.client(self.authority.issue("believer"))
        for context in (None, self.nameless, with_wrong_papers, believes_another):
            self.assertEqual(self.compare(context, "GET", "/version")[0], "refused")
        self.assertEqual(self.compare(self.people["nobody"], "GET", "/version")[0], 200)
        wait_for(lambda: "peer did not return a certificate" in self.agent.log(), 5, "the reason in the log")

    @proves()
    def test_2_etcdctl_works_unchanged(self):
        papers = self.authority.issue("person")
        for words in (("set", "/a/x", "1"), ("get", "/a/x"), ("mk", "/a/x", "2"), ("ls", "--recursive"),
                      ("rm", "/a/x"), ("get", "/a/x")):
            ours, theirs = (self.etcdctl(address, papers, *words) for address in (OURS, THEIRS))
            self.assertEqual((ours[0], ours[1]), (theirs[0], theirs[1]), words)
        self.assertIn(f"clientURLs=https://{OURS}:2379", self.etcdctl("none", papers, "--endpoints",
                                                                    f"https://{OURS}:2379", "member", "list")[1])
        self.assertIn("cluster is healthy", self.etcdctl(OURS, papers, "cluster-health")[1])
        self.assertNotEqual(self.etcdctl(OURS, self.stranger.issue("person"), "get", "/a/x")[0], 0)

    @proves()
    def test_3_a_certificate_names_the_user(self):
        nobody, ann, root = (self.people[name] for name in ("nobody", "ann", "root"))
        for words in (("PUT", "/v2/auth/users/root", {"user": "root", "password": "pw"}),
                      ("PUT", "/v2/auth/roles/r", {"role": "r", "permissions": {"kv": {"read": ["/a/*"],
                                                                                       "write": ["/a/b"]}}}),
                      ("PUT", "/v2/auth/users/ann", {"user": "ann", "password": "x", "roles": ["r"]}),
                      ("PUT", "/v2/keys/a/x", "value=1"), ("PUT", "/v2/auth/enable")):
            self.assertIn(self.compare(nobody, *words)[0], (200, 201))
        keys = [("GET", "/v2/keys/a/x"), ("PUT", "/v2/keys/a/b", "value=1"), ("PUT", "/v2/keys/a/c", "value=1"),
                ("GET", "/v2/keys/other"), ("GET", "/v2/auth/users/ann"), ("PUT", "/v2/auth/roles/r2", {"role": "r2"})]
        for guests in ("may do everything", "may do nothing"):
            told = [self.compare(who, *words)[0] for who in (nobody, ann, root) for words in keys]
            # A name and a password outweigh the certificate, and are not made good by it.
            told += [self.compare(who, *words, *([None] * (3 - len(words))), user)[0] for words in keys
                     for who in (nobody, ann) for user in ("root:pw", "root:wrong", "ann:x")]
            self.assertIn(401, told)
            self.assertIn(200, told)
            if guests == "may do everything":
                taken = self.compare(root, "PUT", "/v2/auth/roles/guest", {"role": "guest", "revoke": EVERYTHING})
                self.assertEqual(taken[0], 200)
        self.assertEqual(self.compare(ann, "GET", "/v2/keys/a/x")[0], 200)
        self.assertEqual(self.compare(nobody, "GET", "/v2/keys/a/x")[0], 401)
        self.assertEqual(self.compare(root, "DELETE", "/v2/auth/enable")[0], 200)

    @proves()
    def test_4_without_an_authority_no_certificate_is_asked_for(self):
        agent = self.another("core-02", SECOND)
        agent.context = self.nameless
        agent.start_as_etcd(*self.begin(agent), "--cert-file", self.server[0], "--key-file", self.server[1])
        agent.await_health()
        self.assertEqual(ask(SECOND, self.nameless, "PUT", "/v2/keys/a", "value=1")[0], 201)
        self.assertEqual(ask(SECOND, None, "GET", "/v2/keys/a")[0], "refused")
        # The same member again, with a certificate that its cluster has made for it.
        agent.stop(keep=True)
        agent.context = ssl.create_default_context(cafile=f"{agent.dir}/state/pki/ca.crt")
        agent.start_as_etcd(*self.begin(agent), "--auto-tls").await_health()
        self.assertIn('"value":"1"', ask(SECOND, agent.context, "GET", "/v2/keys/a")[1])
        self.assertEqual(ask(SECOND, self.nameless, "GET", "/v2/keys/a")[0], "refused")

    @proves()
    def test_5_what_cannot_be_served_ends_the_start_by_its_name(self):
        agent = self.another("core-02", SECOND)
        certificate, key = self.server
        other = self.authority.issue("other")[1]
        for flags, sentence in (
                ([], "TLS key/cert (--cert-file, --key-file) must be provided for client url"),
                (["--cert-file", certificate], f"KeyFile and CertFile must both be present[key: , cert: {certificate}]"),
                (["--cert-file", certificate, "--key-file", other],
                 f"the key in {other} is not that of the certificate in {certificate}"),
                (["--cert-file", "/none.crt", "--key-file", key], "cannot read /none.crt"),
                (["--cert-file", certificate, "--key-file", key, "--trusted-ca-file", key],
                 f"{key} holds no certificate"),
                (["--cert-file", certificate, "--key-file", key, "--client-cert-auth"],
                 "--client-cert-auth needs --trusted-ca-file")):
            done = agent.command(*agent.places(), "--machine-id", agent.machine(), *self.begin(agent), *flags)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(sentence, done.stderr)
            self.assertFalse(os.path.exists(f"{agent.dir}/state/identity.json"))
        done = agent.command(*agent.places(), *self.begin(agent, "http"), "--cert-file", certificate, "--key-file", key)
        self.assertIn("no https:// URL", done.stderr)

    @proves()
    def test_7_a_discovery_url_may_be_https(self):
        service, newcomer = self.another("core-02", SECOND), self.another("core-03", PROXY)
        service.context = self.nameless
        papers = ["--cert-file", self.server[0], "--key-file", self.server[1]]
        service.start_as_etcd(*self.begin(service), *papers).await_health()
        self.assertEqual(ask(SECOND, self.nameless, "PUT", "/v2/keys/discovery/_config/size", "value=1")[0], 201)
        newcomer.context = self.people["nobody"]
        flags = [*self.begin(newcomer)[:-2], "--discovery", f"{service.endpoint()}/v2/keys/discovery",
                 "--initial-advertise-peer-urls", f"http://{PROXY}:2380", *papers, "--trusted-ca-file"]
        newcomer.start_as_etcd(*flags, self.stranger.certificate, await_ready=False)
        wait_for(lambda: "discovery: error connecting" in newcomer.log(), 20, "it does not believe the service")
        newcomer.stop(keep=True)
        newcomer.start_as_etcd(*flags, self.authority.certificate).await_health()
        self.assertIn(f"http://{PROXY}:2380", ask(SECOND, self.nameless, "GET", "/v2/keys/discovery")[1])

    @proves()
    def test_6_a_proxy_has_tls_on_both_sides(self):
        proxy = self.another("proxy", PROXY)
        papers = self.authority.issue("proxy", PROXY)
        proxy.context = self.people["nobody"]
        proxy.start_as_etcd("--proxy", "on", "--name", "proxy", "--initial-cluster", f"core-01=http://{OURS}:2380",
                            "--listen-client-urls", f"https://{PROXY}:2379", "--cert-file", papers[0], "--key-file",
                            papers[1], "--trusted-ca-file", self.authority.certificate)
        wait_for(lambda: ask(PROXY, proxy.context, "GET", "/version")[0] == 200, 20, "the proxy knows the member")
        self.assertEqual(ask(PROXY, proxy.context, "PUT", "/v2/keys/by", "value=proxy")[0], 201)
        self.assertEqual(json.loads(ask(OURS, self.people["nobody"], "GET", "/v2/keys/by")[1])["node"]["value"], "proxy")
        self.assertEqual(ask(PROXY, self.nameless, "GET", "/version")[0], "refused")
        told = json.loads(call(proxy.endpoint(), "GET", "/v2/config/local/proxy", context=proxy.context)[1])
        self.assertEqual(told["endpoints"], [f"https://{OURS}:2379"])
        # One that believes another authority gets nothing out of the member.
        proxy.stop(keep=True)
        proxy.start_as_etcd("--listen-client-urls", f"http://{PROXY}:2379", "--trusted-ca-file",
                            self.stranger.certificate, "--proxy", "on")
        wait_for(lambda: ask(PROXY, None, "GET", "/version")[0] in (502, 503), 20, "no member that can be believed")


if __name__ == "__main__":
    main()
