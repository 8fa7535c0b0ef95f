// SPDX-License-Identifier: GPL-3.0-or-later
// Terms, votes, and the checks that keep a leader honest (thesis 3.4, 4.2.3, 6.2, 9.6).
#include "agent/raft/check.h"
#include "agent/raft/raft.h"

#include <tuple>

namespace qd::raft {

/// The rule about terms that comes before everything else. False: the message is dealt with.
bool Raft::stepTerm(const Message &m)
{
    if (m.term > m_term) {
        const bool asksForVote = m.type == MessageType::Vote || m.type == MessageType::PreVote;
        if (asksForVote && mayIgnoreVote(m))
            return false;
        // A pre-vote never changes a term, nor does a granted answer to one.
        if (m.type == MessageType::PreVote || (m.type == MessageType::PreVoteAnswer && !m.reject))
            return true;
        const bool fromLeader = m.type == MessageType::Append || m.type == MessageType::Heartbeat ||
                                m.type == MessageType::Snapshot;
        becomeFollower(m.term, fromLeader ? m.from : kNobody);
        return true;
    }
    if (m.term == m_term)
        return true;
    // An older term. A deposed leader, or a member that came back, must learn of the new one
    //
    if (m.type == MessageType::Append || m.type == MessageType::Heartbeat)
        answer({.type = MessageType::AppendAnswer, .to = m.from});
    else if (m.type == MessageType::PreVote)
        answer({.type = MessageType::PreVoteAnswer, .to = m.from, .reject = true});
    return false;
}

/// A member that heard its leader within the least election time-out keeps it.
bool Raft::mayIgnoreVote(const Message &m) const
{
    const bool leaseHolds = m_leader != kNobody && m_sinceHeard < m_config.electionTicks;
    return leaseHolds && !m.transfer;
}

void Raft::startPreVote()
{
    becomePreCandidate();
    if (decides([this](NodeId id) { return id == m_config.id; })) {
        startElection(false);
        return;
    }
    recordVote(m_config.id, true);
    askForVotes(MessageType::PreVote, m_term + 1, false);
}

void Raft::startElection(bool transfer)
{
    becomeCandidate();
    askForVotes(MessageType::Vote, m_term, transfer);
}

void Raft::askForVotes(MessageType type, Term term, bool transfer)
{
    for (const NodeId id : allVoters(m_membership)) {
        if (id == m_config.id)
            continue;
        Message m{.type = type, .to = id, .term = term};
        m.index = m_log.lastIndex();
        m.logTerm = m_log.lastTerm();
        m.transfer = transfer;
        // A candidate's own term and vote are durable before anybody hears of them.
        if (type == MessageType::Vote)
            answer(std::move(m));
        else
            send(std::move(m));
    }
}

/// Of two members that ask for pre-votes at the same moment one must give way, or both would stand
/// in the same term, each with its own vote, and another election time-out would pass. Which one
/// does not matter for safety: a pre-vote binds nobody.
bool Raft::outranks(const Message &m) const
{
    return std::tuple(m_log.lastTerm(), m_log.lastIndex(), m_config.id) >
           std::tuple(m.logTerm, m.index, m.from);
}

void Raft::onVoteRequest(const Message &m)
{
    const bool pre = m.type == MessageType::PreVote;
    // the same candidate may ask again, its answer may have been lost.
    const bool free = m_faults.voteTwice || m_vote == m.from ||
                      (m_vote == kNobody && m_leader == kNobody) || (pre && m.term > m_term);
    const bool complete = m_faults.voteForShorterLog || m_log.isUpToDate(m.index, m.logTerm);
    Message reply{.type = pre ? MessageType::PreVoteAnswer : MessageType::VoteAnswer, .to = m.from};
    // Only just now: one that has been asking in vain for a while must not keep the others away.
    const bool askedToo =
        pre && m_role == Role::PreCandidate && m_sinceHeard < m_config.heartbeatTicks;
    reply.reject = !(free && complete) || (askedToo && outranks(m));
    // A granted pre-vote speaks of the term that the asker would have.
    reply.term = pre && !reply.reject ? m.term : m_term;
    if (askedToo && !reply.reject)
        becomeFollower(m_term, kNobody); // it goes first: two campaigns at once would both fail
    if (!pre && !reply.reject) {
        m_vote = m.from;
        resetElectionTimer();
        if (m_faults.answerVoteBeforeSync) {
            send(std::move(reply));
            return;
        }
    }
    answer(std::move(reply));
}

void Raft::onVoteAnswer(const Message &m)
{
    const bool pre = m.type == MessageType::PreVoteAnswer;
    if (m_role != (pre ? Role::PreCandidate : Role::Candidate))
        return;
    if (pre && !m.reject && m.term != m_term + 1)
        return;
    recordVote(m.from, !m.reject);
}

void Raft::recordVote(NodeId from, bool granted)
{
    if (!isVoter(m_membership, from))
        return;
    m_votes.emplace(from, granted);
    const auto said = [this](NodeId id, bool vote) {
        const auto at = m_votes.find(id);
        return at != m_votes.end() && at->second == vote;
    };
    if (decides([&](NodeId id) { return said(id, true); })) {
        if (m_role == Role::PreCandidate)
            startElection(false);
        else
            becomeLeader();
    } else if (!decides([&](NodeId id) { return !said(id, false); })) {
        becomeFollower(m_term, kNobody); // no majority is left to be won
    }
}

/// Once an election time-out: a leader that a majority has not answered is none any more.
void Raft::checkQuorum()
{
    const bool heard = decides([this](NodeId id) {
        const auto at = m_progress.find(id);
        return id == m_config.id || (at != m_progress.end() && at->second.active);
    });
    for (auto &[id, progress] : m_progress)
        progress.wasActive = std::exchange(progress.active, false);
    m_transferTo = kNobody; // a transfer that did not happen within an election time-out is off
    if (!heard)
        becomeFollower(m_term, kNobody);
}

} // namespace qd::raft
