// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/peer/network.h"

#include "shared/base/crc32c.h"
#include "shared/base/log.h"
#include "shared/security/verify.h"

namespace qd::peer {

Network::Network(
    const security::Credentials &credentials, quint64 cluster, raft::NodeId self,
    Receivers receivers)
    : m_credentials(credentials)
    , m_cluster(cluster)
    , m_self(self)
    , m_receivers(std::move(receivers))
{
}

Network::~Network()
{
    // A socket that goes may find bytes to read on its way out: nobody is there for them any more.
    for (const auto &server : m_servers) {
        server->disconnect(this);
        const auto sockets = server->findChildren<QSslSocket *>();
        for (QSslSocket *const socket : sockets)
            socket->disconnect();
    }
}

Result<void> Network::listen(const QHostAddress &address, quint16 port)
{
    auto server = std::make_unique<security::TlsServer>();
    server->setSslConfiguration(security::serverTls(m_credentials, {security::alpnRaft}));
    connect(
        server.get(), &QTcpServer::pendingConnectionAvailable, this,
        [this, from = server.get()] { welcome(*from); });
    connect(
        server.get(), &security::TlsServer::turnedAway, this,
        [](const QString &peer, const QString &why) {
            qCWarning(lcPeer).noquote() << "refused" << peer << why;
        });
    if (!server->listen(address, port))
        return fail(
            code::io, QStringLiteral("Cannot listen on %1:%2: %3")
                          .arg(address.toString())
                          .arg(port)
                          .arg(server->errorString()));
    m_servers.push_back(std::move(server));
    return {};
}

quint16 Network::port() const
{
    return m_servers.empty() ? 0 : m_servers.front()->serverPort();
}

void Network::setPeers(const std::map<raft::NodeId, QList<Address>> &peers)
{
    std::erase_if(m_links, [&](const auto &link) { return !peers.contains(link.first); });
    for (const auto &[id, addresses] : peers) {
        if (const auto link = m_links.find(id); link != m_links.end())
            link->second->setAddresses(addresses);
        else if (id != m_self)
            m_links[id] = std::make_unique<Link>(
                m_credentials, addresses,
                [this, to = id](quint8 type, const QByteArray &payload) {
                    return framed(to, type, payload);
                },
                [this](const Frame &frame) { takeAnswer(frame); });
    }
}

QByteArray Network::framed(raft::NodeId to, quint8 type, const QByteArray &payload) const
{
    return encodeFrame({m_cluster, m_self, to, type, payload});
}

void Network::send(raft::NodeId to, store::PeerKind kind, const QByteArray &payload)
{
    if (const auto link = m_links.find(to); link != m_links.end()) {
        link->second->send(framed(to, quint8(kind), payload));
        return;
    }
    const auto caller = m_callers.find(to);
    if (caller == m_callers.end())
        return;
    if (const auto connection = caller->second.lock())
        connection->socket->write(framed(to, quint8(kind), payload));
    else
        m_callers.erase(caller);
}

/// What comes back on a connection that was dialled.
void Network::takeAnswer(const Frame &frame)
{
    const bool isMessage =
        frame.type >= quint8(store::PeerKind::Raft) && frame.type <= quint8(store::PeerKind::Last);
    if (frame.cluster == m_cluster && frame.to == m_self && isMessage)
        m_receivers.frame(frame.from, store::PeerKind(frame.type), frame.payload);
}

void Network::sendSnapshot(
    const raft::Message &message, const QByteArray &state, std::function<void(bool)> done)
{
    const auto link = m_links.find(message.to);
    if (link == m_links.end()) {
        QMetaObject::invokeMethod(
            this, [done = std::move(done)] { done(false); }, Qt::QueuedConnection);
        return;
    }
    const SnapshotOffer offer{quint64(state.size()), crc32c(state), message};
    link->second->ship(offer, state, std::move(done));
}

std::map<raft::NodeId, store::Shipment> Network::shipments() const
{
    std::map<raft::NodeId, store::Shipment> out;
    for (const auto &[id, link] : m_links) {
        if (const auto shipment = link->shipment())
            out[id] = *shipment;
    }
    return out;
}

void Network::turnAway(QSslSocket &socket, const QString &reason, const QString &text)
{
    qCWarning(lcPeer).noquote() << "refused" << socket.peerAddress().toString() << reason << text;
    socket.abort();
    Q_EMIT refused(reason);
}

void Network::welcome(security::TlsServer &server)
{
    while (server.hasPendingConnections()) {
        auto *const socket = static_cast<QSslSocket *>(server.nextPendingConnection());
        connect(socket, &QSslSocket::disconnected, socket, &QObject::deleteLater);
        const auto node = security::verifyNode(socket->peerCertificate(), m_credentials.authority);
        if (!node) {
            turnAway(
                *socket, node.error().detail.value(QStringLiteral("reason")), node.error().message);
            continue;
        }
        socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        auto from = std::make_shared<Incoming>();
        from->socket = socket;
        if (m_receivers.memberOf)
            from->member = m_receivers.memberOf(node->nodeId);
        connect(socket, &QSslSocket::readyRead, this, [this, from] { read(from); });
        read(from);
    }
}

void Network::read(const std::shared_ptr<Incoming> &from)
{
    from->buffer += from->socket->readAll();
    while (true) {
        const auto frame = takeFrame(from->buffer);
        if (!frame)
            return turnAway(*from->socket, QStringLiteral("frame"), frame.error().message);
        if (!*frame || !take(from, **frame))
            return;
    }
}

bool Network::take(const std::shared_ptr<Incoming> &caller, const Frame &frame)
{
    Incoming &from = *caller;
    QString wrong;
    if (frame.cluster != m_cluster)
        wrong = QStringLiteral("cluster");
    else if (frame.to != m_self)
        wrong = QStringLiteral("receiver");
    else if (from.member != raft::kNobody && frame.from != from.member)
        wrong = QStringLiteral("sender");
    if (!wrong.isEmpty()) {
        turnAway(
            *from.socket, wrong,
            QStringLiteral("cluster %1, from %2 to %3: this is %4 of %5")
                .arg(frame.cluster, 0, 16)
                .arg(frame.from, 0, 16)
                .arg(frame.to, 0, 16)
                .arg(m_self, 0, 16)
                .arg(m_cluster, 0, 16));
        return false;
    }
    if (frame.type >= quint8(store::PeerKind::Raft) &&
        frame.type <= quint8(store::PeerKind::Last)) {
        m_callers[frame.from] = caller;
        m_receivers.frame(frame.from, store::PeerKind(frame.type), frame.payload);
        return true;
    }
    const auto taken = takeSnapshot(from, frame);
    if (taken)
        return true;
    turnAway(*from.socket, QStringLiteral("frame"), taken.error().message);
    return false;
}

/// Each offer and each piece is answered with how much is here now.
Result<void> Network::takeSnapshot(Incoming &from, const Frame &frame)
{
    Result<SnapshotHave> have = fail(
        code::corrupt, QStringLiteral("a frame of type %1 that makes no sense").arg(frame.type));
    if (frame.type == kSnapshotOffer) {
        const auto offer = decodeOffer(frame.payload);
        if (offer && offer->message.from == frame.from)
            have = m_inbox.offered(*offer);
    } else if (frame.type == kSnapshotPiece) {
        const auto chunk = decodeChunk(frame.payload);
        if (chunk)
            have = m_inbox.received(*chunk);
    }
    if (!have)
        return fail(have.error());
    from.socket->write(framed(frame.from, kSnapshotHave, encode(*have)));
    if (const auto whole = m_inbox.takeWhole())
        m_receivers.snapshot(whole->first, whole->second);
    return {};
}

} // namespace qd::peer
