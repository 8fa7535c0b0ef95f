// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/reshaping.h"

namespace qd::sim {

using namespace raft;
using Kind = MembershipChange::Kind;

namespace {

constexpr size_t kMostMembers = 8;

} // namespace

NodeId Reshaping::anyOf(const std::vector<NodeId> &ids)
{
    return ids.empty() ? kNobody : ids.at(m_random.below(ids.size()));
}

void Reshaping::change()
{
    SimNode *const leader = m_cluster.leader();
    if (leader == nullptr || leader->isPaused())
        return;
    const Membership now = leader->raft().membership();
    switch (m_random.below(5)) {
    case 0:
    case 1:
        if (now.voters.size() + now.learners.size() < kMostMembers &&
            leader->change({{Kind::AddLearner, NodeId(m_cluster.size() + 1), {}}}))
            m_cluster.add();
        return;
    case 2:
        leader->change({{Kind::Promote, anyOf(now.learners), {}}});
        return;
    case 3:
        leader->change(
            {{Kind::Remove, anyOf(m_random.below(4) == 0 ? now.learners : now.voters), {}}});
        return;
    default:
        exchange(*leader, now);
    }
}

void Reshaping::exchange(SimNode &leader, const Membership &now)
{
    std::vector<MembershipChange> changes;
    for (size_t i = 0; i < std::min(now.learners.size(), now.voters.size()); ++i) {
        changes.push_back({Kind::Promote, now.learners.at(i), {}});
        changes.push_back({Kind::Remove, now.voters.at(i), {}});
    }
    if (!changes.empty())
        leader.change(changes);
}

} // namespace qd::sim
