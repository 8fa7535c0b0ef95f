# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in: certificates on 7443 and 2380, join tokens; each refusal with its reason. Acceptance 6 of the main job."""
import hashlib
import json
import os
import socket
import ssl
import subprocess
import threading

from local_cluster import LocalCluster
from qdtest import Case, main, program, proves, wait_for

CONTROL, PEERS = 7443, 2380
CA_CONFIG = """[ca]
default_ca = here
[here]
dir = {dir}
database = {dir}/index.txt
serial = {dir}/serial
new_certs_dir = {dir}
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=30)


class Authority:
    """Issues certificates with the openssl program: the cluster's own authority, or a strange one."""

    def __init__(self, folder, certificate=None, key=None):
        self.folder = folder
        os.makedirs(folder)
        self.certificate, self.key = certificate or f"{folder}/ca.crt", key or f"{folder}/ca.key"
        if certificate is None:
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                    "-out", self.certificate, "-subj", "/CN=stranger", "-days", "30")
        for name, text in (("index.txt", ""), ("serial", "01\n"), ("ca.cnf", CA_CONFIG.format(dir=folder))):
            with open(f"{folder}/{name}", "w", encoding="ascii") as file:
                file.write(text)

    def issue(self, name, uri, start="20200101000000Z", end="20391231235959Z"):
        """Paths of a certificate and its key."""
        base = f"{self.folder}/{name}"
        with open(f"{base}.ext", "w", encoding="ascii") as file:
            file.write(f"subjectAltName=URI:{uri}\nextendedKeyUsage=clientAuth,serverAuth\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{base}.key", "-out",
                f"{base}.csr", "-subj", f"/CN={name}")
        openssl("ca", "-batch", "-config", f"{self.folder}/ca.cnf", "-cert", self.certificate, "-keyfile", self.key,
                "-in", f"{base}.csr", "-out", f"{base}.crt", "-startdate", start, "-enddate", end, "-extfile",
                f"{base}.ext", "-notext")
        return f"{base}.crt", f"{base}.key"


def connect(address, port, protocol, identity):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    if identity:
        context.load_cert_chain(*identity)
    return context.wrap_socket(socket.create_connection((address, port), timeout=10))


def read_all(stream, size):
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            break
        data += more
    return data


def hello(address, identity):
    """The answer to the control protocol's first call, as raw CBOR."""
    call = (b"\xa3\x62id\x01\x66method\x65hello\x66params\xa3\x67version\x01\x66client\x64test\x68features\x80")
    with connect(address, CONTROL, "qd-ctl/1", identity) as stream:
        try:
            stream.sendall(len(call).to_bytes(4, "big") + call)
        except OSError:
            pass  # turned away already: the reason is there to be read
        return read_all(stream, int.from_bytes(read_all(stream, 4), "big"))


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(1, "127.0.0.71").start()
        cls.address = cls.cluster.addresses[0]
        cls.state = f"{cls.cluster.dir}/node-1/state"
        ours = Authority(f"{cls.cluster.dir}/ours", f"{cls.state}/pki/ca.crt", f"{cls.state}/pki/ca.key")
        strange = Authority(f"{cls.cluster.dir}/strange")
        node = "urn:qd:node:" + "a" * 32
        cls.certificates = {
            "viewer": ours.issue("viewer", "urn:qd:role:viewer"),
            "node": ours.issue("node", node),
            "stranger": strange.issue("stranger", "urn:qd:role:admin"),
            "strange-node": strange.issue("strange-node", node),
            "old": ours.issue("old", "urn:qd:role:admin", end="20210101000000Z"),
            "old-node": ours.issue("old-node", node, end="20210101000000Z"),
            "king": ours.issue("king", "urn:qd:role:king"),
        }

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def await_log(self, *words):
        wait_for(lambda: any(all(word in line for word in words) for line in self.cluster.agent_log(1).splitlines()), 10,
                 f"a line of the agent's log with {words}")

    @proves()
    def test_1_the_control_port_refuses_each_for_its_reason(self):
        good = self.certificates["viewer"]
        self.assertIn(b"result", hello(self.address, good))
        for identity, reason, sentence in (
                (None, b"no_certificate", "The peer showed no certificate"),
                (self.certificates["stranger"], b"other_authority", '"stranger" was issued by another authority'),
                (self.certificates["old"], b"expired", '"old" expired on 2021-01-01'),
                (self.certificates["king"], b"wrong_role", '"king" has a role that this cluster does not know')):
            answer = hello(self.address, identity)
            self.assertIn(b"error", answer)
            self.assertIn(reason, answer)
            self.assertNotIn(b"result", answer)
            self.await_log("qd.control: refused", reason.decode(), sentence)
        self.assertIn(b"result", hello(self.address, good))

    @proves()
    def test_2_the_peers_port_refuses_each_for_its_reason(self):
        with connect(self.address, PEERS, "qd-raft/1", self.certificates["node"]) as good:
            for identity, reason, sentence in (
                    (None, "no_certificate", "The peer showed no certificate"),
                    (self.certificates["strange-node"], "other_authority", "issued by another authority"),
                    (self.certificates["old-node"], "expired", '"old-node" expired on 2021-01-01'),
                    (self.certificates["viewer"], "wrong_kind", "is for the role viewer; a node's is needed")):
                with connect(self.address, PEERS, "qd-raft/1", identity) as stream:
                    try:
                        self.assertEqual(stream.recv(1), b"")
                    except ConnectionResetError:
                        pass  # closed just as well
                self.await_log("qd.peer: refused", reason, sentence)
            good.setblocking(False)
            with self.assertRaises(ssl.SSLWantReadError):  # still open, with nothing to say
                good.recv(1)

    @proves()
    def test_2b_who_speaks_no_tls_and_who_forges_lines_stands_in_the_log(self):
        for port, room in ((CONTROL, "qd.control"), (PEERS, "qd.peer")):
            with socket.create_connection((self.address, port), timeout=10) as stream:
                stream.sendall(b"GET / HTTP/1.1\r\n\r\n")
                self.assertEqual(stream.recv(100), b"")
            self.await_log(f"{room}: refused 127.", "it speaks no TLS")
        forged = "x\n2026-01-01T00:00:00.000 info qd.control: node forged joined"
        run, has_key = self.join("qd1." + "0" * 32 + self.token()[-65:], forged)
        self.assertEqual((run.returncode, has_key), (1, False))
        self.await_log("refused cluster.join of x\\n2026-01-01", "node forged joined")
        self.assertFalse([line for line in self.cluster.agent_log(1).splitlines() if line.startswith("2026-01-01")])

    def token(self, kind="node"):
        run = subprocess.run([program("quarterdeckd"), "token", "--state", self.state, "--address", self.address, "--kind",
                              kind], capture_output=True, text=True, timeout=30, check=True)
        return run.stdout.strip()

    def join(self, token, name, peer=None):
        state = f"{self.cluster.dir}/{name}"
        run = subprocess.run([program("quarterdeckd"), "join", token, "--peer", peer or self.address, "--state", state,
                              "--name", name, "--address", self.address, "--machine-id", hashlib.md5(name.encode())
                              .hexdigest()], capture_output=True, text=True, timeout=60, check=False)
        return run, os.path.exists(f"{state}/pki/node.key")

    @proves()
    def test_3_a_token_counts_once_and_for_a_time(self):
        used = self.token()
        run, has_key = self.join(used, "first")
        self.assertEqual((run.returncode, has_key), (0, True), run.stderr)
        run, has_key = self.join(used, "second")
        self.assertEqual((run.returncode, has_key), (1, False))
        self.assertIn("it was used already, or it has expired", run.stderr)
        self.await_log("refused cluster.join of second", "used already")

        late = self.token()
        secret = bytes.fromhex(late.split(".")[1])
        key = "/_qd/tokens/" + hashlib.sha256(secret).hexdigest()
        self.cluster.ctl("store", "set", "--update", "--ttl", "1", key, json.dumps({"kind": "node", "role": ""}))
        wait_for(lambda: self.cluster.ctl("store", "get", key, check=False).returncode != 0, 10, "the end of its time")
        run, has_key = self.join(late, "third")
        self.assertEqual((run.returncode, has_key), (1, False))
        self.assertIn("it was used already, or it has expired", run.stderr)
        self.await_log("refused cluster.join of third", "expired")

    @proves()
    def test_4_another_authoritys_fingerprint_gets_no_secret(self):
        token = self.token()
        word, secret, fingerprint = token.split(".")
        other = f"{'0' if fingerprint[0] != '0' else '1'}{fingerprint[1:]}"
        run, has_key = self.join(f"{word}.{secret}.{other}", "careful")
        self.assertEqual((run.returncode, has_key), (1, False))
        self.assertIn("fingerprint", run.stderr)
        self.assertEqual(self.heard_by_an_impostor(token), b"")
        run, _ = self.join(token, "careful-again")
        self.assertEqual(run.returncode, 0, run.stderr)  # the secret was not spent

    def heard_by_an_impostor(self, token):
        """All that a server of another cluster hears from a machine that joins with our token."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(["qd-join/1"])
        context.load_cert_chain(*self.certificates["strange-node"])
        heard = []

        def serve(listener):
            plain = listener.accept()[0]
            plain.settimeout(20)
            try:
                with context.wrap_socket(plain, server_side=True) as stream:
                    heard.append(read_all(stream, 1 << 20))
            except OSError:  # it left within the handshake
                heard.append(b"")

        with socket.create_server((self.address, 0)) as listener:
            thread = threading.Thread(target=serve, args=(listener,))
            thread.start()
            run, has_key = self.join(token, "deceived", f"{self.address}:{listener.getsockname()[1]}")
            thread.join()
        self.assertEqual((run.returncode, has_key), (1, False))
        return heard[0]


if __name__ == "__main__":
    main()
