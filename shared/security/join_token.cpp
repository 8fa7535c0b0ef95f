// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/join_token.h"

#include "shared/base/random.h"

#include <QCryptographicHash>
#include <QStringList>

namespace qd::security {
namespace {

constexpr int kSecretBytes = 16;
constexpr int kFingerprintBytes = 32;

Result<QByteArray> hexOf(const QString &text, int bytes, const QString &what)
{
    static const QString digits = QStringLiteral("0123456789abcdef");
    for (const QChar c : text) {
        if (!digits.contains(c))
            return fail(
                code::badInput,
                QStringLiteral("The token's %1 is not made of hex digits.").arg(what));
    }
    if (text.size() != 2 * bytes)
        return fail(
            code::badInput, QStringLiteral("The token's %1 has %2 digits instead of %3.")
                                .arg(what)
                                .arg(text.size())
                                .arg(2 * bytes));
    return QByteArray::fromHex(text.toLatin1());
}

} // namespace

JoinToken JoinToken::make(const QByteArray &authorityFingerprint)
{
    return JoinToken{SystemRandom::bytes(kSecretBytes), authorityFingerprint};
}

Result<JoinToken> JoinToken::parse(const QString &text)
{
    const QStringList parts = text.trimmed().split(QLatin1Char('.'));
    if (parts.size() != 3 || parts[0] != QLatin1String("qd1"))
        return fail(
            code::badInput,
            QStringLiteral("This is not a join token: it must read qd1.<secret>.<fingerprint>."));
    const auto secret = hexOf(parts[1], kSecretBytes, QStringLiteral("secret"));
    if (!secret)
        return fail(secret.error());
    const auto fingerprint = hexOf(parts[2], kFingerprintBytes, QStringLiteral("fingerprint"));
    if (!fingerprint)
        return fail(fingerprint.error());
    return JoinToken{*secret, *fingerprint};
}

QString JoinToken::text() const
{
    return QStringLiteral("qd1.%1.%2")
        .arg(QString::fromLatin1(secret.toHex()), QString::fromLatin1(fingerprint.toHex()));
}

QString JoinToken::secretName(const QByteArray &secret)
{
    return QString::fromLatin1(
        QCryptographicHash::hash(secret, QCryptographicHash::Sha256).toHex());
}

bool sameBytes(const QByteArray &a, const QByteArray &b)
{
    if (a.size() != b.size())
        return false;
    unsigned difference = 0;
    for (qsizetype i = 0; i < a.size(); ++i)
        difference |= unsigned(quint8(a[i]) ^ quint8(b[i]));
    return difference == 0;
}

} // namespace qd::security
