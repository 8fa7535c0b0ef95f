# SPDX-License-Identifier: GPL-3.0-or-later
"""Real agents without machines around them, one at a time: for stories of who belongs to a cluster."""
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from local_cluster import call
from qdtest import on_test_net, program, wait_for


class BareAgent:
    """An agent at one loopback address with the standard ports; its folders go with stop(keep=False)."""

    def __init__(self, name, address):
        self.name = name
        self.address = on_test_net(address)
        self.dir = tempfile.mkdtemp(prefix=f"qd-{name}-")
        self.process = None
        self.runs = 0
        self.before = []  # words of a command that runs it
        self.environment = {}  # variables of each of its runs
        self.context = None  # set: its clients come by https, with what is in it

    def places(self):
        return ["--state", f"{self.dir}/state", "--run", f"{self.dir}/run", "--log", f"{self.dir}/log"]

    def machine(self):
        return hashlib.md5((self.name + self.address).encode()).hexdigest()

    def setup(self):
        return [*self.places(), "--name", self.name, "--address", self.address, "--machine-id", self.machine()]

    def command(self, *words, env=None):
        """Runs quarterdeckd; its completed process."""
        return subprocess.run([program("quarterdeckd"), *words], capture_output=True, text=True, timeout=60,
                              check=False, env={**os.environ, **(env or {})})

    def must(self, *words, env=None):
        done = self.command(*words, env=env)
        if done.returncode != 0:
            raise AssertionError(f"quarterdeckd {' '.join(words)} exited {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def init(self, *more):
        self.must("init", *self.setup(), *more)
        return self

    def token(self):
        return self.must("token", *self.places(), "--address", self.address)

    def join(self, by, *more):
        self.must("join", by.token(), "--peer", by.address, *self.setup(), *more)
        return self

    def start(self, *more, env=None, await_ready=True):
        """Runs the agent; returns once it says that it is ready."""
        return self.launch(["run", *self.places(), *more], env, await_ready)

    def start_as_etcd(self, *flags, env=None, await_ready=True):
        """Runs it as etcd is called: flags alone, or variables."""
        return self.launch([*self.places(), "--machine-id", self.machine(), *flags], env, await_ready)

    def launch(self, words, env, await_ready):
        self.runs += 1
        path = f"{self.dir}/notify-{self.runs}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, open(self.log_path(), "ab") as log:
            manager.bind(path)
            manager.settimeout(0.1)
            self.process = subprocess.Popen(
                [*self.before, program("quarterdeckd"), *words], stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self.environment, **(env or {}), "NOTIFY_SOCKET": path})

            def ready():
                if self.process.poll() is not None:
                    raise AssertionError(f"{self.name} ended while starting: {self.log()[-1500:]}")
                try:
                    return manager.recv(100)
                except socket.timeout:
                    return None

            if await_ready:
                wait_for(ready, 30, f"{self.name} is ready")
        return self

    def log_path(self):
        return f"{self.dir}/agent.log"

    def log(self):
        with open(self.log_path(), encoding="utf-8") as file:
            return file.read()

    def await_end(self, seconds=20):
        """Its exit status."""
        status = self.process.wait(seconds)
        self.process = None
        return status

    def endpoint(self):
        return f"{'https' if self.context else 'http'}://{self.address}:2379"

    def healthy(self):
        try:
            return call(self.endpoint(), "GET", "/health", timeout=2, context=self.context)[0] == 200
        except OSError:
            return False

    def await_health(self, seconds=20):
        wait_for(self.healthy, seconds, f"{self.name} is healthy")
        return self

    def kill(self):
        """As a crash."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self, keep=False):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)


def founding_flags(agent, agents, authority, *more):
    """etcd's flags, by which these agents, each started with its own, make one new cluster."""
    cluster = ",".join(f"{each.name}=http://{each.address}:2380" for each in agents)
    return ["--name", agent.name, "--authority", authority, "--listen-peer-urls", f"http://{agent.address}:2380",
            "--listen-client-urls", agent.endpoint(), "--advertise-client-urls", agent.endpoint(),
            "--initial-cluster", cluster, *more]
