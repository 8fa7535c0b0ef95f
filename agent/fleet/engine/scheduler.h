// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/engine/requirements.h"

/// Where a workload goes: pure, one decision (F2, F34 to F39, F76; peer-contracts.md 3.6).
namespace qd::fleet {

struct Machine {
    QString id;
    QString name; ///< for sentences
    QMap<QString, QString> metadata;

    bool operator==(const Machine &) const = default;
};

struct Workload {
    QString name;
    Requirements need;
};

/// The machines that are there, and what is placed on each.
struct Snapshot {
    QMap<QString, Machine> machines;                   ///< by id
    QMap<QString, QMap<QString, Requirements>> placed; ///< machine id -> unit -> what it asks

    qsizetype load(const QString &machineId) const;
    /// How a person calls the machine: its name, else the short form of its id.
    QString nameOf(const QString &machineId) const;
};

struct Choice {
    QString node;                   ///< machine id; empty: none is able
    QString sentence;               ///< for a person: why there, or why nowhere
    QMap<QString, QString> reasons; ///< machine id -> why not (all of them when `node` is empty)
    QStringList displaced;          ///< units on `node` that have to go elsewhere (Replaces)
};

/// Why the machine may not run the workload, in fleet's words; empty when it may. It does not
/// matter whether the workload is there already.
QString obstacle(const Workload &workload, const QString &machineId, const Snapshot &snapshot);

/// The able machine with the fewest units, ties to the lowest id.
Choice schedule(const Workload &workload, const Snapshot &snapshot);

/// Whether the machine has the metadata that is asked for.
bool hasMetadata(const Machine &machine, const Requirements &need);

} // namespace qd::fleet
