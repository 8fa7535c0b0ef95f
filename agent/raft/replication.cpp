// SPDX-License-Identifier: GPL-3.0-or-later
// The log's way from leader to followers, and the commit rule (thesis 3.5, 3.6, 10.2).
#include "agent/raft/check.h"
#include "agent/raft/raft.h"

#include <algorithm>

namespace qd::raft {

namespace {

qint64 bytesOf(const std::vector<Entry> &entries)
{
    qint64 sum = 0;
    for (const Entry &entry : entries)
        sum += entry.data.size();
    return sum;
}

} // namespace

void Raft::broadcastAppend()
{
    for (auto &[id, progress] : m_progress) {
        if (id != m_config.id)
            sendAppend(id, progress, false);
    }
}

void Raft::sendAppend(NodeId to, Progress &progress, bool evenEmpty)
{
    while (!progress.isPaused(m_config.maxInflight, m_config.maxInflightBytes)) {
        const Index before = progress.next - 1;
        if (before < m_log.firstIndex() - 1) {
            sendSnapshot(to, progress);
            return;
        }
        if (progress.next > m_log.lastIndex() && !evenEmpty)
            return;
        Message m{.type = MessageType::Append, .to = to};
        m.index = before;
        m.logTerm = m_log.termAt(before);
        m.commit = m_commit;
        progress.toldCommit = m_commit;
        m.entries = m_log.slice(progress.next, m_log.lastIndex(), m_config.maxAppendBytes);
        const Index last = before + Index(m.entries.size());
        if (progress.state == Progress::State::Replicate) {
            progress.next = last + 1;
            if (!m.entries.empty())
                progress.send(last, bytesOf(m.entries));
        } else {
            progress.probeSent = true;
        }
        send(std::move(m));
        evenEmpty = false;
    }
}

/// A follower that has everything learns at once what of it is committed: whoever waits there for
/// a write need not wait for a heartbeat. To one that is sent entries it goes with them.
void Raft::tellCommit()
{
    for (auto &[id, progress] : m_progress) {
        if (id != m_config.id && progress.state == Progress::State::Replicate &&
            progress.toldCommit < m_commit && progress.next > m_log.lastIndex())
            sendAppend(id, progress, true);
    }
}

void Raft::checkProgress() const
{
    for (const auto &[id, progress] : m_progress) {
        QD_INVARIANT(
            progress.next > progress.match, "the next entry is above the matched one (R-23)");
        QD_INVARIANT(
            id == m_config.id || progress.match <= m_log.lastIndex(),
            "a follower holds nothing that its leader lacks");
    }
}

void Raft::sendSnapshot(NodeId to, Progress &progress)
{
    if (!progress.active || m_snapshot.index == 0)
        return; // it would not arrive; its next heartbeat answer starts it
    progress.becomeSnapshot(m_snapshot.index);
    Message m{.type = MessageType::Snapshot, .to = to};
    m.snapshot = m_snapshot;
    send(std::move(m));
}

void Raft::snapshotSent(NodeId to, bool ok)
{
    const auto found = m_progress.find(to);
    if (!isLeader() || found == m_progress.end() ||
        found->second.state != Progress::State::Snapshot)
        return;
    if (!ok)
        found->second.pendingSnapshot = 0;
    found->second.becomeProbe();
    // Not at once again: the answer, or the next heartbeat's, goes on.
    found->second.probeSent = true;
}

void Raft::broadcastHeartbeat()
{
    const quint64 round = m_rounds.empty() ? 0 : m_rounds.back().round;
    for (auto &[id, progress] : m_progress) {
        if (id == m_config.id)
            continue;
        Message m{.type = MessageType::Heartbeat, .to = id};
        // Never beyond what the follower is known to hold: it may not have the entry yet.
        m.commit = m_faults.commitWhatWasNotMatched ? m_commit : std::min(progress.match, m_commit);
        m.context = round;
        send(std::move(m));
    }
}

void Raft::onHeartbeat(const Message &m)
{
    if (isLeader()) {
        QD_INVARIANT(m.from == m_config.id, "there are not two leaders in one term (R-03)");
        return;
    }
    becomeFollower(m.term, m.from);
    followCommit(
        m_faults.commitWhatWasNotMatched ? std::min(m.commit, m_log.lastIndex()) : m.commit);
    answer({.type = MessageType::HeartbeatAnswer, .to = m.from, .context = m.context});
}

void Raft::onHeartbeatAnswer(const Message &m)
{
    const auto found = m_progress.find(m.from);
    if (!isLeader() || found == m_progress.end())
        return;
    Progress &progress = found->second;
    progress.active = true;
    progress.probeSent = false;
    // A full pipeline whose acknowledgements were lost gets room for one more.
    if (progress.state == Progress::State::Replicate &&
        progress.isFull(m_config.maxInflight, m_config.maxInflightBytes))
        progress.dropOldest();
    if (progress.match < m_log.lastIndex()) {
        // What was sent may be lost with a connection: ask where it stands.
        if (progress.state == Progress::State::Replicate && progress.inflight.empty() &&
            progress.next > m_log.lastIndex())
            progress.becomeProbe();
        sendAppend(m.from, progress, true);
    }
    if (m.context != 0)
        acknowledgeRound(m.from, m.context);
}

void Raft::onAppend(const Message &m)
{
    if (isLeader()) {
        QD_INVARIANT(m.from == m_config.id, "there are not two leaders in one term (R-03)");
        return;
    }
    becomeFollower(m.term, m.from);
    Message reply{.type = MessageType::AppendAnswer, .to = m.from};
    if (m.index < m_commit) { // an old message: what is committed here is right
        reply.index = m_commit;
        answer(std::move(reply));
        return;
    }
    const bool follows = m_log.matches(m.index, m.logTerm) ||
                         (m_faults.acceptGapInAppend && m.index <= m_log.lastIndex());
    if (!follows) { // also for an empty one
        const Index hint = m_log.lastNotAbove(m.index, m.logTerm);
        reply.reject = true;
        reply.index = m.index;
        reply.hintIndex = hint;
        reply.hintTerm = m_log.termAt(hint);
        answer(std::move(reply));
        return;
    }
    Index last = m.index;
    for (const Entry &entry : m.entries) {
        QD_INVARIANT(entry.index == last + 1, "an append has no gap (R-16)");
        last = entry.index;
        if (m_log.matches(entry.index, entry.term) && !m_faults.lateAppendTruncates)
            continue; // a late duplicate truncates nothing
        if (entry.index <= m_log.lastIndex()) {
            QD_INVARIANT(entry.index > m_commit, "a committed entry is never overwritten");
            m_log.truncateFrom(entry.index);
            m_handedEntries = std::min(m_handedEntries, entry.index - 1);
            if (m_faults.keepTruncatedMembership)
                m_membershipIndex = std::min(m_membershipIndex, entry.index - 1);
            else if (m_membershipIndex >= entry.index)
                findMembership(); // the change went with its entry
        }
        m_log.append(entry);
        if (entry.type == EntryType::Config)
            findMembership(); // it counts from now on, committed or not
    }
    followCommit(std::min(m.commit, last));
    reply.index = last;
    if (m_faults.acknowledgeBeforeSync)
        send(std::move(reply));
    else
        answer(std::move(reply));
}

void Raft::followCommit(Index commit)
{
    if (commit <= m_commit)
        return;
    QD_INVARIANT(commit <= m_log.lastIndex(), "only what is in the log is committed");
    m_commit = commit;
}

void Raft::onAppendAnswer(const Message &m)
{
    const auto found = m_progress.find(m.from);
    if (!isLeader() || found == m_progress.end())
        return;
    Progress &progress = found->second;
    progress.active = true;
    if (m.reject) {
        onAppendRejected(m, progress);
        return;
    }
    const bool news = m.index > progress.match;
    QD_INVARIANT(m.index <= m_log.lastIndex(), "a follower acknowledges only what was sent");
    progress.match = std::max(progress.match, m.index);
    progress.next = std::max(progress.next, progress.match + 1);
    progress.acknowledge(m.index);
    if (progress.state == Progress::State::Probe && (news || progress.match == m.index))
        progress.becomeReplicate();
    else if (
        progress.state == Progress::State::Snapshot && progress.match >= progress.pendingSnapshot)
        progress.becomeProbe();
    QD_INVARIANT(progress.next > progress.match, "the next entry is above the matched one (R-23)");
    if (news)
        advanceCommit();
    sendAppend(m.from, progress, false);
    if (m.from == m_transferTo && progress.match == m_log.lastIndex())
        send({.type = MessageType::TimeoutNow, .to = m.from});
}

void Raft::onAppendRejected(const Message &m, Progress &progress)
{
    if (progress.state == Progress::State::Snapshot || m.index <= progress.match)
        return; // an old answer
    // One rejection skips a whole term on either side.
    const Index meet = m.hintTerm > 0 ? m_log.lastNotAbove(m.hintIndex, m.hintTerm) : m.hintIndex;
    if (progress.state == Progress::State::Replicate)
        progress.becomeProbe();
    progress.next = std::max(progress.match, std::min(meet, m.index - 1)) + 1;
    progress.probeSent = false;
    sendAppend(m.from, progress, true);
}

/// Only an entry of the own term is committed by counting.
void Raft::advanceCommit()
{
    const auto match = [this](NodeId id) {
        const auto at = m_progress.find(id);
        return at == m_progress.end() ? 0 : at->second.match;
    };
    Index candidate = m_faults.ignoreOutgoingVoters
                          ? quorumIndex(Membership{m_membership.voters, {}, {}}, match)
                          : quorumIndex(m_membership, match);
    while (m_faults.quorumIsOneLess && candidate < m_log.lastIndex() &&
           decides([&](NodeId id) { return match(id) > candidate; }))
        ++candidate;
    const bool ownTerm = m_log.termAt(candidate) == m_term || m_faults.commitOlderTermByCounting;
    if (candidate <= m_commit || !ownTerm)
        return;
    for (Index index = m_commit + 1; index <= candidate; ++index)
        m_uncommittedBytes = std::max<qint64>(0, m_uncommittedBytes - m_log.at(index).data.size());
    m_commit = candidate;
}

void Raft::onSnapshot(const Message &m)
{
    becomeFollower(m.term, m.from);
    Message reply{.type = MessageType::AppendAnswer, .to = m.from};
    const SnapshotMeta &meta = m.snapshot;
    if (meta.index <= m_commit) {
        reply.index = m_commit;
    } else if (m_log.matches(meta.index, meta.term)) {
        followCommit(meta.index); // the log holds it all: nothing to install
        reply.index = m_commit;
    } else {
        m_log.resetTo(meta.index, meta.term);
        m_snapshot = meta;
        findMembership();
        m_commit = meta.index;
        m_handedCommitted = meta.index;
        m_handedEntries = meta.index;
        m_install = meta;
        reply.index = meta.index; // goes out when the installation is durable
    }
    answer(std::move(reply));
}

} // namespace qd::raft
