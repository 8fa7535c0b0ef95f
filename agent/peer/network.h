// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/peer/link.h"
#include "agent/peer/snapshot_inbox.h"
#include "agent/store/replica/peer_transport.h"
#include "shared/security/tls_server.h"

#include <QHostAddress>
#include <map>
#include <memory>

namespace qd::peer {

/// Consensus over mutual TLS 1.3, ALPN qd-raft/1: only certificates of nodes of this cluster pass,
/// each refusal is logged with its reason. Wiring: construct, set the receivers (usually
/// Replica::receive and receiveSnapshot), listen(), setPeers() at each change of the membership.
class Network final : public QObject, public store::PeerTransport {
    Q_OBJECT
public:
    struct Receivers {
        std::function<void(raft::NodeId, store::PeerKind, QByteArrayView)> frame;
        std::function<void(const raft::Message &, const QByteArray &state)> snapshot;
        /// Which member a node's certificate speaks for; unset: any node may be any member.
        std::function<raft::NodeId(const QString &nodeId)> memberOf;
    };

    Network(
        const security::Credentials &credentials, quint64 cluster, raft::NodeId self,
        Receivers receivers);
    ~Network() override;

    /// May be called again for a further address or port.
    Result<void> listen(const QHostAddress &address, quint16 port);
    quint16 port() const; ///< the first one's
    /// Where each of the others may be found; they are tried in turn.
    void setPeers(const std::map<raft::NodeId, QList<Address>> &peers);

    void send(raft::NodeId to, store::PeerKind kind, const QByteArray &payload) override;
    void sendSnapshot(
        const raft::Message &message, const QByteArray &state,
        std::function<void(bool)> done) override;
    std::map<raft::NodeId, store::Shipment> shipments() const override;

Q_SIGNALS:
    /// Someone was turned away; `reason` is one of security::reason, "cluster", "receiver",
    /// "frame".
    void refused(const QString &reason);

private:
    struct Incoming {
        QSslSocket *socket = nullptr;
        raft::NodeId member = raft::kNobody; ///< by its certificate; nobody = any
        QByteArray buffer;
    };

    void welcome(security::TlsServer &server);
    void read(const std::shared_ptr<Incoming> &from);
    bool take(const std::shared_ptr<Incoming> &caller, const Frame &frame);
    void takeAnswer(const Frame &frame);
    Result<void> takeSnapshot(Incoming &from, const Frame &frame);
    void turnAway(QSslSocket &socket, const QString &reason, const QString &text);
    QByteArray framed(raft::NodeId to, quint8 type, const QByteArray &payload) const;

    security::Credentials m_credentials;
    quint64 m_cluster;
    raft::NodeId m_self;
    Receivers m_receivers;
    std::vector<std::unique_ptr<security::TlsServer>> m_servers;
    SnapshotInbox m_inbox;
    std::map<raft::NodeId, std::unique_ptr<Link>> m_links;
    /// Who was heard on which connection: the way back to one who is no member (any more).
    std::map<raft::NodeId, std::weak_ptr<Incoming>> m_callers;
};

} // namespace qd::peer
