// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>

namespace qd::security {

/// ALPN names of the TLS ports.
inline const QByteArray alpnControl = QByteArrayLiteral("qd-ctl/1");
inline const QByteArray alpnJoin = QByteArrayLiteral("qd-join/1");
inline const QByteArray alpnRaft = QByteArrayLiteral("qd-raft/1");

/// A certificate with its key and the authority that it trusts.
struct Credentials {
    QSslCertificate certificate;
    QSslKey key;
    QSslCertificate authority;

    /// code::badInput when a PEM does not load, or the key is not the certificate's.
    static Result<Credentials> fromPem(
        const QByteArray &certificatePem, const QByteArray &keyPem, const QByteArray &authorityPem);
};

/// For a server: TLS 1.3, asks for the client's certificate but leaves the verdict to us
/// (QueryPeer): call verifyPeer, verifyNode or verifyRole when the handshake is done, log the
/// reason, close. Qt's own refusal would come as one vague alert. The chain holds the authority, so
/// that a newcomer can compare its fingerprint.
QSslConfiguration serverTls(const Credentials &credentials, const QList<QByteArray> &protocols);

/// For a client: TLS 1.3. The verdict on the server is ours too: at `encrypted`, call verifyNode on
/// socket->peerCertificate() before anything is written.
QSslConfiguration clientTls(const Credentials &credentials, const QByteArray &protocol);

/// For a newcomer without a certificate: verifyByFingerprint on socket->peerCertificateChain()
/// before anything is written.
QSslConfiguration newcomerTls(const QByteArray &protocol = alpnJoin);

} // namespace qd::security
