// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/verify.h"

#include "shared/security/join_token.h"
#include "shared/security/openssl.h"

#include <QCryptographicHash>
#include <openssl/err.h>

namespace qd::security {
namespace {

tl::unexpected<Error> refuse(const QString &why, const QString &sentence)
{
    return fail(Error{code::denied, sentence, {{QStringLiteral("reason"), why}}, nullptr});
}

QString commonName(const QSslCertificate &certificate)
{
    return certificate.subjectInfo(QSslCertificate::CommonName).value(0);
}

bool signedBy(X509 *certificate, X509 *authority)
{
    const bool ok = X509_check_issued(authority, certificate) == X509_V_OK &&
                    X509_verify(certificate, X509_get0_pubkey(authority)) == 1;
    ERR_clear_error();
    return ok;
}

QString dateText(const QDateTime &when)
{
    return when.toUTC().toString(Qt::ISODate);
}

Identity identityOf(X509 *certificate)
{
    Identity out;
    const ssl::Names names(static_cast<GENERAL_NAMES *>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_URI)
            continue;
        const QString uri = QString::fromLatin1(
            reinterpret_cast<const char *>(ASN1_STRING_get0_data(name->d.ia5)),
            ASN1_STRING_length(name->d.ia5));
        if (uri.startsWith(QLatin1String("urn:qd:node:"))) {
            out.kind = Identity::Kind::Node;
            out.nodeId = uri.mid(12);
        } else if (uri.startsWith(QLatin1String("urn:qd:role:"))) {
            out.kind = Identity::Kind::Person;
            out.role = roleFromName(uri.mid(12)).value_or(Role::None);
        }
    }
    return out;
}

} // namespace

QByteArray keyFingerprint(const QSslCertificate &certificate)
{
    const ssl::Certificate parsed = ssl::certificateFromDer(certificate.toDer());
    if (!parsed)
        return {};
    unsigned char *der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(parsed.get()), &der);
    if (size <= 0)
        return {};
    const QByteArray hash = QCryptographicHash::hash(
        QByteArrayView(reinterpret_cast<const char *>(der), size), QCryptographicHash::Sha256);
    OPENSSL_free(der);
    return hash;
}

QString fingerprintText(const QByteArray &fingerprint)
{
    QString out;
    const QByteArray hex = fingerprint.toHex();
    for (qsizetype i = 0; i < hex.size(); i += 4) {
        if (i > 0)
            out.append(QLatin1Char(' '));
        out.append(QString::fromLatin1(hex.mid(i, 4)));
    }
    return out;
}

Result<Identity> verifyPeer(
    const QSslCertificate &certificate, const QSslCertificate &authority, const QDateTime &now)
{
    if (certificate.isNull())
        return refuse(reason::noCertificate, QStringLiteral("The peer showed no certificate."));
    const QString name = commonName(certificate);
    const ssl::Certificate parsed = ssl::certificateFromDer(certificate.toDer());
    const ssl::Certificate issuer = ssl::certificateFromDer(authority.toDer());
    if (!parsed || !issuer || !signedBy(parsed.get(), issuer.get()))
        return refuse(
            reason::otherAuthority,
            QStringLiteral("The certificate of \"%1\" was issued by another authority (%2).")
                .arg(name, certificate.issuerInfo(QSslCertificate::CommonName).value(0)));
    if (now < certificate.effectiveDate())
        return refuse(
            reason::notYetValid, QStringLiteral("The certificate of \"%1\" is valid only from %2.")
                                     .arg(name, dateText(certificate.effectiveDate())));
    if (now > certificate.expiryDate())
        return refuse(
            reason::expired, QStringLiteral("The certificate of \"%1\" expired on %2.")
                                 .arg(name, dateText(certificate.expiryDate())));
    Identity identity = identityOf(parsed.get());
    if (identity.kind == Identity::Kind::Nobody)
        return refuse(
            reason::wrongKind,
            QStringLiteral("The certificate of \"%1\" names neither a node nor a role.").arg(name));
    identity.name = name;
    return identity;
}

Result<Identity> verifyNode(
    const QSslCertificate &certificate, const QSslCertificate &authority, const QDateTime &now)
{
    auto identity = verifyPeer(certificate, authority, now);
    if (identity && identity->kind != Identity::Kind::Node)
        return refuse(
            reason::wrongKind,
            QStringLiteral("The certificate of \"%1\" is for the role %2; a node's is needed.")
                .arg(identity->name, roleName(identity->role)));
    return identity;
}

Result<Identity> verifyRole(
    const QSslCertificate &certificate, const QSslCertificate &authority, Role needed,
    const QDateTime &now)
{
    auto identity = verifyPeer(certificate, authority, now);
    if (!identity)
        return identity;
    if (identity->kind == Identity::Kind::Node)
        return refuse(
            reason::wrongKind,
            QStringLiteral("The certificate of \"%1\" is a node's; one with the role %2 is needed.")
                .arg(identity->name, roleName(needed)));
    if (identity->role < needed)
        return refuse(
            reason::wrongRole,
            QStringLiteral("The certificate of \"%1\" has the role %2; %3 is needed.")
                .arg(identity->name, roleName(identity->role), roleName(needed)));
    return identity;
}

Result<QSslCertificate> verifyByFingerprint(
    const QList<QSslCertificate> &chain, const QByteArray &fingerprint, const QDateTime &now)
{
    if (chain.isEmpty())
        return refuse(reason::noCertificate, QStringLiteral("The server showed no certificate."));
    for (const QSslCertificate &authority : chain) {
        if (!sameBytes(keyFingerprint(authority), fingerprint))
            continue;
        const auto node = verifyNode(chain.first(), authority, now);
        if (!node)
            return fail(node.error());
        return authority;
    }
    return refuse(
        reason::wrongFingerprint,
        QStringLiteral("The server's authority has the fingerprint %1; the token names %2. "
                       "Nothing was sent.")
            .arg(fingerprintText(keyFingerprint(chain.last())), fingerprintText(fingerprint)));
}

} // namespace qd::security
