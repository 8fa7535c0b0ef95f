// SPDX-License-Identifier: GPL-3.0-or-later
// Restarts the units whose names begin with the first argument, one after the other: the next only
// when the one before is active again. Stops at the first that does not come back.
//
//   qdctl run rolling-restart.js web@

const prefix = args[0];
if (!prefix) {
    print("usage: qdctl run rolling-restart.js PREFIX");
    exit(2);
}

const chosen = cluster.units().filter(function (unit) {
    return unit.name.startsWith(prefix) && unit.desired === "Launched";
});
print(chosen.length + " units");
chosen.forEach(function (unit) {
    const before = cluster.unit(unit.name).invocationId;
    unit.stop();
    waitUntil(function () {
        return cluster.unit(unit.name).activeState !== "active";
    }, 60, unit.name + " stopped");
    unit.start();
    waitUntil(function () {
        const now = cluster.unit(unit.name);
        return now.activeState === "active" && now.invocationId !== before;
    }, 60, unit.name + " active again");
    print(unit.name + " restarted on " + cluster.unit(unit.name).machineName);
});
