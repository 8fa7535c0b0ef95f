// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/result.h"

#include <QByteArray>
#include <optional>

/// Frames between members: length u32, then cluster id u64, sender u64, receiver u64, version u8,
/// type u8, payload (anchors-engines.md 1.7, point 14).
namespace qd::peer {

inline constexpr quint8 kVersion = 1;
inline constexpr quint32 kMaxFrame = 16 * 1024 * 1024;
/// Types above those of store::PeerKind.
inline constexpr quint8 kSnapshotOffer = 18;
inline constexpr quint8 kSnapshotPiece = 19;
inline constexpr quint8 kSnapshotHave = 20;

struct Frame {
    quint64 cluster = 0;
    raft::NodeId from = raft::kNobody;
    raft::NodeId to = raft::kNobody;
    quint8 type = 0;
    QByteArray payload;
};

QByteArray encodeFrame(const Frame &frame);
/// Takes the first whole frame off `buffer`; nothing when it is not whole yet; code::corrupt for a
/// length or version that no member sends.
Result<std::optional<Frame>> takeFrame(QByteArray &buffer);

} // namespace qd::peer
