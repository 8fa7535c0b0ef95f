// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/rpc/connection.h"

#include <QSslConfiguration>

namespace qd::rpc {

inline constexpr quint16 kControlPort = 7443;

/// Whom to call, and how to know that it is the one.
struct Target {
    QString address;
    quint16 port = kControlPort;
    QSslConfiguration tls;
    /// The verdict on the server, after the TLS handshake and before a byte of ours is sent.
    std::function<Result<void>(const QSslSocket &)> verify;
    QString client;        ///< what the hello says of us
    int timeoutMs = 5'000; ///< for connection and hello together
    Limits limits;
};

/// A connection that has been answered: TLS 1.3 tells a client "encrypted" before the server has
/// refused its certificate, so only the hello's answer counts.
struct Dialled {
    std::shared_ptr<Connection> connection;
    QCborMap welcome;
};
using DialAnswer = std::function<void(Result<Dialled>)>;

/// Connects; `done` is called exactly once unless `context` goes first, which ends the attempt.
/// Errors: code::unreachable, code::deadline, or what `verify` and the agent say.
void dial(const Target &target, QObject *context, DialAnswer done);

} // namespace qd::rpc
