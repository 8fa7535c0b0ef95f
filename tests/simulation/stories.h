// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/cluster.h"

/// What the tests that tell a story of one cluster begin with.
namespace qd::sim {

/// A quiet cluster with a leader and a few writes that everybody has.
inline bool settle(Cluster &cluster)
{
    for (int i = 0; i < 20; ++i) {
        if (!cluster.runUntil([&] { return cluster.write() != 0; }, 20 * cluster.electionUs()))
            return false;
    }
    return cluster.runUntil(
        [&] {
            return cluster.history().acknowledgedCommands().size() == 20 &&
                   cluster.everyoneAgrees();
        },
        20 * cluster.electionUs());
}

inline qint64 patience(const Cluster &cluster)
{
    return 20 * cluster.electionUs();
}

/// A new machine that is a learner now and has the whole log.
inline raft::NodeId addedAndCaughtUp(Cluster &cluster)
{
    const auto id = raft::NodeId(cluster.size() + 1);
    require(
        cluster.leader()->change({{raft::MembershipChange::Kind::AddLearner, id, {}}}),
        "a learner is added");
    cluster.add();
    require(
        cluster.runUntil([&] { return cluster.everyoneAgrees(); }, patience(cluster)),
        "the learner catches up");
    // The leader has heard so, too.
    cluster.run(cluster.electionUs());
    return id;
}

} // namespace qd::sim
