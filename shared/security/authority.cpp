// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/authority.h"

#include "shared/base/random.h"
#include "shared/security/openssl.h"

#include <QHostAddress>
#include <QtEndian>

namespace qd::security {
namespace {

constexpr int kSkewSeconds = 300;

Error bad(const QString &message)
{
    return Error{code::badInput, message, {}, nullptr};
}

bool addText(X509_NAME *name, const char *field, const QString &text)
{
    // RFC 5280 allows a common name of 64 characters.
    const QByteArray utf8 = text.left(64).toUtf8();
    return X509_NAME_add_entry_by_txt(
               name, field, MBSTRING_UTF8,
               reinterpret_cast<const unsigned char *>(utf8.constData()), int(utf8.size()), -1,
               0) == 1;
}

bool addExtension(X509 *certificate, X509 *issuer, int id, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ssl::Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool addName(GENERAL_NAMES *names, int type, const QByteArray &value)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *text = type == GEN_IPADD ? ASN1_OCTET_STRING_new()
                                          : static_cast<ASN1_STRING *>(ASN1_IA5STRING_new());
    ASN1_STRING_set(text, value.constData(), int(value.size()));
    GENERAL_NAME_set0_value(name, type, text);
    return sk_GENERAL_NAME_push(names, name) > 0;
}

QByteArray addressBytes(const QHostAddress &address)
{
    if (address.protocol() == QAbstractSocket::IPv4Protocol) {
        const quint32 big = qToBigEndian(address.toIPv4Address());
        return QByteArray(reinterpret_cast<const char *>(&big), sizeof big);
    }
    const Q_IPV6ADDR six = address.toIPv6Address();
    return QByteArray(reinterpret_cast<const char *>(six.c), sizeof six.c);
}

QString urn(const Identity &identity)
{
    return identity.kind == Identity::Kind::Node
               ? QStringLiteral("urn:qd:node:") + identity.nodeId
               : QStringLiteral("urn:qd:role:") + roleName(identity.role);
}

/// The names go in as structures, not as a configuration string, so that a name cannot smuggle in
/// another one.
bool addAlternativeNames(X509 *certificate, const Subject &subject)
{
    const ssl::Names names(GENERAL_NAMES_new());
    bool ok = addName(names.get(), GEN_URI, urn(subject.identity).toLatin1());
    for (const QString &host : subject.hosts) {
        const QHostAddress address(host);
        ok = ok && (address.isNull() ? addName(names.get(), GEN_DNS, host.toLatin1())
                                     : addName(names.get(), GEN_IPADD, addressBytes(address)));
    }
    return ok && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1;
}

bool setSerial(X509 *certificate)
{
    QByteArray bytes = SystemRandom::bytes(16);
    bytes[0] = char(bytes[0] & 0x7f); // positive
    BIGNUM *number = BN_bin2bn(
        reinterpret_cast<const unsigned char *>(bytes.constData()), int(bytes.size()), nullptr);
    const bool ok = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    return ok;
}

bool setValidity(X509 *certificate, const Validity &validity)
{
    return ASN1_TIME_set(
               X509_getm_notBefore(certificate), time_t(validity.from.toSecsSinceEpoch())) &&
           ASN1_TIME_set(
               X509_getm_notAfter(certificate), time_t(validity.until.toSecsSinceEpoch()));
}

Result<void> check(const Subject &subject)
{
    const Identity &who = subject.identity;
    if (who.kind == Identity::Kind::Nobody)
        return fail(bad(QStringLiteral("A certificate must be for a node or a role.")));
    if (who.kind == Identity::Kind::Person && who.role == Role::None)
        return fail(bad(QStringLiteral("A person's certificate needs a role.")));
    if (who.kind == Identity::Kind::Node && who.nodeId.isEmpty())
        return fail(bad(QStringLiteral("A node's certificate needs the machine id.")));
    return {};
}

Result<QByteArray>
issue(const Authority &authority, EVP_PKEY *publicKey, const Subject &subject, const Validity &life)
{
    if (const auto ok = check(subject); !ok)
        return fail(ok.error());
    const auto issuer = ssl::certificateFromPem(authority.certificatePem());
    const auto key = ssl::keyFromPem(authority.keyPem());
    if (!issuer || !key)
        return fail(!issuer ? issuer.error() : key.error());
    const ssl::Certificate out(X509_new());
    X509 *made = out.get();
    const bool node = subject.identity.kind == Identity::Kind::Node;
    const bool ok =
        X509_set_version(made, 2) && setSerial(made) && setValidity(made, life) &&
        addText(
            X509_get_subject_name(made), "CN",
            subject.identity.name.isEmpty() ? urn(subject.identity) : subject.identity.name) &&
        X509_set_issuer_name(made, X509_get_subject_name(issuer->get())) &&
        X509_set_pubkey(made, publicKey) &&
        addExtension(made, issuer->get(), NID_basic_constraints, "critical,CA:FALSE") &&
        addExtension(made, issuer->get(), NID_key_usage, "critical,digitalSignature") &&
        addExtension(
            made, issuer->get(), NID_ext_key_usage,
            node ? "serverAuth,clientAuth" : "clientAuth") &&
        addExtension(made, issuer->get(), NID_authority_key_identifier, "keyid") &&
        addAlternativeNames(made, subject) && X509_sign(made, key->get(), EVP_sha256()) > 0;
    if (!ok)
        return fail(ssl::lastError(QStringLiteral("Issuing a certificate")));
    return ssl::toPem(made);
}

} // namespace

Validity Validity::days(int days, const QDateTime &now)
{
    return Validity{now.addSecs(-kSkewSeconds), now.addDays(days)};
}

Result<QByteArray> makeKey()
{
    const ssl::Key key(EVP_EC_gen("P-256"));
    if (!key)
        return fail(ssl::lastError(QStringLiteral("Making a key")));
    return ssl::toPem(key.get());
}

Result<QByteArray> makeRequest(const QByteArray &keyPem, const QString &commonName)
{
    const auto key = ssl::keyFromPem(keyPem);
    if (!key)
        return fail(key.error());
    const ssl::Request request(X509_REQ_new());
    const bool ok = X509_REQ_set_version(request.get(), 0) &&
                    addText(X509_REQ_get_subject_name(request.get()), "CN", commonName) &&
                    X509_REQ_set_pubkey(request.get(), key->get()) &&
                    X509_REQ_sign(request.get(), key->get(), EVP_sha256()) > 0;
    if (!ok)
        return fail(ssl::lastError(QStringLiteral("Making a certificate request")));
    return ssl::toPem(request.get());
}

Result<Authority> Authority::create(const QString &clusterName, const Validity &validity)
{
    const auto keyPem = makeKey();
    if (!keyPem)
        return fail(keyPem.error());
    const auto key = ssl::keyFromPem(*keyPem);
    const ssl::Certificate out(X509_new());
    X509 *made = out.get();
    X509_NAME *name = X509_get_subject_name(made);
    const bool ok = X509_set_version(made, 2) && setSerial(made) && setValidity(made, validity) &&
                    addText(name, "O", QStringLiteral("Quarterdeck")) &&
                    addText(name, "CN", clusterName + QStringLiteral(" cluster")) &&
                    X509_set_issuer_name(made, name) && X509_set_pubkey(made, key->get()) &&
                    addExtension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    addExtension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    addExtension(made, made, NID_subject_key_identifier, "hash") &&
                    X509_sign(made, key->get(), EVP_sha256()) > 0;
    if (!ok)
        return fail(ssl::lastError(QStringLiteral("Making the cluster's authority")));
    const auto pem = ssl::toPem(made);
    if (!pem)
        return fail(pem.error());
    return Authority(*pem, *keyPem);
}

Result<Authority> Authority::load(const QByteArray &certificatePem, const QByteArray &keyPem)
{
    const auto certificate = ssl::certificateFromPem(certificatePem);
    if (!certificate)
        return fail(certificate.error());
    const auto key = ssl::keyFromPem(keyPem);
    if (!key)
        return fail(key.error());
    if (X509_check_private_key(certificate->get(), key->get()) != 1)
        return fail(bad(QStringLiteral("The key is not the one of the authority's certificate.")));
    return Authority(certificatePem, keyPem);
}

Result<QByteArray> Authority::issueForKey(
    const QByteArray &keyPem, const Subject &subject, const Validity &validity) const
{
    const auto key = ssl::keyFromPem(keyPem);
    if (!key)
        return fail(key.error());
    return issue(*this, key->get(), subject, validity);
}

Result<QByteArray> Authority::issueForRequest(
    const QByteArray &requestPem, const Subject &subject, const Validity &validity) const
{
    const auto request = ssl::requestFromPem(requestPem);
    if (!request)
        return fail(request.error());
    EVP_PKEY *key = X509_REQ_get0_pubkey(request->get());
    if (!key || X509_REQ_verify(request->get(), key) != 1)
        return fail(bad(QStringLiteral("The certificate request is not signed by its own key.")));
    return issue(*this, key, subject, validity);
}

} // namespace qd::security
