// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/cluster.h"

namespace qd::sim {

/// Those who listen: each on one member after the other, going on where it was. Each hears all that
/// happened below its key, in order, once.
class Watchers {
public:
    Watchers(Cluster &cluster, quint64 seed, const Mutant &mutant);

    void begin();
    /// Goes to another member.
    void move(size_t which);
    /// From now on everybody stands on one that is a member for good.
    void moveToVoters();
    size_t count() const { return m_watchers.size(); }
    /// Everybody has heard everything.
    bool haveHeardAll();

private:
    struct Watcher {
        QString key;
        bool recursive = false;
        quint64 next = 0; // the first index that it has not heard of; 0 = never stood
        raft::NodeId node = raft::kNobody;
        quint64 round = 0; // counts its watches: what an earlier one says comes too late
        std::unique_ptr<store::Watch> watch;
    };

    void later(size_t which);
    void stand(size_t which);
    void hear(size_t which, quint64 round, const Result<store::Event> &result);
    void lost(raft::NodeId node);
    bool concerns(const Watcher &watcher, const Fact &fact) const;

    Cluster &m_cluster;
    SeededRandom m_random;
    Mutant m_mutant;
    bool m_onVoters = false;
    std::vector<Watcher> m_watchers;
};

} // namespace qd::sim
