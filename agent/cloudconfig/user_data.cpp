// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/user_data.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <zlib.h>

namespace qd::cloudconfig {

namespace {

constexpr qsizetype kMostBytes = 64LL << 20;

bool isIgnition(const QByteArray &text)
{
    const QJsonObject object = QJsonDocument::fromJson(text).object();
    return object.contains(QLatin1String("ignitionVersion")) ||
           object.value(QLatin1String("ignition")).toObject().contains(QLatin1String("version"));
}

/// zlib's stream, ended in any case.
struct Inflation {
    Inflation() { good = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK; } // 16: gzip's frame
    ~Inflation() { inflateEnd(&stream); }
    Inflation(const Inflation &) = delete;
    Inflation &operator=(const Inflation &) = delete;
    z_stream stream{};
    bool good = false;
};

} // namespace

UserDataKind kindOf(const QByteArray &text)
{
    if (text.trimmed().isEmpty())
        return UserDataKind::Empty;
    const QByteArray first = text.left(text.indexOf('\n') < 0 ? text.size() : text.indexOf('\n'));
    if (first.startsWith("#!"))
        return UserDataKind::Script;
    QByteArray header = first;
    while (!header.isEmpty() && QByteArrayView(" \t\r").contains(header.back()))
        header.chop(1);
    if (header == "#cloud-config")
        return UserDataKind::CloudConfig;
    return isIgnition(text) ? UserDataKind::Ignition : UserDataKind::Unknown;
}

QByteArray substituted(const QByteArray &text, const NodeAddresses &addresses)
{
    const std::pair<QByteArray, QByteArray> all[] = {
        {"$private_ipv4", addresses.privateIpv4},
        {"$public_ipv4", addresses.publicIpv4},
        {"$private_ipv6", addresses.privateIpv6},
        {"$public_ipv6", addresses.publicIpv6}};
    QByteArray out;
    out.reserve(text.size());
    for (qsizetype at = 0; at < text.size();) {
        const auto starts = [&](qsizetype from, const QByteArray &name) {
            return QByteArrayView(text).sliced(from).startsWith(name);
        };
        const bool escaped = text[at] == '\\';
        qsizetype length = 0;
        for (const auto &[name, value] : all) {
            if (length > 0 || !starts(at + (escaped ? 1 : 0), name))
                continue;
            length = name.size() + (escaped ? 1 : 0);
            out += escaped ? name : value;
        }
        if (length == 0)
            out += text[at];
        at += length == 0 ? 1 : length;
    }
    return out;
}

Result<QByteArray> unpacked(const QByteArray &bytes)
{
    if (!bytes.startsWith("\x1f\x8b"))
        return bytes;
    Inflation inflation;
    z_stream &stream = inflation.stream;
    stream.next_in = reinterpret_cast<z_const Bytef *>(const_cast<char *>(bytes.constData()));
    stream.avail_in = uInt(bytes.size());
    QByteArray out;
    int result = inflation.good ? Z_OK : Z_MEM_ERROR;
    while (result == Z_OK) {
        if (out.size() > kMostBytes)
            return fail(code::limit, QStringLiteral("gzip: it holds more than 64 MiB"));
        QByteArray piece(64 * 1024, Qt::Uninitialized);
        stream.next_out = reinterpret_cast<Bytef *>(piece.data());
        stream.avail_out = uInt(piece.size());
        result = inflate(&stream, Z_NO_FLUSH);
        out += QByteArrayView(piece).first(piece.size() - qsizetype(stream.avail_out));
    }
    if (result != Z_STREAM_END)
        return fail(code::corrupt, QStringLiteral("gzip: the data is damaged or not whole"));
    return out;
}

} // namespace qd::cloudconfig
