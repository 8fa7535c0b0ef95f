// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/services.h"
#include "agent/node/state_lock.h"
#include "agent/peer/network.h"
#include "agent/store/replica/local_store.h"
#include "agent/wal/posix_disk.h"
#include "shared/base/random.h"

#include <QTimer>

namespace qd::node {

/// The agent put together: one thread owns consensus, the tree and the sockets; another one syncs
/// the log. Without statics: two nodes may run in one process. The state folder must hold an
/// identity (init or join made it).
class Node final : public QObject {
    Q_OBJECT
public:
    explicit Node(Config config);
    ~Node() override;

    /// Recovers from disk, listens, takes part. code::notFound: no member of a cluster yet;
    /// code::denied: it was removed from its cluster; code::corrupt: log or snapshot are damaged;
    /// code::conflict: another agent runs on the state folder; code::io: disk, or an address that
    /// is taken.
    Result<void> start();
    /// Orderly: leadership goes to another member first. `done` once.
    void stop(std::function<void()> done);

    const NodeIdentity &identity() const { return m_identity; }
    store::StoreClient &store() { return *m_store; }
    store::Replica &replica() { return *m_replica; }
    ClusterMembership &membership() { return *m_membership; }
    Services &services() { return *m_services; }

Q_SIGNALS:
    /// The log cannot be written, or the state not be read: nothing is acknowledged any more, and
    /// the process must end with a status that is not 0.
    void failed(const qd::Error &why);
    /// This node was removed from its cluster. It has stopped its units, and the process must end.
    void removed();
    /// The agent is to start anew.
    void restartAsked();

private:
    Result<void> enterStateFolder();
    Result<void> becomeOnlyMember();
    Result<void> startConsensus();
    QList<std::pair<QHostAddress, quint16>> peerListeners() const;
    Result<void> startServices();
    void listenToOldPort();
    Result<void> renewCertificate();
    void makeReplica();
    void membersChanged();
    Result<void> rememberStart();
    void hasDiverged(const Error &why);
    void wasRemoved();
    void schedulePump();
    void tick();

    Config m_config;
    NodeIdentity m_identity;
    security::Credentials m_credentials;
    SystemClock m_clock;
    SystemRandom m_random;
    QTimer m_ticks;
    std::function<void()> m_stopped; ///< set: leadership is on its way to another member
    int m_stopTicks = 0;

    // In the order in which they need each other.
    std::unique_ptr<StateLock> m_lock;
    std::unique_ptr<wal::PosixDisk> m_disk;
    std::unique_ptr<peer::Network> m_network;
    std::unique_ptr<store::Keyspace> m_keyspace;
    std::unique_ptr<wal::ThreadSyncRunner> m_syncs;
    std::unique_ptr<wal::ThreadSyncRunner> m_saves;
    std::unique_ptr<store::Replica> m_replica;
    std::unique_ptr<store::LocalStore> m_store;
    std::unique_ptr<ClusterMembership> m_membership;
    std::unique_ptr<Services> m_services;
};

} // namespace qd::node
