# SPDX-License-Identifier: GPL-3.0-or-later
"""locksmith's reboot lock: seen by qdctl, script, etcdctl and plain HTTP alike, and nodes that reboot by it."""
import json
import os
import signal
import subprocess
import urllib.parse
import urllib.request

from local_cluster import LocalCluster, call, etcdctl, get, put
from qdctl_case import DONE, FAILED, QdctlCase
from qdtest import main, program, proves, wait_for

FOLDER = "/coreos.com/updateengine/rebootlock"
KEY = FOLDER + "/semaphore"
FREE = '{"semaphore":1,"max":1,"holders":[]}'


def semaphore(free, most, *holders):
    return json.dumps({"semaphore": free, "max": most, "holders": list(holders)}, separators=(",", ":"))


def compare_and_swap(endpoint, key, value, index):
    """As locksmith's own client writes the key; what the store answers."""
    body = urllib.parse.urlencode({"value": value, "prevIndex": index}).encode()
    request = urllib.request.Request(f"{endpoint}/v2/keys{key}", data=body, method="PUT")
    request.add_header("Content-Type", "application/x-www-form-urlencoded")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class RebootLock(QdctlCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(3, "127.0.0.151").start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.ids = {name: node["id"] for name, node in cls.cluster.nodes().items()}

    def locksmith(self, *words, status=DONE):
        return self.expect(status, "locksmith", *words)

    def value(self, number=1):
        return get(self.cluster.endpoint(number), KEY)

    def boot_id(self, number):
        return self.cluster.in_node(number, "cat", "/proc/sys/kernel/random/boot_id", check=False).stdout.strip()

    def held_throughout(self, since):
        """What the key held, change by change."""
        events = json.loads(self.expect(DONE, "store", "history", KEY, "--json").stdout)["events"]
        return [each["entry"]["value"] for each in events if each["entry"]["modifiedIndex"] > since]

    @proves("E144", "U94", "U95", "U99", "T21")
    def test_1_the_key_is_made_when_somebody_looks(self):
        self.assertEqual(call(self.cluster.endpoint(1), "GET", f"/v2/keys{KEY}")[0], 404)
        self.assertEqual(self.locksmith("status").stdout, "Available: 1\nMax: 1\n")
        self.assertEqual(self.value(), '{"semaphore":1,"max":1,"holders":null}')
        folder = json.loads(call(self.cluster.endpoint(1), "GET", "/v2/keys/coreos.com/updateengine")[1])
        self.assertEqual([(node["key"], node["dir"]) for node in folder["node"]["nodes"]], [(FOLDER, True)])
        self.locksmith("lock", "node-2")
        self.assertEqual(self.locksmith("status").stdout,
                         f"Available: 0\nMax: 1\n\nMACHINE ID\n{self.ids['node-2']}\n")
        self.assertEqual(self.value(3), semaphore(0, 1, self.ids["node-2"]))
        self.locksmith("unlock", "node-2")
        self.assertEqual(self.value(), FREE)

    @proves("U98", "U100", "U101")
    def test_2_refusals_and_the_maximum_are_in_locksmiths_words(self):
        self.locksmith("lock", "b")
        refused = self.locksmith("lock", "a", status=FAILED)
        self.assertEqual(refused.stderr, "qdctl: Error locking: semaphore is at 0.\n")
        refused = self.locksmith("unlock", "a", status=FAILED)
        self.assertEqual(refused.stderr, "qdctl: Error unlocking: holder does not exist.\n")
        self.assertEqual(self.locksmith("set-max", "3").stdout, "Old: 1\nNew: 3\n")
        refused = self.locksmith("lock", "b", status=FAILED)
        self.assertEqual(refused.stderr, "qdctl: Error locking: holder exists.\n")
        self.locksmith("lock", "a")
        self.assertEqual(self.value(), semaphore(1, 3, "a", "b"))
        self.locksmith("set-max", "1")
        self.assertEqual(self.value(), semaphore(-1, 1, "a", "b"))
        for holder in ("a", "b"):
            self.locksmith("unlock", holder)
        self.assertEqual(self.value(), FREE)

    @proves("U103")
    def test_3_an_edit_by_etcdctl_counts(self):
        self.assertEqual(etcdctl(self.cluster.endpoint(2), "get", KEY.lstrip("/")).stdout, FREE + "\n")
        etcdctl(self.cluster.endpoint(2), "set", KEY, semaphore(2, 2))
        self.assertEqual(self.locksmith("status").stdout, "Available: 2\nMax: 2\n")
        put(self.cluster.endpoint(1), KEY, "no semaphore")
        refused = self.locksmith("status", status=FAILED)
        self.assertIn("the reboot lock's key does not hold a semaphore: no semaphore", refused.stderr)
        put(self.cluster.endpoint(1), KEY, FREE)

    @proves("U105")
    def test_4_groups_have_slots_of_their_own(self):
        for group in ("load balancers", "db/eu"):
            self.locksmith("lock", "m", "--group", group)
        self.assertEqual(self.locksmith("status").stdout, "Available: 1\nMax: 1\n")
        key = f"{FOLDER}/groups/load+balancers/semaphore"
        self.assertEqual(get(self.cluster.endpoint(1), key.replace("+", "%2B")), semaphore(0, 1, "m"))
        refused = self.locksmith("lock", "n", "--group", "load balancers", status=FAILED)
        self.assertIn("semaphore is at 0", refused.stderr)
        for group in ("load balancers", "db/eu"):
            self.locksmith("unlock", "m", "--group", group)

    @proves()
    def test_5_a_script_does_the_same(self):
        path = os.path.join(self.folder(), "lock.js")
        with open(path, "w", encoding="utf-8") as file:
            file.write("""
                const lock = cluster.rebootLock;
                print(lock.setMax(2).available, lock.lock("node-1") === lock.get().index);
                try { lock.lock("node-1"); } catch (error) { print(error.message, error.code); }
                print(lock.get().holders[0] === cluster.node("node-1").id, lock.unlock("node-1").available);
                print(lock.setMax(1).max);
            """)
        self.assertEqual(self.expect(DONE, "run", path).stdout.splitlines(),
                         ["2 true", "Error locking: holder exists conflict", "true 2", "1"])

    @proves("U132", "U97", "U102")
    def test_6_a_node_reboots_with_a_slot_and_gives_it_back(self):
        """Who holds the only slot by plain HTTP, as locksmith's client takes it, keeps the others up."""
        endpoint = self.cluster.endpoint(1)
        node = json.loads(call(endpoint, "GET", f"/v2/keys{KEY}")[1])["node"]
        compare_and_swap(endpoint, KEY, semaphore(0, 1, "f" * 32), node["modifiedIndex"])
        before = self.boot_id(2)
        refused = self.locksmith("reboot", "node-2", status=FAILED)
        self.assertEqual(refused.stderr, "qdctl: Error locking: semaphore is at 0.\n")
        self.assertEqual(self.boot_id(2), before)
        node = json.loads(call(endpoint, "GET", f"/v2/keys{KEY}")[1])["node"]
        self.assertNotIn("ttl", node)
        freed = compare_and_swap(endpoint, KEY, FREE, node["modifiedIndex"])["node"]
        self.locksmith("reboot", "node-2")
        wait_for(lambda: self.boot_id(2) not in ("", before), 40, "another life of node-2")
        wait_for(lambda: self.value() == FREE, 40, "its slot")
        self.assertEqual(self.held_throughout(freed["modifiedIndex"]), [semaphore(0, 1, self.ids["node-2"]), FREE])

    @proves("R-58")
    def test_7_a_paused_holder_whose_slot_went_does_not_reboot(self):
        """node-3 holds the slot and waits; it is stopped, an operator gives the slot to node-1; then it goes on."""
        before = self.boot_id(3)
        waiting = subprocess.Popen(
            [program("qdctl"), "--config", os.path.join(self.cluster.dir, "console"), "locksmith", "reboot", "node-3",
             "--delay", "3"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: self.value() == semaphore(0, 1, self.ids["node-3"]), 10, "node-3 holds the slot")
        paused = self.cluster.agent_pid(3)
        os.kill(paused, signal.SIGSTOP)
        try:
            self.locksmith("unlock", "node-3")
            self.locksmith("lock", "node-1")
            # Its time comes while it is stopped.
            node = f"{self.cluster.endpoint(1)}/v2/keys/paused"
            urllib.request.urlopen(urllib.request.Request(f"{node}?ttl=4", data=b"value=1", method="PUT", headers={
                "Content-Type": "application/x-www-form-urlencoded"}), timeout=5).close()
            wait_for(lambda: get(self.cluster.endpoint(1), "/paused") is None, 15, "the end of its time")
        finally:
            os.kill(paused, signal.SIGCONT)
        self.assertEqual(waiting.wait(30), FAILED)
        self.assertRegex(waiting.stderr.read(), "Error rebooting: the slot of .* was given away")
        self.assertIn("does not reboot", self.cluster.agent_log(3))
        self.assertEqual(self.boot_id(3), before)
        self.assertEqual(self.cluster.agent_pid(3), paused)
        self.assertEqual(self.value(), semaphore(0, 1, self.ids["node-1"]))
        # With a slot of its own it does.
        self.locksmith("unlock", "node-1")
        self.locksmith("reboot", "node-3", "--delay", "1")
        wait_for(lambda: self.boot_id(3) not in ("", before), 40, "another life of node-3")
        wait_for(lambda: self.value() == FREE, 40, "its slot")


if __name__ == "__main__":
    main()
