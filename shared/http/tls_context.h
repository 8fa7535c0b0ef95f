// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QString>
#include <array>
#include <memory>

struct ssl_ctx_st;

namespace qd::http {

/// What a TLS server shows its clients, and what it wants of them; all PEM.
struct TlsIdentity {
    QByteArray certificate; ///< may be followed by those of authorities between it and the root
    QByteArray key;
    /// Authorities; not empty: a client must show a certificate of one of them.
    QByteArray trusted;
    /// A client's certificate says who it is (Client::certificateName).
    bool namesClients = false;
    /// Where they come from, for the error that names it.
    QString certificatePath;
    QString keyPath;
    QString trustedPath;

    /// Reads the files; an empty path for `trusted` is none. code::io with path and cause.
    static Result<TlsIdentity>
    read(const QString &certificatePath, const QString &keyPath, const QString &trustedPath);
};

/// TLS 1.2 or 1.3 for a server, with ciphers that keep what was said even if the key is lost later.
/// A value; copies share one object of OpenSSL's.
class TlsContext {
public:
    /// code::badInput, with the path of what does not load: no PEM, or a key that is not the
    /// certificate's.
    static Result<TlsContext> make(const TlsIdentity &identity);

    /// Reads the files again if they have changed since. What does not load then leaves things as
    /// they are, and is logged: certificate and key are seldom written in the same moment.
    void refresh();

    ssl_ctx_st *get() const { return m_context.get(); }
    bool namesClients() const { return m_namesClients; }

private:
    /// When its files were written, and how long they are.
    using Stamp = std::array<std::pair<qint64, qint64>, 3>;
    Stamp stampOfNow() const;

    std::shared_ptr<ssl_ctx_st> m_context;
    std::array<QString, 3> m_paths; ///< certificate, key, authorities
    Stamp m_stamp{};
    bool m_namesClients = false;
};

} // namespace qd::http
