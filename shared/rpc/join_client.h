// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/rpc/dial.h"
#include "shared/security/join_token.h"

#include <QSslCertificate>

namespace qd::rpc {

/// The newcomer's side of joining (a node) and pairing (a console), with a token. Two steps, so
/// that a person may compare the fingerprint between them: `connectTo` learns whom one talks to and
/// sends no secret; `ask` sends it.
class JoinClient : public QObject {
    Q_OBJECT
public:
    explicit JoinClient(security::JoinToken token, QObject *parent = nullptr);
    ~JoinClient() override;

    /// The cluster's authority, once the server has proved that the token's fingerprint is its.
    /// code::denied with reason wrong_fingerprint: nothing secret was sent.
    void connectTo(
        const QString &address, quint16 port, std::function<void(Result<QSslCertificate>)> done);
    /// The fingerprint for people to compare; empty before `connectTo` is done.
    QString fingerprint() const;
    /// `cluster.join` or `cluster.pair`: adds the token's secret to the parameters.
    void ask(const QString &method, QCborMap params, Answer done);

private:
    security::JoinToken m_token;
    QSslCertificate m_authority;
    std::shared_ptr<Connection> m_connection;
};

} // namespace qd::rpc
