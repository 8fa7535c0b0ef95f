// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/control/interfaces.h"
#include "agent/node/membership.h"
#include "agent/store/statistics.h"
#include "agent/wal/posix_disk.h"

namespace qd::node {

/// What a member's row in the collection `raft` says.
RaftStatus
rowOf(const store::ReplicaStatus &status, const MemberInfo &self, const QList<MemberInfo> &members);

/// This member's own row, with the mean time of its syncs and what was done to
/// its store over the last second.
class RaftWindow final : public QObject, public control::RaftView {
    Q_OBJECT
public:
    RaftWindow(
        const NodeIdentity &identity, const store::Replica &replica,
        const ClusterMembership &membership, wal::ThreadSyncRunner &syncs);
    RaftStatus status() const override;
    /// Where the store's statistics are, once they are anywhere.
    void setStatistics(std::function<store::Statistics()> statistics);

private:
    void measure();

    MemberInfo m_self;
    const store::Replica &m_replica;
    const ClusterMembership &m_membership;
    wal::ThreadSyncRunner &m_syncs;
    QTimer m_timer;
    DurationHistogram m_before;
    double m_syncMs = 0;
    std::function<store::Statistics()> m_statistics;
    store::Statistics m_statisticsBefore;
    QList<StoreOperation> m_operations;
};

} // namespace qd::node
