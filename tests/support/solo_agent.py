# SPDX-License-Identifier: GPL-3.0-or-later
"""One real agent without a machine around it: a cluster of one, for what the store's API alone has to show."""
import json
import urllib.parse
import urllib.request

from bare_agents import BareAgent
from qdtest import wait_for


LEASE = "/v2/keys/_coreos.com/fleet/lease/engine-leader"


class SoloAgent(BareAgent):
    """It writes nothing of its own once it has started: without a unit engine it has no presence to keep, and another
    machine's engine is said to lead."""

    def __init__(self, base):
        super().__init__("solo", base)

    def found(self):
        """Makes the cluster and runs its agent."""
        self.init()
        self.run()
        wait_for(lambda: '"value"' in self.read(LEASE), 20, "the engine's lease")
        lease = {"value": json.dumps({"MachineID": "0" * 32, "Version": 1_000_000})}
        request = urllib.request.Request(self.endpoint() + LEASE, urllib.parse.urlencode(lease).encode(), method="PUT")
        urllib.request.urlopen(request, timeout=5).close()
        return self

    def run(self):
        """Starts the agent on the state that it has; returns when it is ready."""
        return self.start("--presence-ttl", "3600")

    def read(self, path):
        try:
            with urllib.request.urlopen(self.endpoint() + path, timeout=2) as answer:
                return answer.read().decode()
        except OSError:
            return ""
