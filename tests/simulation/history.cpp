// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/history.h"

#include "shared/base/crc32c.h"

namespace qd::sim {

using namespace raft;

bool Durable::holds(Index index, Term wanted) const
{
    if (index <= boundary)
        return true;
    return index <= boundary + terms.size() && terms.at(index - boundary - 1) == wanted;
}

void Durable::write(const std::vector<Entry> &entries)
{
    for (const Entry &entry : entries) {
        if (entry.index <= boundary)
            continue;
        require(entry.index <= boundary + terms.size() + 1, "what is persisted has no gap");
        terms.resize(entry.index - boundary - 1);
        terms.push_back(entry.term);
    }
}

void Durable::install(Index index)
{
    if (index <= boundary)
        return;
    terms.clear();
    boundary = index;
}

void History::leaderElected(const Raft &raft)
{
    const auto [at, fresh] = m_leaders.emplace(raft.term(), raft.id());
    require(fresh || at->second == raft.id(), "one leader in a term (R-03)");
    require(!isLearner(raft.membership(), raft.id()), "a learner never leads (R-09)");
    m_jointElections += isJoint(raft.membership()) ? 1 : 0;
    // Leader completeness: what was committed in an earlier term is in its log.
    for (Index index = m_committed.size(); index >= raft.log().firstIndex(); --index) {
        const Term term = m_committed.at(index - 1).term;
        if (term >= raft.term())
            continue; // committed by a later leader than this one
        require(
            raft.log().termAt(index) == term, "a leader's log holds every committed entry (R-13)");
    }
}

void History::committed(const Entry &entry)
{
    const quint64 digest = quint64(crc32c(entry.data)) << 8 | quint64(entry.type);
    if (entry.index <= m_committed.size()) {
        const Fact &fact = m_committed.at(entry.index - 1);
        require(
            fact.term == entry.term && fact.digest == digest, "what is committed never changes");
        return;
    }
    require(entry.index == m_committed.size() + 1, "commits have no gap");
    m_committed.push_back({entry.term, digest});
    if (entry.type != EntryType::Config)
        return;
    const auto membership = decodeMembership(entry.data);
    require(membership.has_value(), "a committed membership decodes");
    m_membership = *membership;
    ++m_changes;
}

void History::leaderCommits(const Raft &raft, Index after, const std::map<NodeId, Durable> &durable)
{
    const Log &log = raft.log();
    for (Index index = std::max(after + 1, log.firstIndex()); index <= raft.commitIndex(); ++index)
        require(
            isQuorum(
                raft.membership(),
                [&](NodeId id) { return durable.at(id).holds(index, log.termAt(index)); }),
            "what is committed is on the disks of a majority (R-15)");
}

void History::applied(Index index, quint64 stateHash)
{
    const auto [at, fresh] = m_hashes.emplace(index, stateHash);
    require(fresh || at->second == stateHash, "the same index is the same state everywhere");
}

void History::acknowledged(Index index, quint64 command)
{
    m_lastAcknowledged = std::max(m_lastAcknowledged, index);
    m_acknowledged.insert(command);
}

} // namespace qd::sim
