// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/tls_context.h"

#include "shared/base/log.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace qd::http {

namespace {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T *object) const
    {
        Free(object);
    }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;

constexpr const char *kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr QByteArrayView kSession = "qd-http";
constexpr unsigned char kProtocols[] = "\x08http/1.1";

Bio reading(const QByteArray &pem)
{
    return Bio(BIO_new_mem_buf(pem.constData(), int(pem.size())));
}

/// A key that is locked by a passphrase is refused: nobody is there to be asked.
int noPassphrase(char *, int, int, void *)
{
    return -1;
}

/// The certificates in a PEM, in their order.
std::vector<Certificate> certificatesIn(const QByteArray &pem)
{
    std::vector<Certificate> out;
    const Bio from = reading(pem);
    while (X509 *const one = PEM_read_bio_X509(from.get(), nullptr, noPassphrase, nullptr))
        out.emplace_back(one);
    ERR_clear_error(); // what follows the last one is none
    return out;
}

tl::unexpected<Error> bad(const QString &path, const char *what)
{
    return fail(code::badInput, path + QLatin1Char(' ') + QLatin1String(what));
}

Result<QByteArray> contents(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(code::io, QStringLiteral("cannot read %1: %2").arg(path, file.errorString()));
    return file.readAll();
}

/// The protocol that we speak, if the client knows it; one that names others only is let in too,
/// for it may ask and be understood.
int chooseProtocol(
    SSL *, const unsigned char **out, unsigned char *size, const unsigned char *offered,
    unsigned offeredSize, void *)
{
    unsigned char *chosen = nullptr;
    const int found = SSL_select_next_proto(
        &chosen, size, kProtocols, sizeof kProtocols - 1, offered, offeredSize);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Result<void> present(SSL_CTX *context, const TlsIdentity &identity)
{
    const std::vector<Certificate> chain = certificatesIn(identity.certificate);
    if (chain.empty() || SSL_CTX_use_certificate(context, chain.front().get()) != 1)
        return bad(identity.certificatePath, "holds no certificate in PEM");
    for (size_t i = 1; i < chain.size(); ++i)
        SSL_CTX_add1_chain_cert(context, chain[i].get());
    const Bio from = reading(identity.key);
    const Key key(PEM_read_bio_PrivateKey(from.get(), nullptr, noPassphrase, nullptr));
    if (!key)
        return bad(identity.keyPath, "holds no private key in PEM, or one that needs a passphrase");
    if (X509_check_private_key(chain.front().get(), key.get()) != 1)
        return fail(
            code::badInput, QStringLiteral("the key in %1 is not that of the certificate in %2")
                                .arg(identity.keyPath, identity.certificatePath));
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1)
        return bad(identity.keyPath, "holds a key that OpenSSL does not take");
    return {};
}

Result<void> demand(SSL_CTX *context, const TlsIdentity &identity)
{
    if (identity.trusted.isEmpty() && identity.trustedPath.isEmpty())
        return {};
    const std::vector<Certificate> authorities = certificatesIn(identity.trusted);
    if (authorities.empty())
        return bad(identity.trustedPath, "holds no certificate in PEM");
    for (const Certificate &authority : authorities) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
        SSL_CTX_add_client_CA(context, authority.get());
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return {};
}

} // namespace

Result<TlsIdentity> TlsIdentity::read(
    const QString &certificatePath, const QString &keyPath, const QString &trustedPath)
{
    TlsIdentity out;
    out.certificatePath = certificatePath;
    out.keyPath = keyPath;
    out.trustedPath = trustedPath;
    for (const auto &[path, pem] :
         {std::pair{certificatePath, &out.certificate}, std::pair{keyPath, &out.key},
          std::pair{trustedPath, &out.trusted}}) {
        if (path.isEmpty())
            continue;
        const auto read = contents(path);
        if (!read)
            return fail(read.error());
        *pem = *read;
    }
    return out;
}

TlsContext::Stamp TlsContext::stampOfNow() const
{
    Stamp out{};
    for (size_t i = 0; i < m_paths.size(); ++i) {
        const QFileInfo file(m_paths[i]);
        if (!m_paths[i].isEmpty() && file.exists())
            out[i] = {file.lastModified().toMSecsSinceEpoch(), file.size()};
    }
    return out;
}

void TlsContext::refresh()
{
    if (m_paths[0].isEmpty())
        return; // it did not come from files
    const Stamp now = stampOfNow();
    if (now == m_stamp)
        return;
    m_stamp = now;
    auto identity = TlsIdentity::read(m_paths[0], m_paths[1], m_paths[2]);
    if (!identity) {
        qCWarning(lcHttp).noquote() << "TLS stays as it is:" << identity.error().text();
        return;
    }
    identity->namesClients = m_namesClients;
    auto made = make(*identity);
    if (!made) {
        qCWarning(lcHttp).noquote() << "TLS stays as it is:" << made.error().text();
        return;
    }
    m_context = std::move(made->m_context);
    qCInfo(lcHttp).noquote() << "TLS goes on with the new certificate in" << m_paths[0];
}

Result<TlsContext> TlsContext::make(const TlsIdentity &identity)
{
    TlsContext out;
    out.m_namesClients = identity.namesClients;
    out.m_paths = {identity.certificatePath, identity.keyPath, identity.trustedPath};
    if (!identity.certificatePath.isEmpty())
        out.m_stamp = out.stampOfNow();
    out.m_context = {SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
    SSL_CTX *const context = out.m_context.get();
    if (context == nullptr || SSL_CTX_set_cipher_list(context, kCiphers) != 1 ||
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        return fail(code::internal, QStringLiteral("OpenSSL gave no TLS context"));
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Each connection proves anew who it is.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_id_context(
        context, reinterpret_cast<const unsigned char *>(kSession.data()),
        unsigned(kSession.size()));
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                     SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nullptr);
    if (const auto presented = present(context, identity); !presented)
        return fail(presented.error());
    if (const auto demanded = demand(context, identity); !demanded)
        return fail(demanded.error());
    return out;
}

} // namespace qd::http
