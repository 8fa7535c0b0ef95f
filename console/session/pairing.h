// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/profile.h"
#include "shared/rpc/join_client.h"

namespace qd::session {

struct Paired {
    Profile profile;
    QByteArray keyPem;
    QString role;
};

/// Pairs this console with a cluster: `begin` connects and checks the authority against the token's
/// fingerprint (no secret has left); after the user has agreed, `confirm` sends the token's secret
/// and a request for a certificate. The key is made here and never leaves.
class Pairing : public QObject {
    Q_OBJECT
public:
    /// `address`: "host" or "host:port".
    Pairing(security::JoinToken token, QString address, QObject *parent = nullptr);

    /// The fingerprint, for the user to compare.
    void begin(std::function<void(Result<QString>)> done);
    /// `profileName` empty: the cluster's name; `userName` goes into the certificate.
    void confirm(
        const QString &profileName, const QString &userName,
        std::function<void(Result<Paired>)> done);

private:
    QString m_address;
    rpc::JoinClient m_client;
};

/// "host:port" or "host" (then the control port); IPv6 as "[::1]:7443".
std::pair<QString, quint16> splitAddress(const QString &address);

} // namespace qd::session
