# SPDX-License-Identifier: GPL-3.0-or-later
"""A member that is cut off, from the others or from its disk: what it may still say, how soon it stands down, and what it
costs the others. Its clients reach it all the time."""
import json
import os
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from bad_disk import BadDisk
from http_wire import Wire
from local_cluster import call, get, put
from qdtest import Case, main, proves, wait_for
from wires import alone, figures, leaders, mend, own_network, part, wired_members

ELECTION = 1.0  # seconds, the least time-out
CLOCK_STEP = 0.5  # between two entries of the leader's clock
SNAPSHOT_EVERY = 50
LARGE = "v" * 150_000


def put_for(agent, key, seconds):
    body = urllib.parse.urlencode({"value": "x", "ttl": seconds}).encode()
    request = urllib.request.Request(f"{agent.endpoint()}/v2/keys{key}", body, method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["node"]


def node_of(agent, key):
    status, body = call(agent.endpoint(), "GET", f"/v2/keys{key}")
    return json.loads(body)["node"] if status == 200 else None


def index_of(agent):
    """Of its newest snapshot."""
    names = [name for name in os.listdir(f"{agent.dir}/state/wal") if name.endswith(".snap")]
    return int(max(names).split(".")[0], 16)


class Stream:
    """A watch that stands once it is made."""

    def __init__(self, agent, key):
        self.wire = Wire(agent.address, timeout=30)
        self.wire.send(f"GET /v2/keys{key}?wait=true&stream=true HTTP/1.1\r\nHost: etcd\r\n\r\n".encode())
        self.wire.receive_head()

    def event(self):
        return json.loads(self.wire.line())


class CutOff(Case):
    @classmethod
    def setUpClass(cls):
        own_network()
        cls.members = wired_members(3, cls.addClassCleanup, "--snapshot-count", str(SNAPSHOT_EVERY))
        for one in cls.members:
            one.disk = BadDisk(one.dir)
            one.environment = one.disk.environment
            one.start_as_etcd(*one.flags, await_ready=False)
        cls.settle()

    @classmethod
    def settle(cls):
        """All are there and take writes."""
        for one in cls.members:
            one.disk.revoke()
        mend(cls.members)
        for one in cls.members:
            if one.process is None:
                one.start_as_etcd(*one.flags)
        for one in cls.members:
            wait_for(lambda o=one: put(o.endpoint(), "/up", "1"), 30, f"{one.name} takes writes")

    def tearDown(self):
        self.settle()

    def roles(self):
        leader, = wait_for(lambda: leaders(self.members), 20, "a leader")
        return leader, [one for one in self.members if one is not leader]

    def write(self, agent, folder, count, value):
        """Many at a time, into twenty keys."""
        with ThreadPoolExecutor(16) as pool:
            done = list(pool.map(lambda number: put(agent.endpoint(), f"{folder}/{number % 20}", value), range(count)))
        self.assertNotIn(None, done)

    def await_the_same(self, late, agent):
        """Until it has caught up."""
        def everything(one):
            return call(one.endpoint(), "GET", "/v2/keys/?recursive=true")[1]
        wait_for(lambda: everything(late) == everything(agent), 30, f"{late.name} has what {agent.name} has")

    @proves("R-48")
    def test_1_a_leader_that_was_deposed_tells_nothing_old(self):
        old, others = self.roles()
        self.assertTrue(put(old.endpoint(), "/deposed", "before"))
        with ThreadPoolExecutor() as pool:
            part(self.members, old)
            # Those that are asked before the others have decided anything may be answered; none may be answered late.
            early = [pool.submit(get, old.endpoint(), "/deposed", 20, "?quorum=true") for _ in range(4)]
            new, = wait_for(lambda: leaders(others), 20, "another leader")
            self.assertTrue(wait_for(lambda: put(new.endpoint(), "/deposed", "after"), 10, "a write on the other side"))
            late = [pool.submit(call, old.endpoint(), "GET", "/v2/keys/deposed?quorum=true") for _ in range(4)]
            self.assertEqual([answer.result()[0] for answer in late], [500] * 4)
            self.assertEqual({answer.result() for answer in early} - {None, "before"}, set())
        # A plain read is the member's own, as old as it is.
        self.assertEqual(get(old.endpoint(), "/deposed"), "before")
        mend(self.members)
        wait_for(lambda: get(old.endpoint(), "/deposed", query="?quorum=true") == "after", 20, "what was written meanwhile")

    @proves("R-12")
    def test_2_a_leader_without_disk_and_network_stands_down_while_a_read_waits(self):
        old, others = self.roles()
        with ThreadPoolExecutor() as pool:
            part(self.members, old)
            old.disk.order("stall sync")
            began = time.monotonic()
            write = pool.submit(call, old.endpoint(), "PUT", "/v2/keys/stalled?value=x")
            read = pool.submit(call, old.endpoint(), "GET", "/v2/keys/up?quorum=true")
            wait_for(lambda: (figures(old) or ("",))[0] not in ("", "StateLeader"), 20, "it stands down")
            self.assertLess(time.monotonic() - began, 2 * ELECTION + 0.5)  # it looks once in an election time
            wait_for(lambda: leaders(others), 20, "another leader")
            wait_for(lambda: put(others[0].endpoint(), "/not-stalled", "1"), 10, "a write")
            self.assertEqual(read.result()[0], 500)
            self.assertEqual(write.result()[0], 500)
        self.settle()
        self.assertEqual(len(leaders(self.members)), 1)

    @proves("R-55")
    def test_3_what_is_left_of_a_life_does_not_change_with_the_leader(self):
        old, others = self.roles()
        began = time.monotonic()
        born = {one: put_for(one, f"/life/{one.name}", 20) for one in self.members}
        short = put_for(old, "/short", 4)
        old.kill()
        new, = wait_for(lambda: leaders(others), 20, "another leader")
        self.assertTrue(wait_for(lambda: put(new.endpoint(), "/life-goes-on", "1"), 10, "a write"))
        for one in others:
            for node in born.values():
                now = node_of(one, node["key"])
                self.assertEqual(now["expiration"], node["expiration"])
                self.assertAlmostEqual(now["ttl"], 20 - (time.monotonic() - began), delta=ELECTION + 1)  # it is rounded up
        for one in others:
            wait_for(lambda o=one: node_of(o, short["key"]) is None, 20, "the end of the short one")
            lived = time.monotonic() - began
            self.assertGreater(lived, 4 - ELECTION)
            self.assertLess(lived, 4 + ELECTION + CLOCK_STEP)

    @proves("E152")
    def test_3b_only_what_the_leader_has_decided_ends_a_life(self):
        leader, (alone, other) = self.roles()
        part(self.members, alone)
        node = put_for(leader, "/decided", 2)
        began = time.monotonic()
        wait_for(lambda: node_of(other, "/decided"), 5, "the key on the other one")
        streams = {one: Stream(one, "/decided") for one in (leader, other)}
        ends = {one: streams[one].event() for one in streams}
        late = time.monotonic() - began - 2
        self.assertLess(late, CLOCK_STEP + 0.5)
        self.assertEqual(ends[leader]["action"], "expire")
        self.assertEqual(ends[leader], ends[other])
        # The one that is cut off has never heard of it; nor does it hear of its end until the leader's word comes.
        kept = put_for(leader, "/kept", 3)
        mend(self.members)
        wait_for(lambda: node_of(alone, "/kept"), 20, "the next key")
        self.assertIsNone(node_of(alone, "/decided"))
        stream = Stream(alone, "/kept")
        part(self.members, alone)
        wait_for(lambda: node_of(leader, "/kept") is None, 10, "its end at the leader")
        self.assertEqual(node_of(alone, "/kept")["modifiedIndex"], kept["modifiedIndex"])
        mend(self.members)
        late = stream.event()
        self.assertEqual(late["action"], "expire")
        first = json.loads(call(leader.endpoint(), "GET", f"/v2/keys/kept?wait=true&waitIndex={kept['modifiedIndex'] + 1}")[1])
        self.assertEqual(late, first)

    @proves("R-46")
    def test_4_a_receiver_that_stands_still_keeps_the_leader_from_nothing(self):
        leader, (slow, other) = self.roles()
        slow.kill()
        self.write(leader, "/large", 2 * SNAPSHOT_EVERY, LARGE)
        part(self.members, slow)
        slow.start_as_etcd(*slow.flags)
        slow.disk.order("stall sync .snap.tmp")
        mend(self.members)
        unfinished = wait_for(lambda: [name for name in os.listdir(f"{slow.dir}/state/wal") if name.endswith(".tmp")], 30,
                              "a snapshot that cannot be made durable")
        before = {one: index_of(one) for one in (leader, other)}
        self.write(leader, "/meanwhile", 3 * SNAPSHOT_EVERY, "x")
        for one in (leader, other):
            wait_for(lambda o=one: index_of(o) >= before[o] + 2 * SNAPSHOT_EVERY, 20, f"new snapshots of {one.name}")
        slow.kill()
        self.assertIn(unfinished[0], os.listdir(f"{slow.dir}/state/wal"))
        slow.disk.revoke()
        slow.start_as_etcd(*slow.flags)
        self.assertNotIn(unfinished[0], os.listdir(f"{slow.dir}/state/wal"))
        self.await_the_same(slow, leader)

    @proves("R-36")
    def test_5_one_that_dies_while_it_takes_over_a_snapshot_takes_over_the_next(self):
        for order in ("before rename .snap", "after rename .snap"):
            leader, (lost, _) = self.roles()
            lost.kill()
            self.write(leader, "/behind", 3 * SNAPSHOT_EVERY, order)
            lost.disk.order(order)
            lost.start_as_etcd(*lost.flags, await_ready=False)
            self.assertEqual(lost.await_end(30), -9)
            self.assertTrue(lost.disk.is_done())
            lost.start_as_etcd(*lost.flags)
            self.await_the_same(lost, leader)


if __name__ == "__main__":
    alone()
    main()
