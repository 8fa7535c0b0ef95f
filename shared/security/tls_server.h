// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSslServer>

namespace qd::security {

/// A TLS server that tells of each peer that gets no further than the handshake: also of one that
/// speaks no TLS at all, whom Qt's own server sends away without a word. One that comes and goes in
/// silence is no matter.
class TlsServer : public QSslServer {
    Q_OBJECT
public:
    using QSslServer::QSslServer;

Q_SIGNALS:
    /// `peer`: address and port.
    void turnedAway(const QString &peer, const QString &why);

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    void watch(QSslSocket *socket);
};

} // namespace qd::security
