// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/result.h"

#include <QByteArrayView>
#include <optional>

/// The bytes of the log on disk. A record is a header, the payload, and kPadding up to a multiple
/// of 8 (no zeros: a sector that was written is told by them from one that was not):
///
///     length u32 | crc u32 | durable u64 | type u8 | check u24
///
/// `crc` is CRC-32C over the rest of the record, continued from the record before (a chain: a
/// record that was left over from an earlier life of the file fits nowhere). `durable` is the
/// offset that was known to be synced when the record was written. `check` guards the header
/// itself, so that a damaged length is told from a damaged payload.
namespace qd::wal {

enum class RecordType : quint8 {
    Head = 1,  ///< first in a segment
    HardState, ///< term, vote, commit
    Entry,
    Marker, ///< a snapshot stands at this index: entries up to it are superseded
};

inline constexpr qsizetype kHeaderSize = 20;
inline constexpr qsizetype kRecordAlignment = 8;
inline constexpr char kPadding = '\xff';
inline constexpr qint64 kSegmentSize = 16 * 1024 * 1024;
/// No record is larger: a request is at most 1.5 MB (anchors-engines.md 1.7, point 8).
inline constexpr quint32 kMaxRecord = 8 * 1024 * 1024;

struct Identity {
    quint64 clusterId = 0;
    quint64 memberId = 0;
    bool operator==(const Identity &) const = default;
};

/// What a segment begins with: enough to recover without any segment before it.
struct Head {
    quint64 sequence = 0;
    Identity identity;
    quint32 chain = 0; ///< CRC of the last record of the segment before
    raft::HardState hard;
    raft::Index nextIndex = 1; ///< the entry that would be appended next
};

struct Header {
    quint32 length = 0;
    quint32 crc = 0;
    quint64 durable = 0;
    RecordType type = RecordType::Head;
};

QByteArray encodeHead(const Head &head);
std::optional<Head> decodeHead(QByteArrayView payload);
QByteArray encodeHardState(const raft::HardState &hard);
std::optional<raft::HardState> decodeHardState(QByteArrayView payload);
QByteArray encodeMarker(raft::Index index, raft::Term term);
std::optional<std::pair<raft::Index, raft::Term>> decodeMarker(QByteArrayView payload);

/// Appends one record to `out`; returns its CRC, which seeds the next.
quint32 appendRecord(
    QByteArray &out, RecordType type, QByteArrayView payload, quint64 durable, quint32 chain);

/// Nothing when the bytes are no header (too short, or its check does not fit).
std::optional<Header> readHeader(QByteArrayView bytes);
/// Whether `payload` belongs to `header` after a record with CRC `chain`.
bool fits(const Header &header, QByteArrayView payload, quint32 chain);
inline qsizetype recordSize(quint32 length)
{
    return (kHeaderSize + qsizetype(length) + kRecordAlignment - 1) / kRecordAlignment *
           kRecordAlignment;
}

} // namespace qd::wal
