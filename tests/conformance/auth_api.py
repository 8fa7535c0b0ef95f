# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, roles and the switch: each call goes to a real agent and to Debian's etcd, and the answers are the same."""
import base64
import http.client
import json
import os
import subprocess

from etcd_oracle import EtcdOracle
from local_cluster import LocalCluster, put
from qdtest import Case, main, proves, wait_for

EVERYTHING = {"kv": {"read": ["/*"], "write": ["/*"]}}
FIELDS = ("content-type", "allow", "x-content-type-options")

# (method, path, body, user:password). A body is a JSON document, or text as it is.
BEFORE = [
    ("GET", "/enable"), ("GET", "/users"), ("GET", "/roles"), ("GET", "/users/none"), ("GET", "/roles/none"),
    ("DELETE", "/users/none"), ("DELETE", "/roles/none"), ("GET", "/none"), ("GET", ""), ("GET", "/users/a/b"),
    ("POST", "/users"), ("POST", "/users/a"), ("POST", "/roles/a"), ("POST", "/enable"),
    ("PUT", "/users/a", {"user": "a"}), ("PUT", "/users/a", {"user": "b", "password": "x"}),
    ("PUT", "/users/a", "x"), ("PUT", "/users/a", ""), ("PUT", "/users/a", {"user": "a", "password": 1}),
    ("PUT", "/users/a", {"user": "a", "password": "x"}), ("PUT", "/users/a", {"user": "a", "password": "y"}),
    ("PUT", "/users/a", {"user": "a"}), ("GET", "/users/a"),
    ("PUT", "/roles/r1", {"role": "r1", "permissions": {"kv": {"read": ["/a/*"], "write": ["/a/b"]}}}),
    ("PUT", "/roles/r1", {"role": "r1", "permissions": {"kv": {"read": ["/a/*"]}}}),
    ("PUT", "/roles/r1", {"role": "r2"}), ("PUT", "/roles/r2", {"role": "r2"}), ("PUT", "/roles/r2", "x"),
    ("PUT", "/roles/r1", {"role": "r1", "grant": {"kv": {"read": ["/a/*"]}}}),
    ("PUT", "/roles/r1", {"role": "r1", "grant": {"kv": {"write": ["/a/b"]}}}),
    ("PUT", "/roles/r1", {"role": "r1", "grant": {"kv": {"read": ["/c"], "write": ["/d"]}}}),
    ("PUT", "/roles/r1", {"role": "r1", "revoke": {"kv": {"read": ["/zz"]}}}),
    ("PUT", "/roles/r1", {"role": "r1", "revoke": {"kv": {"write": ["/d"]}}}),
    ("PUT", "/roles/r1", {"role": "r1", "grant": {"kv": {"read": ["/q"]}}, "permissions": EVERYTHING}),
    ("PUT", "/roles/none", {"role": "none", "grant": {"kv": {"read": ["/a/*"]}}}),
    ("PUT", "/roles/root", {"role": "root"}), ("PUT", "/roles/root", {"role": "root", "grant": EVERYTHING}),
    ("DELETE", "/roles/root"), ("GET", "/roles/root"), ("GET", "/roles"), ("GET", "/roles/r1"),
    ("PUT", "/users/a", {"user": "a", "roles": ["r1"], "password": "z"}),
    ("PUT", "/users/b", {"user": "b", "roles": ["r1"], "password": "z"}),
    ("PUT", "/users/b", {"user": "b", "grant": ["r1"]}), ("PUT", "/users/b", {"user": "b", "revoke": ["r9"]}),
    ("PUT", "/users/b", {"user": "b", "grant": ["r2"], "roles": ["r1"]}),
    ("PUT", "/users/b", {"user": "b", "grant": ["r2"]}), ("PUT", "/users/none", {"user": "none", "revoke": ["r9"]}),
    ("GET", "/users/b"), ("GET", "/users"), ("PUT", "/enable"), ("DELETE", "/enable"),
    ("GET", "/users/"), ("GET", "/roles/"), ("GET", "/users/b/"), ("GET", "/enable/"), ("PUT", "/users/", {"user": ""}),
    ("DELETE", "/users/"), ("GET", "/users/a/b/"), ("HEAD", "/users"), ("OPTIONS", "/users"), ("GET", "/"),
    ("PUT", "/users/a%20b", {"user": "a b", "password": "x"}), ("GET", "/users/a%20b"),
    ("PUT", "/users/s*", {"user": "s*", "password": "x"}), ("PUT", "/users/..", {"user": "..", "password": "x"}),
    ("PUT", "/roles/odd", {"role": "odd", "permissions": {"kv": {"read": ["a", "*"], "write": []}}}), ("GET", "/roles/odd"),
    ("PUT", "/users/b", {"user": "b", "grant": ["odd", "odd"]}),
    ("PUT", "/users/b", {"user": "b", "grant": ["odd"], "revoke": ["odd"]}),
    ("PUT", "/users/root", {"user": "root", "password": "pw"}),
    ("PUT", "/users/root", {"user": "root", "revoke": ["root"]}),
    ("PUT", "/users/root", {"user": "root", "grant": ["root"]}), ("GET", "/users/root"),
]
ENABLED = [
    ("PUT", "/enable"), ("GET", "/enable"), ("PUT", "/enable", None, "root:pw"), ("GET", "/users"),
    ("GET", "/users", None, "root:pw"), ("GET", "/users", None, "root:bad"), ("GET", "/users", None, "a:y"),
    ("GET", "/users", None, "none:y"), ("GET", "/roles/guest", None, "root:pw"),
    ("DELETE", "/users/root", None, "root:pw"), ("PUT", "/roles/r3", {"role": "r3"}, "a:y"),
    ("PUT", "/users/a", {"user": "a", "grant": ["r1"]}, "root:pw"), ("GET", "/users/a", None, "root:pw"),
]
# While guests may do everything, then nothing.
KEYS = [
    ("PUT", "/v2/keys/a/x", "value=1"), ("GET", "/v2/keys/a/x"), ("PUT", "/v2/keys/a/x", "value=2", "root:pw"),
    ("PUT", "/v2/keys/a/b", "value=1", "a:y"), ("PUT", "/v2/keys/a/x", "value=1", "a:y"),
    ("GET", "/v2/keys/a/x", None, "a:y"), ("GET", "/v2/keys/a/x", None, "a:bad"), ("GET", "/v2/keys/b", None, "a:y"),
    ("GET", "/v2/keys/a?recursive=true", None, "a:y"), ("GET", "/v2/keys/a/?recursive=true", None, "a:y"),
    ("GET", "/v2/keys/a", None, "root:pw"), ("DELETE", "/v2/keys/a/b", None, "a:y"),
    ("POST", "/v2/keys/q", "value=1", "a:y"), ("HEAD", "/v2/keys/a/x"), ("GET", "/v2/keys/a/x?wait=maybe"),
    ("PUT", "/v2/keys/a/x", "value=1&ttl=no"), ("GET", "/v2/stats/store"), ("GET", "/version"), ("GET", "/v2/machines"),
]
CLOSE = [("PUT", "/roles/guest", {"role": "guest", "revoke": EVERYTHING}, "root:pw")]
# With "a" allowed to write /a/b and to read below /a; and members, which root alone may change.
RIGHTS = [
    ("GET", "/v2/keys/a//b", None, "a:y"), ("PUT", "/v2/keys/a/../z", "value=1", "a:y"),
    ("PUT", "/v2/keys/a/b", "value=2&prevValue=1", "a:y"), ("DELETE", "/v2/keys/a/b?prevValue=9", None, "a:y"),
    ("GET", "/v2/keys/a/x?quorum=true", None, "a:y"), ("GET", "/v2/keys/a/none", None, "a:y"),
    ("GET", "/v2/keys/none", None, "a:y"), ("GET", "/v2/keys/a/x?wait=true&waitIndex=1", None, "a:bad"),
    ("GET", "/v2/keys/a/x", None, "a:"), ("GET", "/v2/keys/", None, "a:y"), ("GET", "/v2/keys/"),
    ("POST", "/v2/members"), ("POST", "/v2/members", None, "a:y"), ("DELETE", "/v2/members/1234", None, "a:y"),
    ("DELETE", "/v2/members/1234"), ("DELETE", "/v2/members/1234", None, "root:pw"), ("GET", "/health"),
    ("PUT", "/v2/members/1234", None, "a:y"), ("PUT", "/config/local/log", '{"Level":"INFO"}'),
    ("GET", "/v2/auth/users/a", None, "a:y"), ("GET", "/v2/auth/roles/r1", None, "a:y"),
    ("PUT", "/v2/auth/users/a", {"user": "a", "password": "new"}, "a:y"),
    ("PUT", "/v2/auth/users/a", {"user": "a", "password": "new"}, "root:pw"),
    ("GET", "/v2/keys/a/x", None, "a:y"), ("GET", "/v2/keys/a/x", None, "a:new"),
    ("DELETE", "/v2/auth/roles/guest", None, "root:pw"), ("GET", "/v2/keys/a/x"),
    ("PUT", "/v2/auth/roles/guest", {"role": "guest", "permissions": {"kv": {"read": ["/a/x"]}}}, "root:pw"),
    ("GET", "/v2/keys/a/x"), ("GET", "/v2/keys/a/b"), ("PUT", "/v2/keys/a/x", "value=1"),
    ("PUT", "/v2/auth/roles/guest", {"role": "guest", "revoke": {"kv": {"read": ["/a/x"]}}}, "root:pw"),
]
AFTER = [
    ("DELETE", "/users/b", None, "root:pw"), ("DELETE", "/roles/r2", None, "root:pw"), ("DELETE", "/enable"),
    ("DELETE", "/enable", None, "root:pw"), ("DELETE", "/enable", None, "root:pw"), ("GET", "/enable"),
    ("DELETE", "/users/root"), ("DELETE", "/users/a"),
]


def send(address, method, path, body=None, user=None):
    """Status, fields that matter, body."""
    link = http.client.HTTPConnection(address, 2379, timeout=10)
    fields = {}
    if isinstance(body, dict):
        fields["Content-Type"] = "application/json"
        body = json.dumps(body)
    elif body is not None:
        fields["Content-Type"] = "application/x-www-form-urlencoded"
    if user is not None:
        fields["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    try:
        link.request(method, path, body, fields)
        answer = link.getresponse()
        kept = {name: answer.getheader(name) for name in FIELDS if answer.getheader(name)}
        return answer.status, kept, answer.read().decode()
    finally:
        link.close()


def plain(answer):
    """Without what is another on each server: indexes and counts."""
    status, fields, body = answer
    try:
        document = json.loads(body)
    except ValueError:
        return answer
    return status, fields, without_indexes(document)


def without_indexes(document):
    """With the children of a folder in order: etcd lists them in any."""
    if isinstance(document, list):
        return sorted((without_indexes(each) for each in document), key=json.dumps)
    if isinstance(document, dict):
        return {name: without_indexes(value) for name, value in document.items()
                if name not in ("index", "modifiedIndex", "createdIndex")}
    return document


class Auth(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.111").start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.oracle = EtcdOracle("127.0.0.116")
        cls.addClassCleanup(cls.oracle.stop)
        cls.oracle.start()
        wait_for(lambda: put(cls.oracle.endpoint(), "/a/first", "1"), 20, "etcd takes a write")
        leader = cls.cluster.await_leader()
        put(cls.cluster.endpoint(leader), "/a/first", "1")
        # On a follower: what is decided there by its own tree must hold at once.
        cls.ours = cls.cluster.addresses[leader % 3]
        cls.theirs = cls.oracle.addresses[0]

    def compare(self, calls, prefix="/v2/auth"):
        for call in calls:
            method, path, *rest = call
            ours = send(self.ours, method, prefix + path, *rest)
            theirs = send(self.theirs, method, prefix + path, *rest)
            if path in ("/v2/stats/store", "/v2/machines"):
                self.assertEqual(ours[0], theirs[0], call)
            else:
                self.assertEqual(plain(ours), plain(theirs), call)

    @proves()
    def test_1_users_and_roles_before_it_is_on(self):
        self.compare(BEFORE)

    @proves()
    def test_2_only_root_may_look_once_it_is_on(self):
        self.compare(ENABLED)

    @proves()
    def test_3_guests_may_do_all_until_root_takes_it_from_them(self):
        self.compare(KEYS, "")
        self.compare(CLOSE)
        self.compare(KEYS, "")
        self.compare(RIGHTS, "")

    @proves()
    def test_4_every_node_asks_and_nothing_is_read_through_the_keys(self):
        for address in self.cluster.addresses:
            wait_for(lambda a=address: send(a, "GET", "/v2/keys/a/x")[0] == 401, 5, f"{address} asks")
            self.assertEqual(send(address, "GET", "/v2/keys/a/x", None, "root:pw")[0], 200)
            self.assertEqual(send(address, "GET", "/v2/keys/_qd/auth/users/root", None, "root:pw")[0], 401)

    @proves()
    def test_5_where_it_differs_on_purpose(self):
        def answer(method, path, body=None, user="root:pw"):
            return send(self.ours, method, path, body, user)[0]

        # A role that is not there is not given: etcd takes it, and then cannot show the user any more.
        status, _, body = send(self.ours, "PUT", "/v2/auth/users/a", {"user": "a", "grant": ["r9"]}, "root:pw")
        self.assertEqual((status, json.loads(body)["message"]), (404, "auth: Role r9 does not exist."))
        self.assertEqual(answer("PUT", "/v2/auth/users/c", {"user": "c", "password": "x", "roles": ["r9"]}), 404)
        # Nor does one that goes later: who had it is shown without it.
        self.assertEqual(answer("PUT", "/v2/auth/roles/r4", {"role": "r4"}), 201)
        self.assertEqual(answer("PUT", "/v2/auth/users/d", {"user": "d", "password": "x"}), 201)
        self.assertEqual(answer("PUT", "/v2/auth/users/d", {"user": "d", "grant": ["r4"]}), 200)
        self.assertEqual(answer("DELETE", "/v2/auth/roles/r4"), 200)
        self.assertEqual(send(self.ours, "GET", "/v2/auth/users/d", None, "root:pw")[2], '{"user":"d"}\n')
        self.assertEqual(answer("DELETE", "/v2/auth/users/d"), 200)
        # A document is what its writer meant: the names as they are written, and nothing behind it.
        self.assertEqual(answer("PUT", "/v2/auth/users/c", '{"User":"c","Password":"x"}'), 400)
        self.assertEqual(answer("PUT", "/v2/auth/users/c", '{"user":"c","password":"x"} more'), 400)
        self.assertEqual(answer("PUT", "/v2/auth/users/c", "null"), 400)
        self.assertEqual(answer("GET", "/v2/auth/users/c"), 404)
        # An empty name is nobody's; etcd hangs up.
        self.assertEqual(answer("GET", "/v2/keys/a/x", None, ":"), 401)

    @proves()
    def test_6_etcdctl_drives_both_alike(self):
        env = dict(os.environ, ETCDCTL_API="2")

        def run(address, *words):
            done = subprocess.run(["etcdctl", "--endpoints", f"http://{address}:2379", "-u", "root:pw", *words],
                                  capture_output=True, text=True, timeout=20, env=env, check=False)
            return done.returncode, done.stdout, done.stderr.replace(address, "ADDRESS")

        for words in (("role", "add", "ops"), ("role", "add", "ops"), ("role", "list"),
                      ("role", "grant", "ops", "--path", "/ops/*", "--readwrite"), ("role", "get", "ops"),
                      ("user", "grant", "a", "--roles", "ops"), ("user", "get", "a"), ("user", "list"),
                      ("user", "revoke", "a", "--roles", "ops"), ("role", "remove", "ops"), ("role", "get", "ops"),
                      ("set", "/ops/x", "1"), ("get", "/ops/x")):
            self.assertEqual(run(self.ours, *words), run(self.theirs, *words), words)

    @proves()
    def test_7_it_is_switched_off_again(self):
        self.compare(AFTER)


if __name__ == "__main__":
    main()
