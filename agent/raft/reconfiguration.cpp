// SPDX-License-Identifier: GPL-3.0-or-later
// Who belongs to the cluster, and how that changes: joint consensus (Raft paper, section 6), one
// change at a time. A membership counts from the moment when it stands in a member's log.
#include "agent/raft/check.h"
#include "agent/raft/raft.h"

#include <tuple>

namespace qd::raft {

/// The newest membership in the log up to there; without one, the snapshot's.
std::pair<Index, Membership> Raft::membershipUpTo(Index last) const
{
    for (Index at = last; at >= m_log.firstIndex(); --at) {
        const Entry &entry = m_log.at(at);
        if (entry.type != EntryType::Config)
            continue;
        auto membership = decodeMembership(entry.data);
        QD_INVARIANT(membership.has_value(), "a membership in the log decodes");
        return {at, std::move(*membership)};
    }
    return {m_snapshot.index, m_snapshot.membership};
}

void Raft::findMembership()
{
    std::tie(m_membershipIndex, m_membership) = membershipUpTo(m_log.lastIndex());
}

void Raft::appendMembership(const Membership &membership)
{
    appendOwn({m_term, m_log.lastIndex() + 1, EntryType::Config, encodeMembership(membership)});
    m_membership = membership;
    m_membershipIndex = m_log.lastIndex();
    syncProgress();
}

Result<Index> Raft::proposeMembership(const std::vector<MembershipChange> &changes)
{
    if (!isLeader() || m_transferTo != kNobody)
        return fail(code::noLeader, QStringLiteral("this member is not the leader"));
    if (!ownTermCommitted())
        return fail(code::conflict, QStringLiteral("the leader has not yet committed in its term"));
    if (m_membershipIndex > m_commit || isJoint(m_membership))
        return fail(code::conflict, QStringLiteral("another membership change is under way"));
    const auto after = changed(m_membership, changes);
    if (!after)
        return fail(after.error());
    if (const auto may = mayChange(changes, *after); !may)
        return fail(may.error());
    appendMembership(*after);
    return m_log.lastIndex();
}

/// A change must not stop the cluster: those who vote afterwards must be there, and hold the log.
Result<void>
Raft::mayChange(const std::vector<MembershipChange> &changes, const Membership &after) const
{
    for (const MembershipChange &change : changes) {
        if (change.kind != MembershipChange::Kind::Promote)
            continue;
        const Progress &progress = m_progress.at(change.id);
        if (!progress.isReachable() || progress.state != Progress::State::Replicate ||
            progress.match == 0)
            return fail(
                code::conflict, QStringLiteral("%1 has not caught up with the log yet")
                                    .arg(QString::number(change.id, 16)));
    }
    const auto isThere = [this](NodeId id) {
        const auto at = m_progress.find(id);
        return id == m_config.id || (at != m_progress.end() && at->second.isReachable());
    };
    if (!isJoint(after) || isQuorum(after, isThere))
        return {};
    const auto there = std::count_if(after.voters.begin(), after.voters.end(), isThere);
    return fail(
        kQuorumLost,
        QStringLiteral(
            "the cluster would be left without a majority: of the %1 that would vote, %2 can be "
            "reached")
            .arg(after.voters.size())
            .arg(there));
}

/// The leader goes on with a change whose membership is committed: it leaves a joint one, forgets
/// those who are gone, and goes itself when it is one of them.
void Raft::settleMembership()
{
    const bool early = m_faults.leaveJointBeforeCommit && isJoint(m_membership);
    if (!early && (m_membershipIndex > m_commit || !ownTermCommitted()))
        return;
    if (isJoint(m_membership)) {
        appendMembership(settled(m_membership));
        return;
    }
    const bool someoneLeft = std::any_of(m_progress.begin(), m_progress.end(), [this](auto &item) {
        return !isMember(m_membership, item.first);
    });
    if (someoneLeft) {
        for (auto &[id, progress] : m_progress) {
            if (id != m_config.id)
                sendAppend(id, progress, true); // a last word: their removal is committed
        }
        std::erase_if(
            m_progress, [this](const auto &item) { return !isMember(m_membership, item.first); });
    }
    if (!isVoter(m_membership, m_config.id))
        stepDown();
}

/// One progress for each member. Those who were members stay until their removal is committed, so
/// that they hear of it.
void Raft::syncProgress()
{
    std::vector<NodeId> members = allVoters(m_membership);
    members.insert(members.end(), m_membership.learners.begin(), m_membership.learners.end());
    for (const NodeId id : members) {
        Progress fresh;
        fresh.next = m_log.lastIndex() + 1;
        fresh.active = true; // gets one election time-out to answer
        m_progress.emplace(id, fresh);
    }
}

bool Raft::isRemoved() const
{
    return m_toldRemoved ||
           (m_membershipIndex <= m_commit && wasRemoved(m_membership, m_config.id));
}

bool Raft::isPromotable() const
{
    if (m_install || isRemoved())
        return false;
    if (isVoter(m_membership, m_config.id))
        return true;
    // Its removal may not be committed: then nobody else might be able to win (thesis 4.2.2).
    return m_membershipIndex > m_commit &&
           isVoter(membershipUpTo(m_membershipIndex - 1).second, m_config.id);
}

/// One who was removed has no say, and is told so. True: the message is dealt with.
bool Raft::stepRemoved(const Message &m)
{
    if (m.type == MessageType::Removed) {
        m_toldRemoved = true;
        becomeFollower(m_term, kNobody);
        return true;
    }
    // A removed leader's last word is meant for its successor.
    const bool hasNoSay = m_membershipIndex <= m_commit && wasRemoved(m_membership, m.from) &&
                          m.type != MessageType::TimeoutNow;
    if (!hasNoSay)
        return m.type == MessageType::Hello;
    const bool asks = m.type == MessageType::PreVote || m.type == MessageType::Vote ||
                      m.type == MessageType::Hello || m.type == MessageType::Append ||
                      m.type == MessageType::Heartbeat || m.type == MessageType::ReadIndex;
    if (asks)
        send({.type = MessageType::Removed, .to = m.from});
    return true;
}

/// A member without a vote has no other way to learn that it is a member no more.
void Raft::askWhetherMember()
{
    becomeFollower(m_term, kNobody);
    if (isRemoved())
        return;
    for (const NodeId id : allVoters(m_membership)) {
        if (id != m_config.id)
            send({.type = MessageType::Hello, .to = id});
    }
}

} // namespace qd::raft
