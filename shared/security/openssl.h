// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/// Ownership and PEM for OpenSSL's objects. Private to shared/security.
namespace qd::security::ssl {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T *object) const
    {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;

/// code::internal with what OpenSSL has to say.
Error lastError(const QString &doing);

Result<Key> keyFromPem(const QByteArray &pem);
Result<Certificate> certificateFromPem(const QByteArray &pem);
/// Null when the DER does not parse.
Certificate certificateFromDer(const QByteArray &der);
Result<Request> requestFromPem(const QByteArray &pem);
Result<QByteArray> toPem(EVP_PKEY *key);
Result<QByteArray> toPem(X509 *certificate);
Result<QByteArray> toPem(X509_REQ *request);

} // namespace qd::security::ssl
