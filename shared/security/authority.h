// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/security/identity.h"

#include <QByteArray>
#include <QDateTime>

/// Keys are P-256 in PKCS#8 PEM (QSslKey of Qt 6.4 cannot load Ed25519); certificates and requests
/// are PEM. Errors: code::badInput for PEM that does not parse, code::internal from OpenSSL.
namespace qd::security {

struct Validity {
    QDateTime from;
    QDateTime until;
    /// From five minutes before now (clocks differ, S-03) for `days`.
    static Validity days(int days, const QDateTime &now = QDateTime::currentDateTimeUtc());
};

inline constexpr int kAuthorityDays = 3650;
inline constexpr int kCertificateDays = 365;

/// A new private key.
Result<QByteArray> makeKey();
/// A certificate request for the key: it proves that the asker holds the key. What the certificate
/// says is decided by the authority, not by the request.
Result<QByteArray> makeRequest(const QByteArray &keyPem, const QString &commonName);

/// The cluster's certificate authority.
class Authority {
public:
    /// A new one, for a cluster that is being made.
    static Result<Authority>
    create(const QString &clusterName, const Validity &validity = Validity::days(kAuthorityDays));
    static Result<Authority> load(const QByteArray &certificatePem, const QByteArray &keyPem);

    /// A certificate for the private key's public half.
    Result<QByteArray> issueForKey(
        const QByteArray &keyPem, const Subject &subject,
        const Validity &validity = Validity::days(kCertificateDays)) const;
    /// A certificate for a request whose signature is good.
    Result<QByteArray> issueForRequest(
        const QByteArray &requestPem, const Subject &subject,
        const Validity &validity = Validity::days(kCertificateDays)) const;

    const QByteArray &certificatePem() const { return m_certificate; }
    const QByteArray &keyPem() const { return m_key; }

private:
    Authority(QByteArray certificate, QByteArray key)
        : m_certificate(std::move(certificate))
        , m_key(std::move(key))
    {
    }
    QByteArray m_certificate;
    QByteArray m_key;
};

} // namespace qd::security
