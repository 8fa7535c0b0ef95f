// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/raft.h"
#include "tests/simulation/sim_disk.h"

#include <deque>

namespace qd::sim {

/// What one member's disk holds for sure, whatever happens: read off the records that went to the
/// disk, and independent of what the log itself believes to be durable.
class Witness final : public DiskWitness {
public:
    void logWritten(quint64 sequence, QByteArrayView records) override;
    void logSynced(quint64 upTo) override;

    raft::Term term() const { return m_term; }
    raft::NodeId vote() const { return m_vote; }
    raft::Index boundary() const { return m_boundary; }
    raft::Index lastIndex() const { return m_boundary + m_terms.size(); }
    raft::Term termAt(raft::Index index) const { return m_terms.at(index - m_boundary - 1); }
    bool holds(raft::Index index, raft::Term term) const;
    /// No write is under way that may take its place.
    bool isSure(raft::Index index) const;
    void powerFails();
    /// A member came up again: nothing is gone that was there for sure.
    void check(const raft::Raft &raft) const;
    /// The power had failed, and this is what was left.
    void found(const raft::Raft &raft);

private:
    struct Record {
        enum class Kind { Entry, Hard, Marker };
        Kind kind = Kind::Entry;
        quint64 sequence = 0;
        raft::Index index = 0;
        raft::Term term = 0;
        raft::NodeId vote = raft::kNobody;
    };
    void keep(const Record &record);

    raft::Index m_boundary = 0; // a snapshot holds everything up to here
    std::vector<raft::Term> m_terms;
    raft::Term m_term = 0;
    raft::NodeId m_vote = raft::kNobody;
    std::deque<Record> m_underWay;
    std::vector<Record> m_perhaps; // were under way when the power failed
};

} // namespace qd::sim
