// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/cluster.h"

namespace qd::sim {

/// Damage to disks, on so few members that the others are a majority: bits that flip, writes that
/// landed elsewhere, disks that come back empty. Who finds it stays down until somebody removes it
/// from the cluster; a new machine takes its place.
class Damage {
public:
    /// `membersChange`: somebody else adds and removes members, too.
    Damage(Cluster &cluster, Random &random, bool membersChange)
        : m_cluster(cluster)
        , m_random(random)
        , m_membersChange(membersChange)
    {
    }

    /// If the others can do without its disk; whether they can. It is to be started again, or it
    /// never notices.
    bool strike(raft::NodeId id);
    /// Only what it sends to those who are far behind.
    bool spoilSnapshot(raft::NodeId id);
    /// One step of what an operator does.
    void repair();
    /// Somebody is a member still whose disk may be damaged.
    bool isAbout() const;
    /// Everybody who refused to start is out.
    bool isRepaired() const;
    const std::set<raft::NodeId> &hit() const { return m_hit; }

private:
    bool mayHit(raft::NodeId id) const;
    bool canDoWithout(const std::vector<raft::NodeId> &voters, raft::NodeId id) const;
    bool hurt(raft::NodeId id);
    bool flip(raft::NodeId id, const QString &suffix);
    void replace(SimNode &leader);

    Cluster &m_cluster;
    Random &m_random;
    bool m_membersChange;
    std::set<raft::NodeId> m_hit;
    size_t m_toReplace = 0; // went, and nobody has come for them yet
};

} // namespace qd::sim
