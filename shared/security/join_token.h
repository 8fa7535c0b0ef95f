// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QString>

namespace qd::security {

/// What a machine or a console needs to enter a cluster, as one word to copy:
/// `qd1.<secret, 32 hex digits>.<SHA-256 of the CA's public key, 64 hex digits>` (S-02). The second
/// half lets the newcomer know the cluster before it says the first half.
struct JoinToken {
    QByteArray secret;      ///< 16 bytes
    QByteArray fingerprint; ///< 32 bytes

    static JoinToken make(const QByteArray &authorityFingerprint);
    /// code::badInput says what is wrong with the text.
    static Result<JoinToken> parse(const QString &text);
    QString text() const;
    /// Under what name the cluster remembers the secret: SHA-256 of it, in hex.
    static QString secretName(const QByteArray &secret);

    bool operator==(const JoinToken &) const = default;
};

/// Compares without telling by its time how much is equal.
bool sameBytes(const QByteArray &a, const QByteArray &b);

} // namespace qd::security
