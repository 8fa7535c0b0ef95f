// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/security/identity.h"

#include <QByteArray>
#include <QDateTime>
#include <QSslCertificate>

namespace qd::security {

/// SHA-256 of the certificate's public key (SubjectPublicKeyInfo in DER): what a join token
/// carries. Empty for a null certificate.
QByteArray keyFingerprint(const QSslCertificate &certificate);
/// A fingerprint for people to compare: groups of four hex digits.
QString fingerprintText(const QByteArray &fingerprint);

/// What is refused, each with the reason as a sentence in the error's message and one of these in
/// its detail "reason".
namespace reason {
inline const QString noCertificate = QStringLiteral("no_certificate");
inline const QString otherAuthority = QStringLiteral("other_authority");
inline const QString expired = QStringLiteral("expired");
inline const QString notYetValid = QStringLiteral("not_yet_valid");
inline const QString wrongKind = QStringLiteral("wrong_kind");
inline const QString wrongRole = QStringLiteral("wrong_role");
inline const QString wrongFingerprint = QStringLiteral("wrong_fingerprint");
} // namespace reason

/// Whom the certificate speaks for, if the cluster's authority signed it and its time is now. The
/// TLS layer has proved already that the peer holds its key. Error code::denied, see `reason`.
Result<Identity> verifyPeer(
    const QSslCertificate &certificate, const QSslCertificate &authority,
    const QDateTime &now = QDateTime::currentDateTimeUtc());
/// As verifyPeer, and it must be a node (peers on 2380; every server, as its clients see it).
Result<Identity> verifyNode(
    const QSslCertificate &certificate, const QSslCertificate &authority,
    const QDateTime &now = QDateTime::currentDateTimeUtc());
/// As verifyPeer, and its role must reach `needed` (a node's certificate has no role).
Result<Identity> verifyRole(
    const QSslCertificate &certificate, const QSslCertificate &authority, Role needed,
    const QDateTime &now = QDateTime::currentDateTimeUtc());

/// For a newcomer: finds in the chain that the server showed the authority whose key has
/// `fingerprint`, and checks that it signed the server's node certificate. The authority is the
/// result. Error code::denied: nothing secret may be sent.
Result<QSslCertificate> verifyByFingerprint(
    const QList<QSslCertificate> &chain, const QByteArray &fingerprint,
    const QDateTime &now = QDateTime::currentDateTimeUtc());

} // namespace qd::security
