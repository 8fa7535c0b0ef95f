# SPDX-License-Identifier: GPL-3.0-or-later
"""One real agent without a machine around it: a cluster of one, for what the store's API alone has to show."""
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.parse
import urllib.request

from qdtest import program, wait_for


LEASE = "/v2/keys/_coreos.com/fleet/lease/engine-leader"


class SoloAgent:
    """It writes nothing of its own once it has started: without a unit engine it has no presence to keep, and another
    machine's engine is said to lead."""

    def __init__(self, base):
        octets = base.split(".")
        octets[1] = os.environ.get("QD_TEST_NET", octets[1])
        self.address = ".".join(octets)
        self.dir = tempfile.mkdtemp(prefix="qd-solo-")
        self.places = ["--state", f"{self.dir}/state", "--run", f"{self.dir}/run", "--log", f"{self.dir}/log"]
        self.process = None

    def start(self):
        machine = hashlib.md5(self.address.encode()).hexdigest()
        subprocess.run([program("quarterdeckd"), "init", *self.places, "--name", "solo", "--address", self.address,
                        "--machine-id", machine], check=True, capture_output=True, timeout=30)
        self.run()
        wait_for(lambda: '"value"' in self.read(LEASE), 20, "the engine's lease")
        lease = {"value": json.dumps({"MachineID": "0" * 32, "Version": 1_000_000})}
        request = urllib.request.Request(self.endpoint() + LEASE, urllib.parse.urlencode(lease).encode(), method="PUT")
        urllib.request.urlopen(request, timeout=5).close()
        return self

    def run(self):
        """Starts the agent on the state that it has; returns when it is ready."""
        if os.path.exists(f"{self.dir}/notify"):
            os.remove(f"{self.dir}/notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(f"{self.dir}/notify")
            manager.settimeout(30)
            with open(f"{self.dir}/agent.log", "wb") as log:
                self.process = subprocess.Popen(
                    [program("quarterdeckd"), "run", *self.places, "--presence-ttl", "3600"], stdout=log, stderr=log,
                    start_new_session=True, env={**os.environ, "NOTIFY_SOCKET": f"{self.dir}/notify"})
            manager.recv(100)

    def endpoint(self):
        return f"http://{self.address}:2379"

    def read(self, path):
        try:
            with urllib.request.urlopen(self.endpoint() + path, timeout=2) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def halt(self):
        """Ends the agent; its state stays."""
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def stop(self):
        self.halt()
        shutil.rmtree(self.dir, ignore_errors=True)
