// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/peer/frame.h"

#include "shared/base/bytes.h"

namespace qd::peer {

namespace {
constexpr quint32 kHead = 26;
}

QByteArray encodeFrame(const Frame &frame)
{
    QByteArray out;
    out.reserve(frame.payload.size() + 4 + kHead);
    ByteWriter writer(out);
    writer.number<quint32>(kHead + quint32(frame.payload.size()));
    writer.number<quint64>(frame.cluster);
    writer.number<quint64>(frame.from);
    writer.number<quint64>(frame.to);
    writer.u8(kVersion);
    writer.u8(frame.type);
    out.append(frame.payload);
    return out;
}

Result<std::optional<Frame>> takeFrame(QByteArray &buffer)
{
    if (buffer.size() < 4)
        return std::optional<Frame>();
    ByteReader reader(buffer);
    const auto length = reader.number<quint32>();
    if (length < kHead || length > kMaxFrame)
        return fail(code::corrupt, QStringLiteral("a frame of %1 bytes").arg(length));
    if (reader.left() < qsizetype(length))
        return std::optional<Frame>();
    Frame frame;
    frame.cluster = reader.number<quint64>();
    frame.from = reader.number<quint64>();
    frame.to = reader.number<quint64>();
    const quint8 version = reader.u8();
    frame.type = reader.u8();
    if (version != kVersion)
        return fail(code::unsupported, QStringLiteral("protocol version %1").arg(version));
    frame.payload = buffer.mid(4 + kHead, length - kHead);
    buffer.remove(0, 4 + length);
    return std::optional<Frame>(std::move(frame));
}

} // namespace qd::peer
