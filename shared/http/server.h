// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/http/answer.h"
#include "shared/http/tls_context.h"

#include <QHostAddress>
#include <QObject>
#include <memory>
#include <optional>

namespace qd::http {

/// Where a server listens.
struct Place {
    QHostAddress address;
    quint16 port = 0;
    bool encrypted = false;
};

/// An HTTP/1.1 server on the thread that made it: pipelining, keep-alive, answers in parts, held
/// answers. Wiring: construct with the handler, then listen.
class Server final : public QObject {
    Q_OBJECT
public:
    explicit Server(Handler handler, const Limits &limits = {}, QObject *parent = nullptr);
    /// Ends every connection; the answers that are still held do nothing from then on.
    ~Server() override;

    /// code::io with the reason, such as an address that is taken. Port 0 takes a free one. May be
    /// called again for a further address or port.
    Result<void> listen(const QHostAddress &address, quint16 port);
    /// The same over TLS; certificates that came from files are read again when those change.
    Result<void> listenTls(const QHostAddress &address, quint16 port, const TlsContext &tls);
    /// As the place says; code::internal when it is to be encrypted and there is no `tls`.
    Result<void> listen(const Place &place, const std::optional<TlsContext> &tls);
    quint16 port() const; ///< the first one's
    quint16 tlsPort() const;
    qsizetype connections() const;

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace qd::http
