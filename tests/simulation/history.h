// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/raft.h"
#include "agent/store/command.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/violation.h"

#include <map>
#include <set>
#include <unordered_set>
#include <vector>

namespace qd::sim {

class Witness;

/// What happened to the keyspace at one of its indexes.
struct Fact {
    QString key;      ///< empty: something below /t expired
    QByteArray value; ///< of a key that is there afterwards
    bool gone = false;
    bool folder = false;
    QString action;
};

/// Everything that must stay true about all members together, over all of time (Raft figure 3, and
/// anchors-engines.md 1.8).
class History {
public:
    // consensus
    void leaderElected(const raft::Raft &raft);
    void found(const raft::Membership &membership) { m_membership = membership; }
    void committed(const raft::Entry &entry);
    /// A leader counts everything up to there as committed. `disks` are those of all members by id.
    void leaderCommits(
        const raft::Raft &raft, raft::Index after,
        const std::map<raft::NodeId, const Witness *> &disks);

    // the keyspace
    void applied(raft::Index index, quint64 stateHash);
    /// Members whose states have the same hash show the same bytes.
    void looksLike(quint64 stateHash, quint32 crc);
    /// One member applied a command; its keyspace went from the one index to the other.
    void happened(
        quint64 before, quint64 after, const store::Command &command,
        const Result<store::Event> &outcome);
    quint64 lastFact() const { return m_facts.size(); }
    const Fact &factAt(quint64 index) const { return m_facts.at(index - 1); }

    // what clients were told
    void acknowledged(quint64 command) { m_acknowledged.insert(command); }
    const std::set<quint64> &acknowledgedCommands() const { return m_acknowledged; }

    raft::Index lastCommitted() const { return m_committed.size(); }
    raft::Term lastTerm() const { return m_leaders.empty() ? 0 : m_leaders.rbegin()->first; }
    /// The newest that is committed.
    const raft::Membership &membership() const { return m_membership; }

    void leadershipMoved()
    {
        count(Sometimes::LeadershipMoved);
        if (m_parcels > 0)
            count(Sometimes::LeadershipMovedWhileShipping);
    }
    void parcels(int more) { m_parcels += more; }
    void count(Sometimes what) { ++m_counters[size_t(what)]; }
    const Counters &counters() const { return m_counters; }

private:
    void noteMembership(const raft::Membership &now);
    struct Committed {
        raft::Term term = 0;
        quint64 digest = 0;
    };
    std::map<raft::Term, raft::NodeId> m_leaders;
    std::vector<Committed> m_committed; // [i] is index i + 1
    struct Commit {
        raft::Term entry = 0;
        raft::Term leader = 0; ///< in whose term it was committed
    };
    std::vector<Commit> m_commits; // [i] is index i + 1
    std::unordered_set<quint64> m_requests;
    std::vector<quint64> m_hashes; // [i] is index i; 0 = nothing was applied there
    std::map<quint64, quint32> m_looks;
    std::vector<Fact> m_facts; // [i] is index i + 1 of the keyspace
    std::unordered_set<QByteArray> m_values;
    std::set<quint64> m_acknowledged;
    raft::Membership m_membership;
    int m_parcels = 0; ///< snapshots under way
    Counters m_counters{};
};

} // namespace qd::sim
