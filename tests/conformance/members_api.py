# SPDX-License-Identifier: GPL-3.0-or-later
"""/v2/members and etcdctl's commands for members, on real nodes."""
import json
import time

from local_cluster import LocalCluster, call, etcdctl, get, put
from qdtest import Case, main, proves, wait_for


def send(endpoint, method, path):
    """Status and decoded body (None: empty)."""
    status, body = call(endpoint, method, path)
    return status, json.loads(body) if body.startswith("{") else None


def members(endpoint):
    return {each["name"]: each for each in send(endpoint, "GET", "/v2/members")[1]["members"]}


class MembersApi(Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = LocalCluster(4, "127.0.0.121").start()
        cls.addClassCleanup(cls.cluster.stop)
        wait_for(lambda: len(members(cls.cluster.endpoint(1))) == 4, 20, "four members")

    @proves("E84", "E131")
    def test_1_members_are_listed_alike_everywhere_and_by_etcdctl(self):
        leader = self.cluster.await_leader()
        listed = send(self.cluster.endpoint(leader), "GET", "/v2/members")[1]
        for number in range(1, 5):
            self.assertEqual(send(self.cluster.endpoint(number), "GET", "/v2/members")[1], listed)
        self.assertEqual(send(self.cluster.endpoint(1), "GET", "/v2/members/leader")[1]["name"], f"node-{leader}")
        lines = etcdctl(self.cluster.endpoint(1), "member", "list").stdout.splitlines()
        wanted = [f"{each['id']}: name={each['name']} peerURLs={','.join(each['peerURLs'])} "
                  f"clientURLs={','.join(each['clientURLs'])} isLeader={str(each['name'] == f'node-{leader}').lower()}"
                  for each in listed["members"]]
        self.assertEqual(sorted(lines), sorted(wanted))

    @proves("E133")
    def test_2_a_member_is_deleted_by_id_and_never_returns(self):
        cluster = self.cluster
        leader = cluster.await_leader()
        gone = next(number for number in (4, 3, 2) if number != leader)
        asked = cluster.endpoint(next(number for number in (1, 2, 3) if number not in (leader, gone)))
        member = members(asked)[f"node-{gone}"]["id"]
        self.assertEqual(send(asked, "DELETE", "/v2/members/1234"), (404, {"message": "No such member: 1234"}))
        self.assertEqual(send(asked, "DELETE", f"/v2/members/{member}"), (204, None))
        wait_for(lambda: f"node-{gone}" not in members(asked), 5, "the list without it")
        wait_for(lambda: send(asked, "DELETE", f"/v2/members/{member}") ==
                 (410, {"message": f"Member permanently removed: {member}"}), 5, "its id is known as gone")
        self.assertTrue(put(asked, "/left", "three"))
        type(self).gone = gone

    @proves("E90", "E91")
    def test_3_etcdctl_removes_the_leader_and_another_leads(self):
        cluster = self.cluster
        leader = cluster.await_leader()
        left = [number for number in range(1, 5) if number not in (leader, self.gone)]
        endpoint = cluster.endpoint(left[0])
        member = members(endpoint)[f"node-{leader}"]["id"]
        began = time.monotonic()
        removed = etcdctl(endpoint, "member", "remove", member)
        self.assertEqual((removed.returncode, removed.stdout), (0, f"Removed member {member} from cluster\n"))
        wait_for(lambda: put(endpoint, "/left", "two", timeout=2), 5, "a write on those who are left")
        self.assertLess(time.monotonic() - began, 5)
        wait_for(lambda: set(members(endpoint)) == {f"node-{number}" for number in left}, 5, "two members")
        self.assertEqual(get(cluster.endpoint(left[1]), "/left", query="?quorum=true"), "two")
        again = etcdctl(endpoint, "member", "remove", "node-9")
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("Couldn't find a member in the cluster with an ID of node-9.", again.stdout + again.stderr)


if __name__ == "__main__":
    main()
