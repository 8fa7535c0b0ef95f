// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/history.h"

#include "shared/base/crc32c.h"
#include "tests/simulation/witness.h"

#include <QtEndian>

namespace qd::sim {

using namespace raft;

namespace {

/// Of an encoded command (agent/store/command.cpp).
quint64 requestOf(const Entry &entry)
{
    constexpr qsizetype kAt = 4;
    return entry.type == EntryType::Command && entry.data.size() >= kAt + 8
               ? qFromLittleEndian<quint64>(entry.data.data() + kAt)
               : 0;
}

} // namespace

void History::leaderElected(const Raft &raft)
{
    const auto [at, fresh] = m_leaders.emplace(raft.term(), raft.id());
    require(fresh || at->second == raft.id(), "one leader in a term (R-03)");
    require(!isLearner(raft.membership(), raft.id()), "a learner never leads (R-09)");
    count(Sometimes::Election);
    if (m_parcels > 0)
        count(Sometimes::SnapshotUnderWayAtElection);
    if (isJoint(raft.membership()))
        count(Sometimes::ElectionWhileJoint);
    // Leader completeness: what was committed in an earlier term is in its log. One that has been
    // elected late knows nothing of what a later one has committed since.
    for (Index index = m_commits.size(); index >= raft.log().firstIndex(); --index) {
        const Commit &commit = m_commits.at(index - 1);
        if (commit.leader < raft.term())
            require(
                raft.log().termAt(index) == commit.entry,
                "a leader's log holds every committed entry (R-13)");
    }
}

void History::committed(const Entry &entry)
{
    const quint64 digest = quint64(crc32c(entry.data)) << 8 | quint64(entry.type);
    if (entry.index <= m_committed.size()) {
        const Committed &known = m_committed.at(entry.index - 1);
        require(
            known.term == entry.term && known.digest == digest, "what is committed never changes");
        return;
    }
    require(entry.index == m_committed.size() + 1, "commits have no gap");
    m_committed.push_back({entry.term, digest});
    if (const quint64 request = requestOf(entry);
        request != 0 && !m_requests.insert(request).second)
        count(Sometimes::RequestSentTwice);
    if (entry.type != EntryType::Config)
        return;
    const auto membership = decodeMembership(entry.data);
    require(membership.has_value(), "a committed membership decodes");
    noteMembership(*membership);
}

void History::noteMembership(const Membership &now)
{
    count(Sometimes::MembershipChange);
    if (now.learners.size() > m_membership.learners.size())
        count(Sometimes::LearnerAdded);
    if (!m_leaders.empty() && wasRemoved(now, m_leaders.rbegin()->second) &&
        !wasRemoved(m_membership, m_leaders.rbegin()->second))
        count(Sometimes::LeaderRemoved);
    m_membership = now;
}

void History::leaderCommits(
    const Raft &raft, Index after, const std::map<NodeId, const Witness *> &disks)
{
    const Log &log = raft.log();
    for (Index index = std::max(after + 1, log.firstIndex()); index <= raft.commitIndex();
         ++index) {
        if (index == m_commits.size() + 1)
            m_commits.push_back({log.termAt(index), raft.term()});
        require(index <= m_commits.size(), "leaders' commits have no gap");
        require(
            isQuorum(
                raft.membership(),
                [&](NodeId id) { return disks.at(id)->holds(index, log.termAt(index)); }),
            "what is committed is on the disks of a majority (R-15)");
    }
}

void History::applied(Index index, quint64 stateHash)
{
    if (index >= m_hashes.size())
        m_hashes.resize(index + 64);
    quint64 &known = m_hashes[index];
    require(known == 0 || known == stateHash, "the same index is the same state everywhere");
    known = stateHash;
}

void History::looksLike(quint64 stateHash, quint32 crc)
{
    const auto [at, fresh] = m_looks.emplace(stateHash, crc);
    require(fresh || at->second == crc, "the same history gives the same bytes");
}

void History::happened(
    quint64 before, quint64 after, const store::Command &command,
    const Result<store::Event> &outcome)
{
    require(before <= m_facts.size(), "the index of the keyspace has no gap");
    if (after <= before) {
        if (!outcome && outcome.error().code == store::etcdErrorCode(101))
            count(Sometimes::CompareFailed);
        return;
    }
    if (after <= m_facts.size())
        return; // another member was first; that they agree is seen by the hash
    if (command.type == store::CommandType::Sync) {
        for (; m_facts.size() < after; count(Sometimes::KeyExpired))
            m_facts.push_back({{}, {}, true, false, QStringLiteral("expire")});
        return;
    }
    require(outcome && after == before + 1, "a write moves the index by one");
    const store::Node &node = outcome->node;
    const bool gone = command.write.kind == store::WriteRequest::Kind::Delete;
    const QByteArray &value = command.write.value;
    require(
        value.isEmpty() || m_values.insert(value).second,
        "a write is applied once, however often it was sent (R-33)");
    m_facts.push_back(
        {node.key, gone ? QByteArray() : node.value, gone, node.dir, outcome->action});
    if (gone && node.dir)
        count(Sometimes::FolderRemoved);
}

} // namespace qd::sim
