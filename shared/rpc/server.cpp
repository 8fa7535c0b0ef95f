// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/server.h"

#include "shared/base/log.h"
#include "shared/codec/error_codec.h"
#include "shared/rpc/server_session.h"
#include "shared/security/verify.h"

namespace qd::rpc {
namespace {

constexpr int kHandshakeMs = 5'000;

QString peerText(const QSslSocket &socket)
{
    return QStringLiteral("%1:%2").arg(socket.peerAddress().toString()).arg(socket.peerPort());
}

} // namespace

Server::Server(
    const security::Credentials &credentials, const About &about, const Methods &methods,
    const Limits &limits, QObject *parent)
    : QObject(parent)
    , m_about(about)
    , m_methods(methods)
    , m_limits(limits)
{
    setCredentials(credentials);
    m_server.setHandshakeTimeout(kHandshakeMs);
    connect(&m_server, &QTcpServer::pendingConnectionAvailable, this, &Server::welcomeNext);
    connect(
        &m_server, &security::TlsServer::turnedAway, this,
        [](const QString &peer, const QString &why) {
            qCWarning(lcControl).noquote() << "refused" << peer << why;
        });
}

Server::~Server() = default;

void Server::setCredentials(const security::Credentials &credentials)
{
    m_credentials = credentials;
    m_server.setSslConfiguration(
        security::serverTls(credentials, {security::alpnControl, security::alpnJoin}));
}

Result<void> Server::listen(const QHostAddress &address, quint16 port)
{
    if (m_server.listen(address, port))
        return {};
    return fail(
        code::io, QStringLiteral("Cannot listen on %1:%2: %3")
                      .arg(address.toString())
                      .arg(port)
                      .arg(m_server.errorString()));
}

quint16 Server::port() const
{
    return m_server.serverPort();
}

qsizetype Server::sessions() const
{
    return findChildren<ServerSession *>(QString(), Qt::FindDirectChildrenOnly).size();
}

Result<Caller> Server::callerOf(const QSslSocket &socket) const
{
    const QByteArray protocol = socket.sslConfiguration().nextNegotiatedProtocol();
    if (protocol == security::alpnJoin)
        return Caller{};
    if (protocol != security::alpnControl)
        return fail(
            code::denied, QStringLiteral("The peer speaks neither qd-ctl/1 nor qd-join/1."));
    auto who = security::verifyPeer(socket.peerCertificate(), m_credentials.authority);
    if (!who)
        return fail(who.error());
    if (who->kind == security::Identity::Kind::Person && who->role == security::Role::None)
        return fail(Error{
            code::denied,
            QStringLiteral("The certificate of \"%1\" has a role that this cluster does not know.")
                .arg(who->name),
            {{QStringLiteral("reason"), security::reason::wrongRole}},
            nullptr});
    // A node asks for itself only what a viewer may; more comes with the role of whom it speaks
    // for.
    const auto role =
        who->kind == security::Identity::Kind::Node ? security::Role::Viewer : who->role;
    return Caller{*who, role};
}

void Server::welcomeNext()
{
    while (m_server.hasPendingConnections()) {
        std::unique_ptr<QSslSocket> socket(
            static_cast<QSslSocket *>(m_server.nextPendingConnection()));
        auto caller = callerOf(*socket);
        if (!caller) {
            refuse(*socket, caller.error());
            socket->setParent(&m_server);
            QSslSocket *const leaving = socket.release();
            connect(leaving, &QSslSocket::disconnected, leaving, &QObject::deleteLater);
            leaving->disconnectFromHost();
            continue;
        }
        qCInfo(lcControl).noquote() << "connected" << peerText(*socket) << "as" << caller->text();
        auto connection = std::make_unique<Connection>(std::move(socket), m_limits);
        // The session owns itself by way of the server and leaves when its connection ends.
        new ServerSession(std::move(connection), *std::move(caller), m_about, m_methods, this);
    }
}

void Server::refuse(QSslSocket &socket, const Error &why)
{
    const QString reason = why.detail.value(QStringLiteral("reason"));
    qCWarning(lcControl).noquote() << "refused" << peerText(socket) << reason << why.message;
    // The TLS handshake is done for the client, so it can be told in the protocol's own words.
    const QCborMap sorry{
        {QStringLiteral("id"), 1}, {QStringLiteral("error"), codec::errorToCbor(why)}};
    socket.write(encodeFrame(sorry));
}

} // namespace qd::rpc
