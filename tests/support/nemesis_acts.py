# SPDX-License-Identifier: GPL-3.0-or-later
"""What a nemesis may do to members of a cluster. Each act goes from the fault to its end, and waits for what shows that it
was one: an act that returns has happened."""
import os
import signal
import threading
from collections import Counter

from local_cluster import call
from qdtest import wait_for
from wires import leaders, mend, part

FAILED = 1  # how an agent ends that cannot go on


class Acts:
    """`members` have a wire (wires.py), a bad disk (bad_disk.py) and a small one (small_disk.py)."""

    # Name and how often it is chosen.
    WEIGHTS = {"kill": 44, "kill_two": 6, "kill_all": 4, "stop": 4, "freeze": 8, "isolate": 8, "silence": 5, "deafen": 5,
               "unplug": 4, "fill_one": 4, "fill_all": 2, "fail_sync": 6}

    def __init__(self, members, chance):
        self.members = members
        self.chance = chance
        self.happened = Counter()
        self.kills = 0
        self.last = []

    def names(self, count):
        """Each act in turn; in a longer run then as chance will have it."""
        names = list(self.WEIGHTS)
        self.chance.shuffle(names)
        more = max(0, count - len(names))
        return (names + self.chance.choices(list(self.WEIGHTS), self.WEIGHTS.values(), k=more))[:count]

    def do(self, name):
        self.last = (self.last + [name])[-5:]
        getattr(self, name)()
        self.happened[name] += 1

    def state(self):
        """What was done last and how the members are, for who has to find out."""
        return f"after {self.last}\n" + "\n".join(f"{one.name}: exit {one.process and one.process.poll()}, health {self.health(one)}\n"
                         f"{one.log()[-1500:]}" for one in self.members)

    def pause(self, least, most):
        """Faults need their time: nothing is awaited here but the clock."""
        threading.Event().wait(self.chance.uniform(least, most))

    def victim(self):
        """More often than not the leader; and whether it is."""
        now = leaders(self.members)
        one = now[0] if now and self.chance.random() < 0.6 else self.chance.choice(self.members)
        return one, one in now

    def await_another_leader(self, old):
        wait_for(lambda: [one for one in leaders(self.members) if one is not old], 20, f"a leader that is not {old.name}")

    def kill_these(self, victims):
        for one in victims:
            one.kill()
            self.kills += 1
        self.pause(0, 1)
        for one in victims:
            self.start(one)

    def start(self, one):
        one.start_as_etcd(*one.flags, await_ready=False)

    def kill(self):
        self.kill_these([self.victim()[0]])

    def kill_two(self):
        """Nobody can write then."""
        spared = self.chance.choice(self.members)
        self.kill_these([one for one in self.members if one is not spared])

    def kill_all(self):
        self.kill_these(self.members)

    def stop(self):
        """In good order: it hands over and ends with 0."""
        one, _ = self.victim()
        one.await_health(60)  # one that has just been killed is still on its way up
        one.process.terminate()
        status = one.await_end()
        if status != 0:
            raise AssertionError(f"{one.name} was told to stop and exited {status}")
        self.start(one)

    def freeze(self):
        one, _ = self.victim()
        one.process.send_signal(signal.SIGSTOP)
        try:
            self.pause(0.5, 3)
        finally:
            one.process.send_signal(signal.SIGCONT)

    def isolate(self):
        """Its clients still reach it: they must not be told what is no longer true."""
        one, leads = self.victim()
        part(self.members, one)
        self.away(one, leads)

    def silence(self):
        """The others do not hear it; it hears them."""
        one, leads = self.victim()
        one.wire.send_nothing_to([other.address for other in self.members if other is not one])
        self.away(one, leads)

    def deafen(self):
        """It does not hear the others; they hear it."""
        one, leads = self.victim()
        for other in self.members:
            if other is not one:
                other.wire.send_nothing_to([one.address])
        self.away(one, leads)

    def unplug(self):
        """From its clients, too."""
        one, leads = self.victim()
        one.wire.put_into("two")
        self.away(one, leads)

    def away(self, one, was_leader):
        try:
            if was_leader:
                self.await_another_leader(one)
            self.pause(0, 2)
        finally:
            mend(self.members)

    def fill_one(self):
        self.fill([self.victim()[0]])

    def fill_all(self):
        self.fill(self.members)

    def fill(self, victims):
        """Full until it is noticed, and then some time."""
        try:
            for one in victims:
                one.small_disk.fill()
            for one in victims:
                wait_for(lambda o=one: self.is_noticed(o), 20, f"the alarm of {one.name}")
            self.pause(0, 1)
        finally:
            for one in victims:
                one.small_disk.empty()
        for one in victims:
            wait_for(lambda o=one: self.health(o) == 200, 30, f"no alarm of {one.name}")

    def is_noticed(self, one):
        """What the member gives back meanwhile, old segments and snapshots, is taken too."""
        one.small_disk.fill()
        return self.health(one) == 503

    @staticmethod
    def health(one):
        try:
            return call(one.endpoint(), "GET", "/health", timeout=2)[0]
        except OSError:
            return 0

    def fail_sync(self):
        """One sync fails, and what it should have kept is gone: the agent must end, and learn it again from the disk."""
        one, _ = self.victim()
        said = os.path.getsize(one.log_path())
        one.bad_disk.order("fail sync")
        status = one.await_end(20)
        with open(one.log_path(), encoding="utf-8") as log:
            log.seek(said)
            last = log.read()
        if status != FAILED or "cannot sync" not in last or not one.bad_disk.is_done():
            raise AssertionError(f"{one.name} exited {status} after a failed sync: {last[-1000:]}")
        self.start(one)
