// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/message.h"

namespace qd::peer {

/// What is shipped: the sender says so first, and again after each connection that was lost.
struct SnapshotOffer {
    quint64 size = 0;
    quint32 crc = 0; ///< CRC-32C of the whole
    raft::Message message;
};

/// A piece, with a CRC of its own: damage is found before the whole is there.
struct SnapshotChunk {
    quint64 offset = 0;
    quint32 crc = 0;
    QByteArrayView bytes;
};

/// The receiver's answer to an offer, and to what comes: so much of it is here, go on after it.
struct SnapshotHave {
    raft::Index index = 0;
    quint64 offset = 0;
};

QByteArray encode(const SnapshotOffer &offer);
QByteArray encode(const SnapshotHave &have);
/// The piece of `state` at that offset.
QByteArray encodeChunk(const QByteArray &state, quint64 offset, qsizetype size);

/// code::corrupt for what no member sends.
Result<SnapshotOffer> decodeOffer(QByteArrayView bytes);
/// Its bytes live as long as the argument.
Result<SnapshotChunk> decodeChunk(QByteArrayView bytes);
Result<SnapshotHave> decodeHave(QByteArrayView bytes);

} // namespace qd::peer
