// SPDX-License-Identifier: GPL-3.0-or-later
// Watches the cluster and raises an alert when a node is lost, a unit fails, or either comes back.
// Runs until it is stopped.

const nodeStates = {};
const unitStates = {};

cluster.on("nodes", function (change) {
    change.rows.forEach(function (node) {
        const before = nodeStates[node.id];
        nodeStates[node.id] = node.state;
        if (before && before !== node.state)
            alert("node " + node.name + ": " + before + " -> " + node.state);
    });
});

cluster.on("units", function (change) {
    change.rows.forEach(function (unit) {
        const before = unitStates[unit.name];
        unitStates[unit.name] = unit.activeState;
        if (unit.activeState === "failed" && before !== "failed")
            alert("unit " + unit.name + " failed on " + unit.machineName);
        else if (before === "failed" && unit.activeState === "active")
            alert("unit " + unit.name + " is active again");
    });
    change.removed.forEach(function (name) { delete unitStates[name]; });
});

print("watching; stop me when you have seen enough");
