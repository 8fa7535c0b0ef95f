// SPDX-License-Identifier: GPL-3.0-or-later
// Linearizable reads without the log (thesis 6.4): one heartbeat round serves all that wait.
#include "agent/raft/raft.h"

namespace qd::raft {

bool Raft::ownTermCommitted() const
{
    return m_log.termAt(m_commit) == m_term;
}

void Raft::readIndex(quint64 context)
{
    if (isLeader()) {
        addRead(m_config.id, context);
    } else if (m_leader != kNobody) {
        send({.type = MessageType::ReadIndex, .to = m_leader, .context = context});
    } else {
        m_reads.push_back({context, 0});
    }
}

void Raft::onReadIndex(const Message &m)
{
    if (isLeader()) {
        addRead(m.from, m.context);
        return;
    }
    send(
        {.type = MessageType::ReadIndexAnswer, .to = m.from, .reject = true, .context = m.context});
}

void Raft::onReadIndexAnswer(const Message &m)
{
    m_reads.push_back({m.context, m.reject ? 0 : m.index});
}

void Raft::addRead(NodeId from, quint64 context)
{
    m_waitingReads.push_back({from, context});
}

/// Not before an entry of the own term is committed: until then the leader does not know how far
/// its predecessors got.
void Raft::startReadRound()
{
    if (m_waitingReads.empty() || !(ownTermCommitted() || m_faults.readBeforeOwnTermCommitted))
        return;
    ReadRound round;
    round.round = ++m_lastRound;
    round.index = m_commit;
    round.acknowledged.insert(m_config.id);
    round.askers = std::exchange(m_waitingReads, {});
    if (isConfirmed(round) || m_faults.readWithoutRound) {
        releaseRound(round);
        return;
    }
    m_rounds.push_back(std::move(round));
    broadcastHeartbeat();
}

void Raft::acknowledgeRound(NodeId from, quint64 upTo)
{
    for (ReadRound &round : m_rounds) {
        if (round.round <= upTo) // a later heartbeat was sent after the earlier round began
            round.acknowledged.insert(from);
    }
    while (!m_rounds.empty() && isConfirmed(m_rounds.front())) {
        releaseRound(m_rounds.front());
        m_rounds.pop_front();
    }
}

bool Raft::isConfirmed(const ReadRound &round) const
{
    return decides([&round](NodeId id) { return round.acknowledged.count(id) != 0; });
}

void Raft::releaseRound(const ReadRound &round)
{
    for (const auto &asker : round.askers) {
        if (asker.from == m_config.id) {
            m_reads.push_back({asker.context, round.index});
            continue;
        }
        Message m{.type = MessageType::ReadIndexAnswer, .to = asker.from};
        m.index = round.index;
        m.context = asker.context;
        send(std::move(m));
    }
}

/// The leader is gone or is this member no longer: who waits must ask again.
void Raft::refuseReads()
{
    const auto refuse = [this](const ReadRound::Asker &asker) {
        if (asker.from == m_config.id)
            m_reads.push_back({asker.context, 0});
        else
            send(
                {.type = MessageType::ReadIndexAnswer,
                 .to = asker.from,
                 .reject = true,
                 .context = asker.context});
    };
    for (const auto &asker : m_waitingReads)
        refuse(asker);
    for (const ReadRound &round : m_rounds)
        for (const auto &asker : round.askers)
            refuse(asker);
    m_waitingReads.clear();
    m_rounds.clear();
}

} // namespace qd::raft
