// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/content.h"

#include "agent/cloudconfig/user_data.h"

#include <QStringList>
#include <algorithm>

namespace qd::cloudconfig {

namespace {

tl::unexpected<Error> refuse(const QByteArray &encoding)
{
    return fail(
        code::badInput,
        QStringLiteral("content cannot be decoded as \"%1\"").arg(QString::fromUtf8(encoding)));
}

Result<QByteArray> fromBase64(const QByteArray &text, const QByteArray &encoding)
{
    const QByteArray joined = text.simplified().replace(" ", ""); // it may be folded
    const auto bytes =
        QByteArray::fromBase64Encoding(joined, QByteArray::AbortOnBase64DecodingErrors);
    if (!bytes)
        return refuse(encoding);
    return *bytes;
}

Result<QByteArray> fromGzip(const QByteArray &bytes, const QByteArray &encoding)
{
    if (!bytes.startsWith("\x1f\x8b"))
        return refuse(encoding);
    auto text = unpacked(bytes);
    if (!text)
        return fail(text.error().during(QStringLiteral("content cannot be decoded as \"%1\"")
                                            .arg(QString::fromUtf8(encoding))));
    return text;
}

} // namespace

Result<QByteArray> decoded(const QByteArray &text, const QByteArray &encoding)
{
    if (encoding.isEmpty())
        return text;
    if (encoding == "b64" || encoding == "base64")
        return fromBase64(text, encoding);
    if (encoding == "gz" || encoding == "gzip")
        return fromGzip(text, encoding);
    const qsizetype plus = encoding.indexOf('+');
    const QByteArray packing = encoding.left(plus);
    const QByteArray inside = encoding.mid(plus + 1);
    const bool known = plus > 0 && (packing == "gz" || packing == "gzip") &&
                       (inside == "b64" || inside == "base64");
    if (!known)
        return refuse(encoding);
    const auto bytes = fromBase64(text, encoding);
    return bytes ? fromGzip(*bytes, encoding) : bytes;
}

QString cleaned(const QString &path)
{
    QStringList parts;
    for (const QString &part : path.split(u'/', Qt::SkipEmptyParts)) {
        if (part == QLatin1String(".."))
            parts.resize(std::max<qsizetype>(0, parts.size() - 1));
        else if (part != QLatin1String("."))
            parts.append(part);
    }
    return u'/' + parts.join(u'/');
}

bool isReadOnly(const QString &path)
{
    const QString clean = cleaned(path);
    return clean == QLatin1String("/usr") || clean.startsWith(QLatin1String("/usr/"));
}

} // namespace qd::cloudconfig
