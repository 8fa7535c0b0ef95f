// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/raft_view.h"

#include "agent/node/store_figures.h"
#include "agent/raft/membership.h"

namespace qd::node {

namespace {

constexpr int kMeasureMs = 1'000;

qd::Node::Role roleOf(const store::ReplicaStatus &status)
{
    switch (status.raft.role) {
    case raft::Role::Leader:
        return qd::Node::Role::Leader;
    case raft::Role::PreCandidate:
    case raft::Role::Candidate:
        return qd::Node::Role::Candidate;
    case raft::Role::Follower:
        break;
    }
    return raft::isVoter(status.membership, status.raft.id) ? qd::Node::Role::Follower
                                                            : qd::Node::Role::Learner;
}

QString optionalId(raft::NodeId id)
{
    return id == raft::kNobody ? QString() : idText(id);
}

/// One that has not joined yet has only its place.
QString nameOf(const MemberInfo &member)
{
    return member.name.isEmpty() ? member.peerUrls.value(0).url() : member.name;
}

QString stateText(raft::Progress::State state)
{
    switch (state) {
    case raft::Progress::State::Probe:
        return QStringLiteral("probe");
    case raft::Progress::State::Replicate:
        return QStringLiteral("replicate");
    case raft::Progress::State::Snapshot:
        return QStringLiteral("snapshot");
    }
    return {};
}

} // namespace

RaftStatus
rowOf(const store::ReplicaStatus &status, const MemberInfo &self, const QList<MemberInfo> &members)
{
    RaftStatus row;
    row.nodeId = self.machineId;
    row.nodeName = self.name;
    row.raftId = idText(self.id);
    row.role = roleOf(status);
    row.leader = optionalId(status.raft.leader);
    row.vote = optionalId(status.raft.vote);
    row.term = qint64(status.raft.term);
    row.firstIndex = qint64(status.raft.firstIndex);
    row.lastIndex = qint64(status.raft.lastIndex);
    row.commitIndex = qint64(status.raft.commit);
    row.appliedIndex = qint64(status.applied);
    row.proposalsPerSecond = double(status.proposalsLastSecond);
    for (const raft::PeerStatus &peer : status.raft.peers) {
        if (peer.id == self.id)
            continue;
        RaftPeer shown;
        shown.raftId = idText(peer.id);
        for (const MemberInfo &member : members) {
            if (member.id == peer.id)
                shown.name = nameOf(member);
        }
        shown.state = stateText(peer.progress.state);
        shown.matchIndex = qint64(peer.progress.match);
        shown.nextIndex = qint64(peer.progress.next);
        shown.learner = peer.learner;
        shown.active = peer.progress.isReachable();
        shown.inflight = int(peer.progress.inflight.size());
        shown.inflightBytes = peer.progress.inflightBytes;
        if (const auto at = status.shipments.find(peer.id); at != status.shipments.end()) {
            shown.snapshotSent = at->second.arrived;
            shown.snapshotBytes = at->second.total;
        }
        row.peers.append(shown);
    }
    row.alarms = status.alarms;
    for (Alarm &alarm : row.alarms) {
        for (const MemberInfo &member : members) {
            if (alarm.member == idText(member.id))
                alarm.name = nameOf(member);
        }
    }
    return row;
}

RaftWindow::RaftWindow(
    const NodeIdentity &identity, const store::Replica &replica,
    const ClusterMembership &membership, wal::ThreadSyncRunner &syncs)
    : m_self(identity.self)
    , m_replica(replica)
    , m_membership(membership)
    , m_syncs(syncs)
{
    m_timer.setInterval(kMeasureMs);
    connect(&m_timer, &QTimer::timeout, this, &RaftWindow::measure);
    m_timer.start();
}

void RaftWindow::measure()
{
    const DurationHistogram now = m_syncs.times();
    const quint64 count = now.count - m_before.count;
    const qint64 us = now.totalUs - m_before.totalUs;
    m_syncMs = count > 0 ? double(us) / double(count) / 1'000 : 0;
    m_before = now;
    if (!m_statistics)
        return;
    const store::Statistics done = m_statistics();
    m_operations = operationsOf(done, m_statisticsBefore, kMeasureMs / 1'000.0);
    m_statisticsBefore = done;
}

void RaftWindow::setStatistics(std::function<store::Statistics()> statistics)
{
    m_statistics = std::move(statistics);
    m_statisticsBefore = m_statistics();
}

RaftStatus RaftWindow::status() const
{
    RaftStatus row = rowOf(m_replica.status(), m_self, m_membership.known());
    row.syncMs = m_syncMs;
    row.operations = m_operations;
    row.watchers = qint64(m_statisticsBefore.watchers);
    return row;
}

} // namespace qd::node
