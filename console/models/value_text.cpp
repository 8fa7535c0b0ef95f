// SPDX-License-Identifier: GPL-3.0-or-later
#include "value_text.h"

#include <QJsonDocument>
#include <QStringDecoder>
#include <QStringList>

namespace qd::models {
namespace {

constexpr qsizetype kPreview = 120;
constexpr qsizetype kDumpBytes = 16'384;
constexpr qsizetype kDumpWidth = 16;

QString dumpLine(const QByteArray &bytes, qsizetype at)
{
    QString printable;
    for (const char c : bytes)
        printable += c >= 0x20 && c < 0x7f ? QLatin1Char(c) : QLatin1Char('.');
    return QStringLiteral("%1  %2  %3")
        .arg(at, 6, 16, QLatin1Char('0'))
        .arg(QString::fromLatin1(bytes.toHex(' ')), -(3 * kDumpWidth - 1))
        .arg(printable);
}

} // namespace

bool isText(const QByteArray &bytes)
{
    if (bytes.contains('\0'))
        return false;
    QStringDecoder decoder(QStringDecoder::Utf8);
    const QString decoded = decoder(bytes);
    return !decoder.hasError();
}

QString previewOf(const QByteArray &bytes)
{
    const QByteArray head = bytes.left(kPreview * 4);
    // A character that the cut goes through is not an error of the value.
    const QString text = QString::fromUtf8(head).left(kPreview);
    const bool broken = text.contains(QChar::ReplacementCharacter) || head.contains('\0');
    if (broken && !isText(bytes))
        return QStringLiteral("%1 bytes").arg(bytes.size());
    return text.simplified();
}

QString hexDump(const QByteArray &bytes)
{
    QStringList lines;
    const qsizetype end = qMin(bytes.size(), kDumpBytes);
    for (qsizetype at = 0; at < end; at += kDumpWidth)
        lines.append(dumpLine(bytes.mid(at, qMin(kDumpWidth, end - at)), at));
    return lines.join(QLatin1Char('\n'));
}

QString prettyJson(const QByteArray &bytes)
{
    const QJsonDocument json = QJsonDocument::fromJson(bytes.left(kShownBytes));
    return json.isNull() ? QString() : QString::fromUtf8(json.toJson()).trimmed();
}

} // namespace qd::models
