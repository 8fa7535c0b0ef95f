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
    quint64 answered = 0;  ///< calls of clients
    quint64 undecided = 0; ///< keys whose history was too hard to check
    Counters counters{};
    qint64 virtualUs = 0;
};

/// So many seeds bring about every situation that is counted; fewer may miss one.
inline constexpr quint64 kSeedsForAllSituations = 1'000;

/// One random history: faults of every kind first, and everything that must never happen is looked
/// for; then all faults end, and within 20 election times there is one leader, equal state
/// everywhere, every acknowledged write, and a fresh one.
Outcome runSeed(quint64 seed, const Mutant &mutant = {});

} // namespace qd::sim
