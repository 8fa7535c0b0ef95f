// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/wal/segment_reader.h"

#include <algorithm>

namespace qd::wal {

namespace {

/// Segments are numbered one after the other.
QString nameBefore(const QString &name)
{
    const QString number = name.section(u'.', 0, 0);
    return QStringLiteral("%1").arg(
               number.toULongLong(nullptr, 16) - 1, int(number.size()), 16, QLatin1Char('0')) +
           name.mid(number.size());
}

constexpr qsizetype kSector = 512;

bool allZero(QByteArrayView bytes)
{
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

/// A disk writes whole sectors. A record is unfinished when at least one sector that it lies in
/// still holds only the zeros of the preallocation (as far as the record covers it).
bool hasUnwrittenSector(QByteArrayView segment, qint64 from, qint64 to)
{
    to = std::min<qint64>(to, segment.size());
    for (qint64 at = from; at < to;) {
        const qint64 end = std::min((at / kSector + 1) * kSector, to);
        // Of the sector in which the record begins, what lies before belongs to others; and a
        // sliver at the end may be nothing but padding.
        if (end - at >= 8 && allZero(segment.sliced(at, end - at)))
            return true;
        at = end;
    }
    return false;
}

/// Whether a record further on remembers that what lies at `from` had been synced when it was
/// written. It is looked for at every place where one may begin: what lies between may be a hole
/// that a write left which went elsewhere.
bool isVouchedFor(QByteArrayView segment, qint64 from)
{
    for (qint64 at = from + kRecordAlignment; at + kHeaderSize <= segment.size();
         at += kRecordAlignment) {
        const auto header = readHeader(segment.sliced(at));
        if (header && header->durable > quint64(from) && header->durable <= quint64(at))
            return true;
    }
    return false;
}

tl::unexpected<Error> damaged(const QString &name, qint64 offset)
{
    return fail(
        code::corrupt,
        QStringLiteral(
            "the log is damaged: segment %1, offset %2. What was written there whole is not "
            "what is read now; the node must not go on with less than it acknowledged")
            .arg(name)
            .arg(offset));
}

/// What the bytes at `offset`, where no good record is, mean.
Result<bool> isTorn(const QString &name, QByteArrayView segment, qint64 offset, bool isLast)
{
    const QByteArrayView rest = segment.sliced(offset);
    if (allZero(rest))
        return false; // the clean end
    const auto header = readHeader(rest);
    // Without a header nobody knows how long the record is: it reaches into the sector in which its
    // header ends, at least.
    const qint64 headerSectors = ((offset + kHeaderSize - 1) / kSector + 1) * kSector;
    const qint64 end = header ? offset + recordSize(header->length) : headerSectors;
    const bool pastEnd =
        offset + (header ? recordSize(header->length) : kHeaderSize) > segment.size();
    const bool cut = pastEnd || hasUnwrittenSector(segment, offset, end);
    if (!isLast || !cut || isVouchedFor(segment, offset))
        return damaged(name, offset);
    return true;
}

/// As its writer left it, whatever it continues.
bool isWholeHead(const Header &header, QByteArrayView payload)
{
    const auto head = header.type == RecordType::Head ? decodeHead(payload) : std::nullopt;
    return head && fits(header, payload, head->chain);
}

} // namespace

Result<SegmentEnd> readSegment(
    const QString &name, QByteArrayView bytes, std::optional<quint32> chain, bool isLast,
    const std::function<Result<void>(const Header &, QByteArrayView payload)> &record)
{
    SegmentEnd end;
    end.chain = chain.value_or(0);
    bool first = true;
    while (end.offset < bytes.size()) {
        const QByteArrayView rest = bytes.sliced(end.offset);
        const auto header = readHeader(rest);
        const bool whole = header && kHeaderSize + qint64(header->length) <= rest.size();
        const QByteArrayView payload =
            whole ? rest.sliced(kHeaderSize, header->length) : QByteArrayView();
        if (whole && first && header->type == RecordType::Head && !chain) {
            const auto head = decodeHead(payload); // nothing before it is left to continue from
            end.chain = head ? head->chain : 0;
        }
        if (!whole || !fits(*header, payload, end.chain)) {
            if (whole && first && isWholeHead(*header, payload))
                return fail(
                    code::corrupt,
                    QStringLiteral(
                        "the log is damaged: segment %1 does not continue %2, whose end is missing")
                        .arg(name, nameBefore(name)));
            const auto torn = isTorn(name, bytes, end.offset, isLast);
            if (!torn)
                return fail(torn.error());
            end.torn = *torn;
            return end;
        }
        if (const auto taken = record(*header, payload); !taken)
            return fail(taken.error().during(
                QStringLiteral("segment %1, offset %2").arg(name).arg(end.offset)));
        end.chain = header->crc;
        end.offset = std::min<qint64>(end.offset + recordSize(header->length), bytes.size());
        first = false;
    }
    return end;
}

} // namespace qd::wal
