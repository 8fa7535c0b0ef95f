// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/wal/disk.h"
#include "agent/wal/record.h"

#include <functional>

namespace qd::wal {

/// How the reading of a segment ended.
struct SegmentEnd {
    qint64 offset = 0; ///< after the last good record
    quint32 chain = 0;
    bool torn = false; ///< an unfinished write lay there: it was never acknowledged
};

/// Calls `record` for each good record of the segment, in order. `chain` is the CRC of the last
/// record of the segment before, or nothing when this is the first that is left. Whatever lies
/// behind the last good record is told apart: an unfinished write is accepted in the last
/// segment, damage to what had been written whole is code::corrupt with segment and offset.
Result<SegmentEnd> readSegment(
    const QString &name, QByteArrayView bytes, std::optional<quint32> chain, bool isLast,
    const std::function<Result<void>(const Header &, QByteArrayView payload)> &record);

} // namespace qd::wal
