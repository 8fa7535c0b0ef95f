// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/rpc/methods.h"
#include "shared/security/tls.h"
#include "shared/security/tls_server.h"

#include <QHostAddress>

namespace qd::rpc {

class ServerSession;

/// The control server: TLS 1.3 with ALPN qd-ctl/1 (certificate needed) and qd-join/1 (none). What
/// it refuses it logs in lcControl, each with its reason.
class Server : public QObject {
    Q_OBJECT
public:
    /// What the hello says of this agent.
    struct About {
        QString clusterId;
        QString clusterName;
        QString nodeId;
        QString nodeName;
    };
    Server(
        const security::Credentials &credentials, const About &about, const Methods &methods,
        const Limits &limits = {}, QObject *parent = nullptr);
    ~Server() override;

    /// code::io with the reason, such as an address that is taken.
    Result<void> listen(const QHostAddress &address, quint16 port);
    quint16 port() const;
    /// New connections use these; for a certificate that was renewed.
    void setCredentials(const security::Credentials &credentials);
    qsizetype sessions() const;

private:
    void welcomeNext();
    void refuse(QSslSocket &socket, const Error &why);
    Result<Caller> callerOf(const QSslSocket &socket) const;

    security::TlsServer m_server;
    security::Credentials m_credentials;
    About m_about;
    const Methods &m_methods;
    Limits m_limits;
};

} // namespace qd::rpc
