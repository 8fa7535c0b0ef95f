#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our store beside Debian's etcd: PUT/s, GET/s and p99 at 1, 64 and 256 connections, 1 node and 3 nodes.

Both run on this machine at the same time, each with its own data on the same disk and every sync on; they are
measured in turn, never together, and the ratio of a pair counts, not its figures. wrk sends; requests go to the
leader; a PUT writes 256 bytes to one of 1,000 keys, a GET reads one of them from the member's own memory.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("QD_BUILD_DIR", os.path.join(SOURCE, "build", "release"))
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from etcd_oracle import EtcdOracle, healthy  # noqa: E402
from local_cluster import LocalCluster  # noqa: E402
from qdtest import wait_for  # noqa: E402

KEYS = 1000
SCRIPT = """
local value = string.rep("x", 250)
local thread = 0
function setup(t) t:set("number", thread) thread = thread + 1 end
function init(args)
    method = args[1]
    math.randomseed(number + 1)
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end
function request()
    local path = "/v2/keys/bench/" .. math.random(0, %d)
    if method == "GET" then return wrk.format("GET", path) end
    return wrk.format("PUT", path, nil, "value=" .. value)
end
function done(summary, latency, requests)
    local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
              + summary.errors.timeout
    io.write(string.format('{"rate": %%f, "p50": %%f, "p99": %%f, "bad": %%d}\\n',
        summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
""" % (KEYS - 1)


class Ours:
    """The agents of a local cluster."""

    def __init__(self, nodes):
        self.cluster = LocalCluster(nodes, "127.0.0.81")

    def start(self):
        self.cluster.start()
        for address in self.cluster.addresses:
            wait_for(lambda a=address: healthy(f"http://{a}:2379"), 30, f"the agent on {address} is healthy")

    def endpoint(self):
        for address in self.cluster.addresses:
            with urllib.request.urlopen(f"http://{address}:2379/v2/stats/self", timeout=2) as answer:
                if b"StateLeader" in answer.read():
                    return f"http://{address}:2379"
        raise RuntimeError("our cluster has no leader")

    def stop(self):
        self.cluster.stop()


class Theirs:
    """Debian's etcd."""

    def __init__(self, nodes):
        self.oracle = EtcdOracle("127.0.0.91", nodes)

    def start(self):
        self.oracle.start()

    def endpoint(self):
        return self.oracle.endpoint(self.oracle.leader())

    def stop(self):
        self.oracle.stop()


def fill(endpoint):
    for number in range(KEYS):
        request = urllib.request.Request(f"{endpoint}/v2/keys/bench/{number}", b"value=" + b"x" * 250, method="PUT")
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


def measure(script, endpoint, method, connections, seconds):
    run = subprocess.run(
        ["wrk", "-t", "1" if connections == 1 else "2", "-c", str(connections), "-d", f"{seconds}s", "-s", script,
         endpoint, "--", method], capture_output=True, text=True, check=True)
    result = json.loads(run.stdout.strip().splitlines()[-1])
    if result["bad"] or result["rate"] <= 0:
        raise SystemExit(f"{method} with {connections} connections: {result['bad']} of the answers of {endpoint} "
                         f"were errors, {result['rate']:.0f} a second were good")
    return result


def disk():
    """What the disk does alone: appended blocks of 4 KiB, each made durable; the median in microseconds."""
    with tempfile.NamedTemporaryFile(prefix="qd-sync-") as file:
        os.posix_fallocate(file.fileno(), 0, 8 << 20)
        os.fsync(file.fileno())
        times = []
        for number in range(1000):
            os.pwrite(file.fileno(), b"d" * 4096, number * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1e6)
        return statistics.median(times)


def compare(options, nodes, script):
    sides = {"ours": Ours(nodes), "etcd": Theirs(nodes)}
    rows = []
    try:
        for side in sides.values():
            side.start()
            fill(side.endpoint())
        for method in ("PUT", "GET"):
            for connections in options.connections:
                results = {name: [] for name in sides}
                for _ in range(options.rounds):
                    for name, side in sides.items():
                        results[name].append(measure(script, side.endpoint(), method, connections, options.seconds))
                row = {"nodes": nodes, "method": method, "connections": connections}
                for name, runs in results.items():
                    for figure in ("rate", "p50", "p99"):
                        row[f"{name}_{figure}"] = statistics.median(run[figure] for run in runs)
                rows.append(row)
                show(row)
    finally:
        for side in sides.values():
            side.stop()
    return rows


def show(row):
    print(f"{row['nodes']:>5} {row['method']:>4} {row['connections']:>5}  "
          f"{row['ours_rate']:>9,.0f} {row['etcd_rate']:>9,.0f} {row['ours_rate'] / row['etcd_rate']:>6.2f}x  "
          f"{row['ours_p50']:>7.2f} {row['etcd_p50']:>7.2f}  {row['ours_p99']:>7.2f} {row['etcd_p99']:>7.2f} "
          f"{row['etcd_p99'] / max(row['ours_p99'], 0.001):>6.2f}x", flush=True)


def numbers(text):
    return [int(word) for word in text.split(",")]


def main():
    parser = argparse.ArgumentParser(prog="./qd bench store", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="length of one run (3)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side, in turn; the median counts (3)")
    parser.add_argument("--connections", type=numbers, default=[1, 64, 256], help="1,64,256")
    parser.add_argument("--nodes", type=numbers, default=[1, 3], help="sizes of the clusters (1,3)")
    parser.add_argument("--json", help="write the figures to this file too")
    options = parser.parse_args()
    # Whoever stops the bench leaves no cluster behind.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    print(f"one fdatasync of 4 KiB: {disk():.0f} us (median of 1,000); "
          f"{options.seconds} s a run, median of {options.rounds}; load {os.getloadavg()[0]:.1f}")
    print("nodes   op conns   ours 1/s  etcd 1/s  ratio   p50 ms    etcd   p99 ms    etcd  ratio")
    rows = []
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT)
        script.flush()
        for nodes in options.nodes:
            rows += compare(options, nodes, script.name)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
