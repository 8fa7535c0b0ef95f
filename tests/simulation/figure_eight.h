// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/cluster.h"

namespace qd::sim {

/// Plays figure 8 of the Raft paper with whoever leads: an entry stays on a minority, another
/// leader rises without it and falls, the entry spreads in a third term, and then the second leader
/// comes back. Each step waits for what it needs, and gives up after a while.
class FigureEight {
public:
    FigureEight(Cluster &cluster, Random &random)
        : m_cluster(cluster)
        , m_random(random)
    {
    }

    bool isPlaying() const { return m_step != nullptr; }
    /// Needs five members that are up, and a leader.
    void begin();
    void end() { m_step = nullptr; }

private:
    using Step = bool (FigureEight::*)(); // true: done, the next one has been chosen
    void next(Step step);
    void look(quint64 round);
    bool rivalRises();
    bool oldReturns();
    bool entrySpreads();
    bool rivalReturns();
    raft::Term lastTermOf(raft::NodeId id);
    void alone(raft::NodeId id);

    Cluster &m_cluster;
    Random &m_random;
    Step m_step = nullptr;
    quint64 m_round = 0;
    qint64 m_deadline = 0;
    raft::NodeId m_old = raft::kNobody;    // leads first and third
    raft::NodeId m_friend = raft::kNobody; // has heard the entry
    raft::NodeId m_rival = raft::kNobody;  // leads in between
    raft::Index m_index = 0;
    raft::Term m_term = 0;
};

} // namespace qd::sim
