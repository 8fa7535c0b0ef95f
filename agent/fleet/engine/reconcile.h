// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/engine/scheduler.h"
#include "shared/model/unit.h"

/// The engine's round over the whole cluster: what is there in, what to write out. Pure.
namespace qd::fleet {

/// A unit as the engine sees it.
struct PlannedUnit {
    QString name;
    Requirements need;
    Unit::Target desired = Unit::Target::Inactive;
    QString target; ///< machine id that it is scheduled to; empty = none

    bool operator==(const PlannedUnit &) const = default;
};

struct ClusterView {
    QMap<QString, Machine> machines;  ///< those whose presence stands
    QMap<QString, PlannedUnit> units; ///< by name
    QMap<QString, QString> names;     ///< machine id -> name, of lost machines too: for sentences
};

/// A change of job/<unit>/target: Assign creates it (only when there is none), Unassign removes it
/// (only while it names that machine). So two engines at once do no harm.
struct TargetWrite {
    enum Kind { Assign, Unassign };
    Kind kind = Assign;
    QString unit;
    QString machine;

    bool operator==(const TargetWrite &) const = default;
};

struct EngineRound {
    QList<TargetWrite> writes;      ///< in this order
    QMap<QString, QString> reasons; ///< unit -> sentence, for what was decided in this round
};

/// Frees what may not stay (desired inactive, machine gone, machine no longer able), then places
/// what has no machine. What can stay is never moved (F68).
EngineRound reconcile(const ClusterView &view);

/// STATE of a unit (F75): from where it is scheduled, whether that machine reports it, and which
/// machine has said that it launched it.
Unit::Target currentState(const QString &target, bool reported, const QString &launchedOn);

/// The machines that a global unit runs on, lowest id first.
QStringList machinesOf(const Requirements &global, const QMap<QString, Machine> &machines);

} // namespace qd::fleet
