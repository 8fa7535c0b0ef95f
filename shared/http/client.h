// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace qd::http {

/// Who sends a request, as far as its connection knows.
class Client {
public:
    virtual ~Client() = default;
    /// Its IP address as text.
    virtual QByteArray address() const = 0;
    /// Whether nobody on the way can listen in.
    virtual bool isEncrypted() const = 0;
    /// The common name of the certificate by which it has said who it is; empty: it has not, or the
    /// server does not go by certificates.
    virtual QByteArray certificateName() const = 0;
};

} // namespace qd::http
