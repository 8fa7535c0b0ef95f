// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/unit_name.h"

#include <QStringList>

namespace qd::unitfile {

namespace {

constexpr qsizetype kLongestName = 255;

bool isPlainChar(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ':' ||
           c == '_' || c == '.';
}

bool isNameChar(QChar c)
{
    const char latin = c.unicode() < 128 ? char(c.unicode()) : '\0';
    return isPlainChar(latin) || latin == '-' || latin == '\\' || latin == '@';
}

bool isType(const QString &type)
{
    static const QStringList types{
        QStringLiteral("service"), QStringLiteral("socket"), QStringLiteral("target"),
        QStringLiteral("device"),  QStringLiteral("mount"),  QStringLiteral("automount"),
        QStringLiteral("swap"),    QStringLiteral("timer"),  QStringLiteral("path"),
        QStringLiteral("slice"),   QStringLiteral("scope"),  QStringLiteral("snapshot")};
    return types.contains(type);
}

QByteArray escapeBytes(const QByteArray &bytes)
{
    static const char digits[] = "0123456789abcdef";
    QByteArray out;
    for (qsizetype i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        if (c == '/') {
            out += '-';
        } else if (isPlainChar(c) && !(i == 0 && c == '.')) {
            out += c;
        } else {
            out += "\\x";
            out += digits[(uchar(c) >> 4) & 15];
            out += digits[uchar(c) & 15];
        }
    }
    return out;
}

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

std::optional<QByteArray> unescapeBytes(const QByteArray &text)
{
    QByteArray out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] == '-') {
            out += '/';
        } else if (text[i] == '\\') {
            if (i + 3 >= text.size() || text[i + 1] != 'x')
                return std::nullopt;
            const int high = hexDigit(text[i + 2]);
            const int low = hexDigit(text[i + 3]);
            if (high < 0 || low < 0)
                return std::nullopt;
            out += char(high * 16 + low);
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// The parts of a path without the empty ones and `.`; nothing when one is `..`.
std::optional<QStringList> pathParts(const QString &path)
{
    QStringList out;
    const QStringList all = path.split(QLatin1Char('/'), Qt::SkipEmptyParts);
    for (const QString &part : all) {
        if (part == QLatin1String(".."))
            return std::nullopt;
        if (part != QLatin1String("."))
            out.append(part);
    }
    return out;
}

} // namespace

NameKind nameKind(const QString &name)
{
    const qsizetype dot = name.lastIndexOf(QLatin1Char('.'));
    if (name.size() > kLongestName || dot <= 0 || !isType(name.mid(dot + 1)))
        return NameKind::Invalid;
    for (const QChar c : name) {
        if (!isNameChar(c))
            return NameKind::Invalid;
    }
    const qsizetype at = name.indexOf(QLatin1Char('@'));
    if (at < 0 || at > dot)
        return NameKind::Plain;
    if (at == 0)
        return NameKind::Invalid;
    return at + 1 == dot ? NameKind::Template : NameKind::Instance;
}

QString nameType(const QString &name)
{
    const qsizetype dot = name.lastIndexOf(QLatin1Char('.'));
    return dot < 0 ? QString() : name.mid(dot + 1);
}

QString nameStem(const QString &name)
{
    const qsizetype dot = name.lastIndexOf(QLatin1Char('.'));
    return dot < 0 ? name : name.left(dot);
}

QString namePrefix(const QString &name)
{
    const QString stem = nameStem(name);
    const qsizetype at = stem.indexOf(QLatin1Char('@'));
    return at < 0 ? stem : stem.left(at);
}

QString nameInstance(const QString &name)
{
    const QString stem = nameStem(name);
    const qsizetype at = stem.indexOf(QLatin1Char('@'));
    return at < 0 ? QString() : stem.mid(at + 1);
}

QString templateOf(const QString &name)
{
    const qsizetype at = name.indexOf(QLatin1Char('@'));
    if (at < 0)
        return {};
    return name.left(at + 1) + QLatin1Char('.') + nameType(name);
}

QString instanceOf(const QString &templateName, const QString &instance)
{
    return namePrefix(templateName) + QLatin1Char('@') + instance + QLatin1Char('.') +
           nameType(templateName);
}

QString escape(const QString &text)
{
    return QString::fromLatin1(escapeBytes(text.toUtf8()));
}

std::optional<QString> unescape(const QString &text)
{
    const auto bytes = unescapeBytes(text.toUtf8());
    if (!bytes)
        return std::nullopt;
    return QString::fromUtf8(*bytes);
}

std::optional<QString> escapePath(const QString &path)
{
    const auto parts = pathParts(path);
    if (!parts)
        return std::nullopt;
    if (parts->isEmpty())
        return QStringLiteral("-");
    return escape(parts->join(QLatin1Char('/')));
}

std::optional<QString> unescapePath(const QString &text)
{
    if (text == QLatin1String("-"))
        return QStringLiteral("/");
    if (text.isEmpty() || text.startsWith(QLatin1Char('-')) || text.endsWith(QLatin1Char('-')))
        return std::nullopt;
    const auto plain = unescape(text);
    if (!plain)
        return std::nullopt;
    // Only what escapePath() can have made: no empty parts, no dots.
    const auto parts = pathParts(*plain);
    if (!parts || parts->join(QLatin1Char('/')) != *plain)
        return std::nullopt;
    return QLatin1Char('/') + *plain;
}

} // namespace qd::unitfile
