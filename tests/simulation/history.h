// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/raft.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace qd::sim {

/// Thrown when something happened that must not happen.
struct Violation {
    std::string what;
};

inline void require(bool condition, const char *what)
{
    if (!condition) [[unlikely]]
        throw Violation{what};
}

/// What one member has on its disk for sure: the model beside the production log.
struct Durable {
    raft::Index boundary = 0; ///< a snapshot holds everything up to here
    std::vector<raft::Term> terms;
    raft::Term term = 0;
    raft::NodeId vote = raft::kNobody;
    /// The first index of each write of entries that is on its way to the disk: from there on a
    /// crash may leave the old entries or the new ones.
    std::deque<raft::Index> underWay;

    bool isSure(raft::Index index) const
    {
        return std::none_of(underWay.begin(), underWay.end(), [index](raft::Index first) {
            return first <= index;
        });
    }
    bool holds(raft::Index index, raft::Term term) const;
    void write(const std::vector<raft::Entry> &entries);
    void install(raft::Index index);
};

/// Everything that must stay true about all members together, over all of time (Raft figure 3, and
/// anchors-engines.md 1.8).
class History {
public:
    void leaderElected(const raft::Raft &raft);
    void found(const raft::Membership &membership) { m_membership = membership; }
    void committed(const raft::Entry &entry);
    /// A leader counts everything up to there as committed. `durable` are the disks of all members
    /// by id.
    void leaderCommits(
        const raft::Raft &raft, raft::Index after, const std::map<raft::NodeId, Durable> &durable);
    void applied(raft::Index index, quint64 stateHash);
    void acknowledged(raft::Index index, quint64 command);

    raft::Index lastCommitted() const { return m_committed.size(); }
    raft::Index lastAcknowledged() const { return m_lastAcknowledged; }
    const std::set<quint64> &acknowledgedCommands() const { return m_acknowledged; }
    raft::Term lastTerm() const { return m_leaders.empty() ? 0 : m_leaders.rbegin()->first; }
    size_t elections() const { return m_leaders.size(); }
    /// The newest that is committed.
    const raft::Membership &membership() const { return m_membership; }
    quint64 membershipChanges() const { return m_changes; }
    quint64 electionsWhileJoint() const { return m_jointElections; }

private:
    struct Fact {
        raft::Term term = 0;
        quint64 digest = 0;
    };
    std::map<raft::Term, raft::NodeId> m_leaders;
    std::vector<Fact> m_committed; // [i] is index i + 1
    std::map<raft::Index, quint64> m_hashes;
    std::set<quint64> m_acknowledged;
    raft::Index m_lastAcknowledged = 0;
    raft::Membership m_membership;
    quint64 m_changes = 0;
    quint64 m_jointElections = 0;
};

} // namespace qd::sim
