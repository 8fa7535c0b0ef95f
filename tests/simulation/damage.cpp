// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/damage.h"

namespace qd::sim {

using namespace raft;
using Kind = MembershipChange::Kind;

namespace {

/// Of a cluster whose members change meanwhile, one disk: a removal may be under way that nobody
/// has heard of yet.
constexpr size_t kLeastWhileChanging = 4;

} // namespace

/// A learner counts as the voter that it may be by the time when it matters.
bool Damage::mayHit(NodeId id) const
{
    const Membership &now = m_cluster.history().membership();
    if (m_hit.count(id) != 0 || isJoint(now) || !isMember(now, id))
        return false;
    if (m_membersChange)
        return !isAbout() && now.voters.size() >= kLeastWhileChanging;
    std::vector<NodeId> all = now.voters;
    all.insert(all.end(), now.learners.begin(), now.learners.end());
    return canDoWithout(now.voters, id) && canDoWithout(all, id);
}

bool Damage::canDoWithout(const std::vector<NodeId> &voters, NodeId id) const
{
    const auto isHurt = [&](NodeId each) { return each == id || m_hit.count(each) != 0; };
    const auto hurt = std::count_if(voters.begin(), voters.end(), isHurt);
    return voters.size() - size_t(hurt) > voters.size() / 2;
}

bool Damage::hurt(NodeId id)
{
    SimDisk &disk = m_cluster.node(id).disk();
    switch (m_random.below(7)) {
    case 0:
        m_cluster.crash(id);
        disk.empty();
        m_cluster.history().count(Sometimes::DiskEmptied);
        return true;
    case 1:
    case 2:
    case 3:
        if (!disk.misdirectSomeWrite(m_random))
            return false;
        m_cluster.history().count(Sometimes::WriteMisdirected);
        return true;
    case 4:
        return flip(id, QStringLiteral(".snap"));
    default:
        return flip(id, QStringLiteral(".wal"));
    }
}

bool Damage::flip(NodeId id, const QString &suffix)
{
    if (!m_cluster.node(id).disk().flipSomeBit(m_random, suffix))
        return false;
    m_cluster.history().count(Sometimes::BitFlipped);
    return true;
}

bool Damage::strike(NodeId id)
{
    if (!mayHit(id) || !hurt(id))
        return false;
    m_hit.insert(id);
    return true;
}

bool Damage::spoilSnapshot(NodeId id)
{
    QString newest;
    const auto files = m_cluster.node(id).disk().list();
    for (const QString &file : *files)
        newest = file.endsWith(QStringLiteral(".snap")) ? std::max(newest, file) : newest;
    if (newest.isEmpty() || !mayHit(id) || !flip(id, newest))
        return false;
    m_hit.insert(id);
    return true;
}

void Damage::repair()
{
    SimNode *const leader = m_cluster.leader();
    if (leader == nullptr || leader->isPaused() || isJoint(leader->raft().membership()))
        return;
    for (const NodeId id : m_hit) {
        if (!m_cluster.isRuined(id) || !isMember(leader->raft().membership(), id))
            continue;
        if (leader->change({{Kind::Remove, id, {}}}))
            ++m_toReplace;
        return;
    }
    if (!m_membersChange)
        replace(*leader);
}

void Damage::replace(SimNode &leader)
{
    const Membership now = leader.raft().membership();
    if (!now.learners.empty()) {
        if (leader.change({{Kind::Promote, now.learners.front(), {}}}))
            m_cluster.history().count(Sometimes::MemberReplaced);
        return;
    }
    const auto next = NodeId(m_cluster.size() + 1);
    if (m_toReplace == 0 || !leader.change({{Kind::AddLearner, next, {}}}))
        return;
    --m_toReplace;
    m_cluster.add();
}

bool Damage::isAbout() const
{
    const Membership &now = m_cluster.history().membership();
    return std::any_of(m_hit.begin(), m_hit.end(), [&](NodeId id) { return isMember(now, id); });
}

bool Damage::isRepaired() const
{
    const Membership &now = m_cluster.history().membership();
    return std::none_of(m_hit.begin(), m_hit.end(), [&](NodeId id) {
        return m_cluster.isRuined(id) && isMember(now, id);
    });
}

} // namespace qd::sim
