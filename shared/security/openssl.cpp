// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace qd::security::ssl {
namespace {

Bio reader(const QByteArray &bytes)
{
    return Bio(BIO_new_mem_buf(bytes.constData(), int(bytes.size())));
}

QByteArray content(BIO *bio)
{
    char *data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return QByteArray(data, qsizetype(size));
}

/// A PEM key with a passphrase must not make the agent ask on its terminal.
int noPassphrase(char *, int, int, void *)
{
    return -1;
}

template <class T>
Result<T> parsed(T object, const QString &what)
{
    if (object)
        return object;
    ERR_clear_error();
    return fail(code::badInput, QStringLiteral("This is not a %1 in PEM.").arg(what));
}

template <class Write>
Result<QByteArray> written(const QString &what, Write write)
{
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || write(bio.get()) != 1)
        return fail(lastError(QStringLiteral("Writing a %1 as PEM").arg(what)));
    return content(bio.get());
}

} // namespace

Error lastError(const QString &doing)
{
    char text[256] = "no reason given";
    if (const unsigned long number = ERR_get_error(); number != 0)
        ERR_error_string_n(number, text, sizeof text);
    ERR_clear_error();
    return Error{
        code::internal,
        QStringLiteral("%1 failed: %2").arg(doing, QString::fromLatin1(text)),
        {},
        nullptr};
}

Result<Key> keyFromPem(const QByteArray &pem)
{
    const Bio bio = reader(pem);
    return parsed(
        Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr)),
        QStringLiteral("private key"));
}

Result<Certificate> certificateFromPem(const QByteArray &pem)
{
    const Bio bio = reader(pem);
    return parsed(
        Certificate(PEM_read_bio_X509(bio.get(), nullptr, noPassphrase, nullptr)),
        QStringLiteral("certificate"));
}

Certificate certificateFromDer(const QByteArray &der)
{
    auto data = reinterpret_cast<const unsigned char *>(der.constData());
    Certificate out(d2i_X509(nullptr, &data, long(der.size())));
    ERR_clear_error();
    return out;
}

Result<Request> requestFromPem(const QByteArray &pem)
{
    const Bio bio = reader(pem);
    return parsed(
        Request(PEM_read_bio_X509_REQ(bio.get(), nullptr, noPassphrase, nullptr)),
        QStringLiteral("certificate request"));
}

Result<QByteArray> toPem(EVP_PKEY *key)
{
    return written(QStringLiteral("key"), [key](BIO *bio) {
        return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

Result<QByteArray> toPem(X509 *certificate)
{
    return written(QStringLiteral("certificate"), [certificate](BIO *bio) {
        return PEM_write_bio_X509(bio, certificate);
    });
}

Result<QByteArray> toPem(X509_REQ *request)
{
    return written(QStringLiteral("request"), [request](BIO *bio) {
        return PEM_write_bio_X509_REQ(bio, request);
    });
}

} // namespace qd::security::ssl
