// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/cluster.h"

namespace qd::sim {

/// Members come, rise, go, and are exchanged several at once.
class Reshaping {
public:
    Reshaping(Cluster &cluster, Random &random)
        : m_cluster(cluster)
        , m_random(random)
    {
    }
    void change();

private:
    raft::NodeId anyOf(const std::vector<raft::NodeId> &ids);
    void exchange(SimNode &leader, const raft::Membership &now);

    Cluster &m_cluster;
    Random &m_random;
};

} // namespace qd::sim
