// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/tls_server.h"

#include <QHostAddress>
#include <QSslSocket>

namespace qd::security {

void TlsServer::incomingConnection(qintptr descriptor)
{
    QSslServer::incomingConnection(descriptor);
    // The base class has made a child of it, which it hands on when the handshake is done.
    auto *const socket =
        qobject_cast<QSslSocket *>(children().isEmpty() ? nullptr : children().last());
    if (socket && socket->socketDescriptor() == descriptor)
        watch(socket);
}

void TlsServer::watch(QSslSocket *socket)
{
    const QString peer =
        QStringLiteral("%1:%2").arg(socket->peerAddress().toString()).arg(socket->peerPort());
    auto *const handshake = new QObject(socket); // as long as it lasts
    connect(socket, &QSslSocket::encrypted, handshake, &QObject::deleteLater);
    const auto end = [this, socket, handshake, peer](const QString &why) {
        socket->disconnect(handshake); // once
        handshake->deleteLater();
        Q_EMIT turnedAway(peer, why);
    };
    connect(
        socket, &QSslSocket::errorOccurred, handshake,
        [socket, end](QAbstractSocket::SocketError error) {
            const bool begun = socket->mode() == QSslSocket::SslServerMode;
            if (begun || error != QAbstractSocket::RemoteHostClosedError)
                end(QStringLiteral("in the TLS handshake: ") + socket->errorString());
        });
    connect(socket, &QSslSocket::disconnected, handshake, [socket, end] {
        if (socket->bytesAvailable() > 0)
            end(QStringLiteral("it speaks no TLS"));
    });
}

} // namespace qd::security
