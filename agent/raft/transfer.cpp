// SPDX-License-Identifier: GPL-3.0-or-later
// Leadership goes to another member at once, instead of by an election time-out (thesis 3.10).
#include "agent/raft/raft.h"

namespace qd::raft {

Result<void> Raft::transferLeadership(NodeId to)
{
    if (!isLeader())
        return fail(code::noLeader, QStringLiteral("this member is not the leader"));
    m_transferTo = kNobody;
    if (to == m_config.id)
        return {};
    const auto found = m_progress.find(to);
    const QString name = QString::number(to, 16);
    if (found == m_progress.end() || !isVoter(m_membership, to))
        return fail(code::badInput, QStringLiteral("%1 has no vote and cannot lead").arg(name));
    if (!found->second.isReachable())
        return fail(code::nodeUnreachable, QStringLiteral("%1 cannot be reached").arg(name));
    m_transferTo = to;
    m_sinceHeard = 0; // it has a whole election time-out
    if (found->second.match == m_log.lastIndex())
        send({.type = MessageType::TimeoutNow, .to = to});
    else
        sendAppend(to, found->second, true);
    return {};
}

NodeId Raft::successor() const
{
    NodeId best = kNobody;
    Index furthest = 0;
    for (const auto &[id, progress] : m_progress) {
        if (id == m_config.id || !isVoter(m_membership, id) || !progress.isReachable() ||
            progress.match < furthest)
            continue;
        best = id;
        furthest = progress.match;
    }
    return best;
}

/// Of a leader that was removed: the others need not wait for an election time-out.
void Raft::stepDown()
{
    if (const NodeId next = successor(); next != kNobody)
        send({.type = MessageType::TimeoutNow, .to = next});
    becomeFollower(m_term, kNobody);
}

} // namespace qd::raft
