// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/tls.h"

#include "shared/security/openssl.h"

namespace qd::security {
namespace {

QSslConfiguration base(const QList<QByteArray> &protocols)
{
    QSslConfiguration tls;
    tls.setProtocol(QSsl::TlsV1_3OrLater);
    tls.setPeerVerifyMode(QSslSocket::QueryPeer);
    tls.setAllowedNextProtocols(protocols);
    return tls;
}

} // namespace

Result<Credentials> Credentials::fromPem(
    const QByteArray &certificatePem, const QByteArray &keyPem, const QByteArray &authorityPem)
{
    const auto certificate = ssl::certificateFromPem(certificatePem);
    if (!certificate)
        return fail(certificate.error());
    const auto key = ssl::keyFromPem(keyPem);
    if (!key)
        return fail(key.error());
    const auto authority = ssl::certificateFromPem(authorityPem);
    if (!authority)
        return fail(authority.error());
    if (X509_check_private_key(certificate->get(), key->get()) != 1)
        return fail(code::badInput, QStringLiteral("The key does not belong to the certificate."));
    const Credentials out{
        QSslCertificate(certificatePem), QSslKey(keyPem, QSsl::Ec), QSslCertificate(authorityPem)};
    if (out.certificate.isNull() || out.key.isNull() || out.authority.isNull())
        return fail(
            code::badInput, QStringLiteral("Qt cannot load the key: it must be P-256 in PEM."));
    return out;
}

QSslConfiguration serverTls(const Credentials &credentials, const QList<QByteArray> &protocols)
{
    QSslConfiguration tls = base(protocols);
    tls.setLocalCertificateChain({credentials.certificate, credentials.authority});
    tls.setPrivateKey(credentials.key);
    tls.setCaCertificates({credentials.authority});
    return tls;
}

QSslConfiguration clientTls(const Credentials &credentials, const QByteArray &protocol)
{
    QSslConfiguration tls = base({protocol});
    tls.setLocalCertificateChain({credentials.certificate, credentials.authority});
    tls.setPrivateKey(credentials.key);
    tls.setCaCertificates({credentials.authority});
    return tls;
}

QSslConfiguration newcomerTls(const QByteArray &protocol)
{
    QSslConfiguration tls = base({protocol});
    tls.setCaCertificates({});
    return tls;
}

} // namespace qd::security
