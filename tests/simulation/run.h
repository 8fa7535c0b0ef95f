// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/cluster.h"

#include <QString>

namespace qd::sim {

/// What became of one seed.
struct Outcome {
    QString violation; ///< empty: everything held
    quint64 events = 0;
    quint64 traceHash = 0;
    quint64 elections = 0;
    quint64 acknowledged = 0;
    quint64 deaths = 0;
    quint64 membershipChanges = 0;
    quint64 jointElections = 0; ///< while a joint membership was in the leader's log
    quint64 jointStarts = 0;    ///< of members with a joint membership in their log
    qint64 virtualUs = 0;
};

/// One random history: faults of every kind first, and everything that must never happen is looked
/// for; then all faults end, and within 20 election times there is one leader, equal state
/// everywhere, every acknowledged write, and a fresh one.
Outcome runSeed(quint64 seed, const raft::Faults &mutant = {});

/// The defects that the simulator must find; nothing for an unknown name.
std::optional<raft::Faults> mutantByName(const QString &name);
QStringList mutantNames();

} // namespace qd::sim
