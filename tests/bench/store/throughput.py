# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests a second and how long the slowest hundredth takes: wrk sends, requests go to the leader."""
import json
import statistics
import subprocess
import tempfile
import urllib.request

from report import Figure
from sides import both, stop_all

KEYS = 1000
# A PUT writes 256 bytes (with the name of the field) to one of the keys; a GET reads one of them from the
# member's own memory; a quorum GET is linearizable.
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
    if method == "QGET" then return wrk.format("GET", path .. "?quorum=true") end
    return wrk.format("PUT", path, nil, "value=" .. value)
end
function done(summary, latency, requests)
    local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
              + summary.errors.timeout
    io.write(string.format('{"rate": %%f, "p50": %%f, "p99": %%f, "bad": %%d}\\n',
        summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
""" % (KEYS - 1)
WORDS = {"PUT": "PUT", "GET": "GET", "QGET": "quorum GET"}


def fill(endpoint, context=None):
    for number in range(KEYS):
        request = urllib.request.Request(f"{endpoint}/v2/keys/bench/{number}", b"value=" + b"x" * 250, method="PUT")
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            answer.read()


def run_wrk(endpoint, method, connections, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT)
        script.flush()
        run = subprocess.run(
            ["wrk", "-t", "1" if connections == 1 else "2", "-c", str(connections), "-d", f"{seconds}s", "-s",
             script.name, endpoint, "--", method], capture_output=True, text=True, check=True)
    result = json.loads(run.stdout.strip().splitlines()[-1])
    if result["bad"] or result["rate"] <= 0:
        raise SystemExit(f"{method} with {connections} connections: {result['bad']} of the answers of {endpoint} "
                         f"were errors, {result['rate']:.0f} a second were good")
    return result


def row(sides, method, connections, options):
    """Median figures of each side: name -> rate, p50, p99; measured in turn."""
    results = {side.name: [] for side in sides}
    for _ in range(options.rounds):
        for side in sides:
            results[side.name].append(run_wrk(side.endpoint(side.leader()), method, connections, options.seconds))
    return {name: {figure: statistics.median(run[figure] for run in runs) for figure in ("rate", "p50", "p99")}
            for name, runs in results.items()}


def measure(options):
    for nodes in options.nodes:
        sides = both(nodes)
        try:
            for side in sides:
                fill(side.endpoint(side.leader()))
            where = "1 node" if nodes == 1 else f"{nodes} nodes"
            for method, word in WORDS.items():
                for connections in options.connections:
                    figures = row(sides, method, connections, options)
                    by = f"{connections} connection" + ("s" if connections > 1 else "")
                    ours, etcd = figures["ours"], figures["etcd"]
                    yield Figure(f"{where}, {word}/s, {by}", ours["rate"], etcd["rate"], True)
                    yield Figure(f"{where}, {word} p50 ms, {by}", ours["p50"], etcd["p50"])
                    yield Figure(f"{where}, {word} p99 ms, {by}", ours["p99"], etcd["p99"])
        finally:
            stop_all(sides)
