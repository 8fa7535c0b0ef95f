// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/membership.h"
#include "agent/wal/disk.h"

#include <map>

namespace qd::store {

/// Whether the members' disks have room for more. A line is drawn before a disk is full:
/// below it a member raises its alarm, tells the others and takes no writes as a leader. It follows
/// one whose disk has room, as long as its log finds room in what is reserved; the last of that is
/// for what consensus itself must write down. Pure.
class SpaceWatch {
public:
    /// What others have told holds for so long: they tell it again while it is true.
    static constexpr qint64 kToldMs = 3'000;

    /// What is left for this member's log, beside what the disk says.
    enum class LogRoom { Enough, Little, None };
    void look(const wal::Space &space, LogRoom room);
    void hear(raft::NodeId member, bool isCritical, qint64 nowMs)
    {
        m_told[member] = {nowMs, isCritical};
    }

    bool isLow() const { return m_low; }
    /// It takes no writes from a leader either.
    bool isCritical() const { return m_critical; }
    bool isLow(raft::NodeId member, qint64 nowMs) const;
    /// Those who have room do not decide: what a leader took now would stay undecided.
    bool isMajorityLow(const raft::Membership &membership, raft::NodeId self, qint64 nowMs) const;
    /// Not even a deletion could be decided, small as it is.
    bool
    isMajorityCritical(const raft::Membership &membership, raft::NodeId self, qint64 nowMs) const;

private:
    bool m_low = false;
    bool m_critical = false;
    struct Told {
        qint64 atMs = 0;
        bool isCritical = false;
    };
    std::map<raft::NodeId, Told> m_told;
};

} // namespace qd::store
