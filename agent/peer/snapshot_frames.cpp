// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/peer/snapshot_frames.h"

#include "shared/base/bytes.h"
#include "shared/base/crc32c.h"

namespace qd::peer {

namespace {

tl::unexpected<Error> broken()
{
    return fail(code::corrupt, QStringLiteral("a frame of a snapshot makes no sense"));
}

} // namespace

QByteArray encode(const SnapshotOffer &offer)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(offer.size);
    writer.number<quint32>(offer.crc);
    writer.bytes(raft::encodeMessage(offer.message));
    return out;
}

QByteArray encode(const SnapshotHave &have)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(have.index);
    writer.number<quint64>(have.offset);
    return out;
}

QByteArray encodeChunk(const QByteArray &state, quint64 offset, qsizetype size)
{
    const QByteArrayView bytes = QByteArrayView(state)
                                     .sliced(qsizetype(offset))
                                     .first(std::min(size, state.size() - qsizetype(offset)));
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(offset);
    writer.number<quint32>(crc32c(bytes));
    writer.bytes(bytes);
    return out;
}

Result<SnapshotOffer> decodeOffer(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    SnapshotOffer offer;
    offer.size = reader.number<quint64>();
    offer.crc = reader.number<quint32>();
    const auto message = raft::decodeMessage(reader.view());
    if (!reader.ok() || !reader.atEnd() || offer.size == 0 || !message ||
        message->type != raft::MessageType::Snapshot)
        return broken();
    offer.message = *message;
    return offer;
}

Result<SnapshotChunk> decodeChunk(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    SnapshotChunk chunk;
    chunk.offset = reader.number<quint64>();
    chunk.crc = reader.number<quint32>();
    chunk.bytes = reader.view();
    if (!reader.ok() || !reader.atEnd())
        return broken();
    return chunk;
}

Result<SnapshotHave> decodeHave(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    SnapshotHave have;
    have.index = reader.number<quint64>();
    have.offset = reader.number<quint64>();
    if (!reader.ok() || !reader.atEnd())
        return broken();
    return have;
}

} // namespace qd::peer
