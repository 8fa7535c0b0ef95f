// SPDX-License-Identifier: GPL-3.0-or-later
// A tour of the cluster API: looks around, writes a key, runs a unit, reads its log, tidies up.
// Its output is the same wherever and whenever it runs on a healthy cluster.

print("Nodes");
const nodes = cluster.nodes().slice().sort(function (a, b) { return a.name < b.name ? -1 : 1; });
table(nodes, ["name", "address", "state"]);

print("Consensus");
const members = waitUntil(function () {
    const all = cluster.raft();
    return all.filter(function (m) { return m.role === "Leader"; }).length === 1 && all;
}, 20, "one leader");
print(members.length + " members, one leader");

print("Store");
cluster.store.set("/tour/greeting", "hello");
print("/tour/greeting = " + cluster.store.get("/tour/greeting").value);
cluster.store.rm("/tour", { recursive: true, dir: true });
try {
    cluster.store.get("/tour/greeting");
} catch (error) {
    print("removed again");
}

print("Units");
const text = [
    "[Unit]",
    "Description=A stop of the tour",
    "[Service]",
    "ExecStart=/bin/sh -c 'echo the tour was here; exec sleep 3600'"
].join("\n") + "\n";
const unit = cluster.submit("tour.service", text);
print(unit.name + " is " + unit.desired.toLowerCase());
unit.start();
waitUntil(function () {
    return cluster.unit("tour.service").activeState === "active";
}, 30, "tour.service active");
print(unit.name + " is active");
waitUntil(function () {
    return cluster.journal("tour.service").some(function (line) {
        return line.message === "the tour was here";
    });
}, 20, "the line in the journal");
print("its log says: the tour was here");
unit.stop();
waitUntil(function () {
    return cluster.unit("tour.service").activeState !== "active";
}, 30, "tour.service stopped");
cluster.unit("tour.service").destroy();
print("tour.service is gone");
