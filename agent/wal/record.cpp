// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/wal/record.h"

#include "shared/base/bytes.h"
#include "shared/base/crc32c.h"

namespace qd::wal {

namespace {

constexpr qsizetype kCrcOffset = 4;
constexpr qsizetype kAfterCrc = 8;
constexpr qsizetype kCheckOffset = 17;

quint32 checkOf(QByteArrayView header)
{
    return crc32c(header.first(kCheckOffset)) & 0xffffffU;
}

quint32 crcOf(QByteArrayView header, QByteArrayView payload, quint32 chain)
{
    const quint32 overHeader = crc32c(header.sliced(kAfterCrc, kCheckOffset - kAfterCrc), chain);
    return crc32c(payload, overHeader);
}

QByteArray headerBytes(const Header &header)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint32>(header.length);
    writer.number<quint32>(header.crc);
    writer.number<quint64>(header.durable);
    writer.u8(quint8(header.type));
    return out;
}

} // namespace

QByteArray encodeHardState(const raft::HardState &hard)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(hard.term);
    writer.number<quint64>(hard.vote);
    writer.number<quint64>(hard.commit);
    return out;
}

std::optional<raft::HardState> decodeHardState(QByteArrayView payload)
{
    ByteReader reader(payload);
    raft::HardState hard;
    hard.term = reader.number<quint64>();
    hard.vote = reader.number<quint64>();
    hard.commit = reader.number<quint64>();
    return reader.ok() && reader.atEnd() ? std::optional(hard) : std::nullopt;
}

QByteArray encodeHead(const Head &head)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(head.sequence);
    writer.number<quint64>(head.identity.clusterId);
    writer.number<quint64>(head.identity.memberId);
    writer.number<quint32>(head.chain);
    writer.bytes(encodeHardState(head.hard));
    writer.number<quint64>(head.nextIndex);
    return out;
}

std::optional<Head> decodeHead(QByteArrayView payload)
{
    ByteReader reader(payload);
    Head head;
    head.sequence = reader.number<quint64>();
    head.identity.clusterId = reader.number<quint64>();
    head.identity.memberId = reader.number<quint64>();
    head.chain = reader.number<quint32>();
    const auto hard = decodeHardState(reader.view());
    head.nextIndex = reader.number<quint64>();
    if (!reader.ok() || !reader.atEnd() || !hard)
        return std::nullopt;
    head.hard = *hard;
    return head;
}

QByteArray encodeMarker(raft::Index index, raft::Term term)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(index);
    writer.number<quint64>(term);
    return out;
}

std::optional<std::pair<raft::Index, raft::Term>> decodeMarker(QByteArrayView payload)
{
    ByteReader reader(payload);
    const auto index = reader.number<quint64>();
    const auto term = reader.number<quint64>();
    if (!reader.ok() || !reader.atEnd())
        return std::nullopt;
    return std::pair(index, term);
}

quint32 appendRecord(
    QByteArray &out, RecordType type, QByteArrayView payload, quint64 durable, quint32 chain)
{
    Header header{quint32(payload.size()), 0, durable, type};
    QByteArray bytes = headerBytes(header);
    header.crc = crcOf(bytes, payload, chain);
    qToLittleEndian(header.crc, bytes.data() + kCrcOffset);
    const quint32 check = checkOf(bytes);
    for (int shift = 0; shift < 24; shift += 8)
        bytes.append(char((check >> shift) & 0xff));
    out.append(bytes);
    out.append(payload);
    out.append(recordSize(header.length) - kHeaderSize - payload.size(), kPadding);
    return header.crc;
}

std::optional<Header> readHeader(QByteArrayView bytes)
{
    if (bytes.size() < kHeaderSize)
        return std::nullopt;
    ByteReader reader(bytes);
    Header header;
    header.length = reader.number<quint32>();
    header.crc = reader.number<quint32>();
    header.durable = reader.number<quint64>();
    const quint8 type = reader.u8();
    quint32 check = 0;
    for (int shift = 0; shift < 24; shift += 8)
        check |= quint32(reader.u8()) << shift;
    if (type < quint8(RecordType::Head) || type > quint8(RecordType::Marker) ||
        header.length > kMaxRecord || check != checkOf(bytes))
        return std::nullopt;
    header.type = RecordType(type);
    return header;
}

bool fits(const Header &header, QByteArrayView payload, quint32 chain)
{
    const QByteArray bytes = headerBytes(header);
    return crcOf(bytes, payload, chain) == header.crc;
}

} // namespace qd::wal
