// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/raft.h"

#include "agent/raft/check.h"

#include <limits>

namespace qd::raft {

namespace {

tl::unexpected<Error> notLeader()
{
    return fail(code::noLeader, QStringLiteral("this member is not the leader"));
}

} // namespace

Raft::Raft(const Config &config, Restored restored, Random &random, const Faults &faults)
    : m_config(config)
    , m_random(random)
    , m_faults(faults)
    , m_term(restored.hard.term)
    , m_vote(faults.forgetVoteAtStart ? kNobody : restored.hard.vote)
    , m_log(restored.snapshot.index, restored.snapshot.term)
    , m_snapshot(std::move(restored.snapshot))
{
    for (Entry &entry : restored.entries)
        m_log.append(std::move(entry));
    findMembership(); // also a joint one
    // The commit index may be behind (it needs no sync) but never beyond the log.
    m_commit = std::min(std::max(restored.hard.commit, m_snapshot.index), m_log.lastIndex());
    m_handedCommitted = m_snapshot.index;
    m_handedEntries = m_log.lastIndex();
    m_handedHard = {m_term, m_vote, m_commit};
    resetElectionTimer();
}

void Raft::tick()
{
    if (isLeader()) {
        if (++m_sinceHeard >= m_config.electionTicks) {
            m_sinceHeard = 0;
            checkQuorum();
        }
        if (isLeader() && ++m_sinceHeartbeat >= m_config.heartbeatTicks) {
            m_sinceHeartbeat = 0;
            broadcastHeartbeat();
        }
        return;
    }
    if (++m_sinceHeard < m_electionTimeout)
        return;
    if (isPromotable())
        startPreVote();
    else
        askWhetherMember();
}

void Raft::step(const Message &m)
{
    if (stepRemoved(m) || !stepTerm(m))
        return;
    switch (m.type) {
    case MessageType::PreVote:
    case MessageType::Vote:
        return onVoteRequest(m);
    case MessageType::PreVoteAnswer:
    case MessageType::VoteAnswer:
        return onVoteAnswer(m);
    case MessageType::Append:
        return onAppend(m);
    case MessageType::AppendAnswer:
        return onAppendAnswer(m);
    case MessageType::Heartbeat:
        return onHeartbeat(m);
    case MessageType::HeartbeatAnswer:
        return onHeartbeatAnswer(m);
    case MessageType::Snapshot:
        return onSnapshot(m);
    case MessageType::ReadIndex:
        return onReadIndex(m);
    case MessageType::ReadIndexAnswer:
        return onReadIndexAnswer(m);
    case MessageType::TimeoutNow:
        if (isPromotable() && !isLeader())
            startElection(true);
        return;
    case MessageType::Hello:
    case MessageType::Removed:
        return;
    }
}

Result<Index> Raft::propose(QByteArray command)
{
    if (!isLeader() || m_transferTo != kNobody)
        return notLeader();
    const qint64 size = command.size();
    if (m_uncommittedBytes > 0 && m_uncommittedBytes + size > m_config.maxUncommittedBytes)
        return fail(
            code::limit,
            QStringLiteral("%1 bytes of writes wait for a majority already: no more are taken")
                .arg(m_uncommittedBytes));
    m_uncommittedBytes += size;
    appendOwn({m_term, m_log.lastIndex() + 1, EntryType::Command, std::move(command)});
    return m_log.lastIndex();
}

void Raft::campaign()
{
    if (isPromotable() && !isLeader())
        startElection(false);
}

void Raft::resetElectionTimer()
{
    m_sinceHeard = 0;
    const int spread = m_config.spreadTicks > 0 ? m_config.spreadTicks : m_config.electionTicks;
    m_electionTimeout = m_config.electionTicks + int(m_random.below(quint64(spread)));
}

void Raft::becomeFollower(Term term, NodeId leader)
{
    QD_INVARIANT(term >= m_term, "terms never go back");
    if (term != m_term) {
        m_term = term;
        m_vote = kNobody;
        m_votedForSelf = false;
    }
    const bool lostLeader = m_leader != leader || m_role == Role::Leader;
    m_role = Role::Follower;
    m_leader = leader;
    m_votes.clear();
    m_progress.clear();
    m_transferTo = kNobody;
    m_uncommittedBytes = 0;
    if (lostLeader)
        refuseReads();
    resetElectionTimer();
}

void Raft::becomePreCandidate()
{
    m_role = Role::PreCandidate;
    m_leader = kNobody;
    m_votes.clear(); // nothing of an earlier campaign counts
    refuseReads();
    resetElectionTimer();
}

void Raft::becomeCandidate()
{
    QD_INVARIANT(m_role != Role::Leader, "a leader does not campaign");
    m_role = Role::Candidate;
    m_leader = kNobody;
    ++m_term;
    m_vote = m_config.id;
    m_votedForSelf = true;
    m_votes.clear();
    refuseReads();
    resetElectionTimer();
}

void Raft::becomeLeader()
{
    QD_INVARIANT(m_role == Role::Candidate, "only a candidate becomes leader");
    m_role = Role::Leader;
    m_leader = m_config.id;
    m_votes.clear();
    m_sinceHeard = 0;
    m_sinceHeartbeat = 0;
    m_transferTo = kNobody;
    m_uncommittedBytes = 0;
    m_progress.clear();
    syncProgress();
    appendOwn({m_term, m_log.lastIndex() + 1, EntryType::Noop, {}});
}

void Raft::send(Message message)
{
    message.from = m_config.id;
    if (message.term == 0)
        message.term = m_term;
    m_messages.push_back(std::move(message));
}

void Raft::answer(Message message)
{
    message.from = m_config.id;
    if (message.term == 0)
        message.term = m_term;
    m_afterSync.push_back(std::move(message));
}

/// Sent with the next Ready, so that what arrives in one round goes out in one message.
void Raft::appendOwn(Entry entry)
{
    m_log.append(std::move(entry));
    if (m_faults.countOwnEntriesBeforeSync) {
        Progress &own = m_progress.at(m_config.id);
        own.match = m_log.lastIndex();
        own.next = own.match + 1;
    }
}

bool Raft::hasReady() const
{
    const bool hard = m_handedHard != HardState{m_term, m_vote, m_commit};
    return hard || m_install || m_handedEntries < m_log.lastIndex() || !m_messages.empty() ||
           !m_afterSync.empty() || !m_reads.empty() || m_handedCommitted < m_commit ||
           (isLeader() && !m_waitingReads.empty() && ownTermCommitted());
}

Ready Raft::takeReady()
{
    if (isLeader())
        settleMembership();
    if (isLeader()) {
        startReadRound();
        if (m_handedEntries < m_log.lastIndex())
            broadcastAppend();
        tellCommit();
        checkProgress();
    }
    Ready ready;
    ready.number = ++m_number;
    const HardState hard{m_term, m_vote, m_commit};
    if (hard != m_handedHard) {
        ready.hardState = hard;
        ready.mustSync = hard.term != m_handedHard.term || hard.vote != m_handedHard.vote;
        m_handedHard = hard;
    }
    ready.snapshot = std::exchange(m_install, std::nullopt);
    if (m_handedEntries < m_log.lastIndex())
        ready.entries =
            m_log.slice(m_handedEntries + 1, m_log.lastIndex(), std::numeric_limits<qint64>::max());
    m_handedEntries = m_log.lastIndex();
    ready.mustSync = ready.mustSync || ready.snapshot || !ready.entries.empty();
    ready.messages = std::exchange(m_messages, {});
    ready.afterSync = std::exchange(m_afterSync, {});
    ready.reads = std::exchange(m_reads, {});
    if (m_handedCommitted < m_commit) {
        ready.committed =
            m_log.slice(m_handedCommitted + 1, m_commit, std::numeric_limits<qint64>::max());
        m_handedCommitted = m_commit;
    }
    m_unsynced.push_back(
        {ready.number, m_term, m_log.lastIndex(), std::exchange(m_votedForSelf, false)});
    return ready;
}

void Raft::persisted(quint64 number)
{
    while (!m_unsynced.empty() && m_unsynced.front().number <= number) {
        const Unsynced done = m_unsynced.front();
        m_unsynced.pop_front();
        // what was written in an earlier term says nothing about this one.
        if (done.term != m_term)
            continue;
        if (done.vote && m_role == Role::Candidate)
            recordVote(m_config.id, true);
        if (const auto at = m_progress.find(m_config.id); isLeader() && at != m_progress.end()) {
            Progress &own = at->second;
            own.match = std::max(own.match, done.lastIndex);
            own.next = own.match + 1;
            own.active = true;
            advanceCommit();
        }
    }
}

void Raft::compact(const SnapshotMeta &meta, Index keepFrom)
{
    QD_INVARIANT(meta.index <= m_handedCommitted, "a snapshot holds only what is applied");
    if (meta.index > m_snapshot.index)
        m_snapshot = meta;
    if (keepFrom > m_log.firstIndex())
        m_log.compactTo(std::min(keepFrom - 1, meta.index));
}

Status Raft::status() const
{
    Status out;
    out.id = m_config.id;
    out.role = m_role;
    out.leader = m_leader;
    out.term = m_term;
    out.vote = m_vote;
    out.uncommittedBytes = isLeader() ? m_uncommittedBytes : 0;
    out.firstIndex = m_log.firstIndex();
    out.lastIndex = m_log.lastIndex();
    out.commit = m_commit;
    for (const auto &[id, progress] : m_progress)
        out.peers.push_back({id, progress, isLearner(m_membership, id)});
    return out;
}

} // namespace qd::raft
