// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/model/unit.h"

#include <QList>
#include <QMap>

/// The agent's round over its own machine: what should be there and what is there in, what to do
/// out. Pure (peer-contracts.md 3.6, agent).
namespace qd::fleet {

/// A unit that this machine is to have: scheduled here, or global and matching.
struct WantedUnit {
    QString hash;
    Unit::Target target = Unit::Target::Loaded;

    bool operator==(const WantedUnit &) const = default;
};

/// A unit that this machine has.
struct FoundUnit {
    QString hash;
    bool launched = false;  ///< has been started, and not stopped since, on fleet's word
    bool unloading = false; ///< its stop runs; its file goes after that

    bool operator==(const FoundUnit &) const = default;
};

struct AgentTask {
    enum Kind { Unload, Load, Reload, Stop, Start };
    Kind kind = Unload;
    QString unit; ///< empty for Reload
    QString reason;

    bool operator==(const AgentTask &other) const
    {
        return kind == other.kind && unit == other.unit;
    }
};

/// In the order of work: unload, load, one reload, stop, start. A changed text is an unload now;
/// the load follows in the round after the old one has ended. `stale`: unit files have changed
/// since the engine last read them.
QList<AgentTask> agentTasks(
    const QMap<QString, WantedUnit> &wanted, const QMap<QString, FoundUnit> &found, bool stale);

} // namespace qd::fleet
