// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/cluster_info.h"
#include "agent/store/replica/keyspace.h"
#include "agent/store/replica/local_store.h"
#include "agent/wal/posix_disk.h"

#include <QObject>
#include <QTimer>

namespace qd::test {

/// The real store of a cluster of one, on a real disk, wired to Qt's event loop as an agent does
/// it.
class SingleStore final : public etcd::ClusterInfo, public etcd::MemberChanges {
public:
    explicit SingleStore(const QString &folder)
        : m_disk(std::move(*wal::PosixDisk::open(folder)))
        , m_syncs([this](std::function<void()> what) {
            QMetaObject::invokeMethod(&m_context, std::move(what), Qt::QueuedConnection);
        })
        , m_keyspace([this](std::function<void()> what) { m_replica->defer(std::move(what)); })
    {
        store::ReplicaOptions options;
        options.raft.id = kId;
        options.identity = {kCluster, kId};
        options.initial.voters = {kId};
        m_replica = std::make_unique<store::Replica>(
            options, store::ReplicaWorld{
                         m_clock,
                         m_random,
                         *m_disk,
                         m_syncs,
                         m_syncs,
                         m_peers,
                         m_keyspace,
                         [this] {
                             QMetaObject::invokeMethod(
                                 &m_context, [this] { m_replica->pump(); }, Qt::QueuedConnection);
                         },
                         [](const Error &error) { qFatal("%s", qPrintable(error.text())); },
                         {}});
        m_store = std::make_unique<store::LocalStore>(*m_replica);
        if (const auto started = m_replica->start(); !started)
            qFatal("%s", qPrintable(started.error().text()));
        QObject::connect(&m_ticks, &QTimer::timeout, &m_context, [this] { m_replica->tick(); });
        m_ticks.start(100);
        m_replica->campaign();
    }

    store::LocalStore &store() { return *m_store; }
    store::Keyspace &keyspace() { return m_keyspace; }

    quint64 clusterId() const override { return kCluster; }
    quint64 self() const override { return kId; }
    quint64 leader() const override
    {
        return m_leaderKnown ? m_replica->status().raft.leader : raft::kNobody;
    }
    qint64 leaderlessMs() const override { return m_leaderlessMs; }
    quint64 raftTerm() const override { return m_replica->term(); }
    quint64 raftIndex() const override { return m_replica->applied(); }
    quint64 storeIndex() const override { return m_keyspace.index(); }
    std::vector<Member> members() const override
    {
        return {
            {kId, QStringLiteral("one"), {QStringLiteral("https://127.0.0.1:2380")}, {clientUrl}}};
    }
    bool wasRemoved(quint64 id) const override { return id == 0xdead; }
    void add(const QList<Endpoint> &peerUrls, std::function<void(Result<Member>)> done) override
    {
        m_replica->defer([done = std::move(done), peerUrls] {
            if (peerUrls.first().port == 2380)
                return done(
                    fail(etcd::kPeerUrlExists, QStringLiteral("membership: peerURL exists")));
            done(Member{0x2f, {}, urlsOf(peerUrls), {}});
        });
    }
    void
    move(quint64, const QList<Endpoint> &peerUrls, std::function<void(Result<void>)> done) override
    {
        m_replica->defer([done = std::move(done), peerUrls] {
            done(
                peerUrls.first().port == 2380
                    ? fail(etcd::kPeerUrlExists, QStringLiteral("membership: peerURL exists"))
                    : Result<void>());
        });
    }
    void remove(quint64, std::function<void(Result<void>)> done) override
    {
        m_replica->defer([done = std::move(done), ok = removable] {
            done(
                ok ? Result<void>() : fail(code::conflict, QStringLiteral("no one would be left")));
        });
    }
    SelfStats selfStats() const override { return {1'000'000, 2'500'000, 0, 0, {}, {}}; }
    std::map<quint64, store::FollowerStatistics> followers() const override { return {}; }
    RaftFigures raftFigures() const override
    {
        RaftFigures out;
        out.syncs = m_syncs.times();
        return out;
    }
    store::Statistics storeStatistics() const override { return m_keyspace.statistics(); }

    /// For the answers of a member that knows no leader.
    void setLeaderlessMs(qint64 ms) { m_leaderlessMs = ms; }
    void forgetLeader(bool forgotten) { m_leaderKnown = !forgotten; }
    bool removable = false; ///< for the answers to a removal
    QString clientUrl = QStringLiteral("http://127.0.0.1:2379");

private:
    static constexpr quint64 kId = 0x1f;
    static constexpr quint64 kCluster = 0xabcdef;

    struct NoPeers final : store::PeerTransport {
        void send(raft::NodeId, store::PeerKind, const QByteArray &) override {}
        void
        sendSnapshot(const raft::Message &, const QByteArray &, std::function<void(bool)>) override
        {
        }
    };

    QObject m_context;
    SystemClock m_clock;
    SystemRandom m_random;
    std::unique_ptr<wal::PosixDisk> m_disk;
    wal::ThreadSyncRunner m_syncs;
    NoPeers m_peers;
    store::Keyspace m_keyspace;
    std::unique_ptr<store::Replica> m_replica;
    std::unique_ptr<store::LocalStore> m_store;
    bool m_leaderKnown = true;
    qint64 m_leaderlessMs = 0;
    QTimer m_ticks;
};

} // namespace qd::test
