// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/cluster_info.h"
#include "agent/node/membership.h"
#include "agent/store/replica/keyspace.h"
#include "agent/wal/posix_disk.h"

namespace qd::node {

/// The cluster as etcd's API tells of it, and the changes that it may make.
class ClusterView final : public etcd::ClusterInfo, public etcd::MemberChanges {
public:
    ClusterView(
        const NodeIdentity &identity, const store::Replica &replica,
        const store::Keyspace &keyspace, ClusterMembership &membership,
        const wal::ThreadSyncRunner &syncs, const Clock &clock);

    quint64 clusterId() const override { return m_cluster; }
    quint64 self() const override { return m_self; }
    quint64 leader() const override { return m_replica.leader(); }
    qint64 leaderlessMs() const override { return m_replica.leaderlessMs(); }
    quint64 raftTerm() const override { return m_replica.term(); }
    quint64 raftIndex() const override { return m_replica.committed(); }
    quint64 storeIndex() const override { return m_keyspace.index(); }
    std::vector<Member> members() const override;
    bool wasRemoved(quint64 id) const override;
    SelfStats selfStats() const override;
    std::map<quint64, store::FollowerStatistics> followers() const override;
    RaftFigures raftFigures() const override;
    void add(const QList<Endpoint> &peerUrls, std::function<void(Result<Member>)> done) override;
    void move(quint64 id, const QList<Endpoint> &peerUrls, std::function<void(Result<void>)> done)
        override;
    void remove(quint64 id, std::function<void(Result<void>)> done) override;
    store::Statistics storeStatistics() const override { return m_keyspace.statistics(); }

private:
    quint64 m_cluster;
    quint64 m_self;
    const store::Replica &m_replica;
    const store::Keyspace &m_keyspace;
    ClusterMembership &m_membership;
    const wal::ThreadSyncRunner &m_syncs;
    qint64 m_startedUs;
};

} // namespace qd::node
