// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace qd::node {

/// Where a node keeps things. Every absolute path goes through here, so that two nodes run in one
/// process in a test (architecture.md 3, 10).
struct NodePaths {
    QString state = QStringLiteral("/var/lib/quarterdeck");
    QString run = QStringLiteral("/run/quarterdeck");
    QString log = QStringLiteral("/var/log");

    QString wal() const { return state + QStringLiteral("/wal"); } ///< log and snapshots
    QString pki() const { return state + QStringLiteral("/pki"); }
    QString identity() const { return state + QStringLiteral("/identity.json"); }
    QString bootId() const { return state + QStringLiteral("/boot_id"); }
    QString lock() const { return state + QStringLiteral("/lock"); }
    QString unitBus() const { return run + QStringLiteral("/unitd.sock"); }
    QString fleetUnits() const { return run + QStringLiteral("/fleet/units"); }
    QString journal() const { return log + QStringLiteral("/journal"); }
};

} // namespace qd::node
