// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/cluster_view.h"

#include "agent/raft/membership.h"

namespace qd::node {

namespace {

etcd::ClusterInfo::Member shown(const MemberInfo &member)
{
    etcd::ClusterInfo::Member out;
    out.id = member.id;
    out.name = member.name;
    out.peerUrls = urlsOf(member.peerEndpoints());
    out.clientUrls = urlsOf(member.clientEndpoints());
    return out;
}

} // namespace

ClusterView::ClusterView(
    const NodeIdentity &identity, const store::Replica &replica, const store::Keyspace &keyspace,
    ClusterMembership &membership, const wal::ThreadSyncRunner &syncs, const Clock &clock)
    : m_cluster(identity.cluster)
    , m_self(identity.self.id)
    , m_replica(replica)
    , m_keyspace(keyspace)
    , m_membership(membership)
    , m_syncs(syncs)
    , m_startedUs(clock.wallUs())
{
}

std::vector<etcd::ClusterInfo::Member> ClusterView::members() const
{
    std::vector<Member> out;
    const QList<MemberInfo> all = m_membership.known();
    for (const MemberInfo &member : all)
        out.push_back(shown(member));
    return out;
}

bool ClusterView::wasRemoved(quint64 id) const
{
    return raft::wasRemoved(m_replica.membership(), id);
}

void ClusterView::add(const QList<Endpoint> &peerUrls, std::function<void(Result<Member>)> done)
{
    m_membership.reserve(peerUrls, [done = std::move(done)](const Result<MemberInfo> &member) {
        done(member ? Result<Member>(shown(*member)) : fail(member.error()));
    });
}

void ClusterView::move(
    quint64 id, const QList<Endpoint> &peerUrls, std::function<void(Result<void>)> done)
{
    m_membership.move(id, peerUrls, std::move(done));
}

void ClusterView::remove(quint64 id, std::function<void(Result<void>)> done)
{
    m_membership.remove(id, std::move(done));
}

etcd::ClusterInfo::SelfStats ClusterView::selfStats() const
{
    const store::ReplicaStatus status = m_replica.status();
    SelfStats out;
    out.startedUs = m_startedUs;
    out.leaderSinceUs = status.leaderSinceUs;
    out.received = status.appendsReceived;
    out.sent = status.appendsSent;
    out.receivedRate = status.receivedRate;
    out.sentRate = status.sentRate;
    return out;
}

std::map<quint64, store::FollowerStatistics> ClusterView::followers() const
{
    return m_replica.status().followers;
}

etcd::ClusterInfo::RaftFigures ClusterView::raftFigures() const
{
    const store::ReplicaStatus status = m_replica.status();
    RaftFigures out;
    out.vote = status.raft.vote;
    out.applied = status.applied;
    out.pending = status.pending;
    out.failed = status.failed;
    out.leaderChanges = status.leaderChanges;
    out.learner = raft::isLearner(status.membership, m_self);
    out.campaigns =
        status.raft.role == raft::Role::Candidate || status.raft.role == raft::Role::PreCandidate;
    out.alarms = status.alarms.size();
    out.syncs = m_syncs.times();
    return out;
}

} // namespace qd::node
