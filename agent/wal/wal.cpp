// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/wal/wal.h"

#include "agent/raft/message.h"
#include "agent/wal/segment_reader.h"
#include "shared/base/crc32c.h"

#include <algorithm>

namespace qd::wal {

namespace {

const QString kSuffix = QStringLiteral(".wal");
/// Room for the segment that a start on a full disk needs.
const QString kSpare = QStringLiteral("spare");
constexpr qint64 kSpareSize = 1024 * 1024;
constexpr qint64 kLeastSegment = 64 * 1024;
/// For what consensus itself must write down: terms, votes, empty entries.
constexpr qint64 kKeptRoom = 256 * 1024;

QString segmentName(quint64 sequence)
{
    return QStringLiteral("%1").arg(sequence, 16, 16, QLatin1Char('0')) + kSuffix;
}

QStringList segmentNames(const QStringList &files)
{
    QStringList names;
    for (const QString &file : files) {
        if (file.endsWith(kSuffix))
            names.append(file);
    }
    names.sort();
    return names;
}

/// Puts records together into what they mean.
class Replay {
public:
    explicit Replay(Recovered &out)
        : m_out(out)
    {
    }

    Result<void> take(const Header &header, QByteArrayView payload)
    {
        switch (header.type) {
        case RecordType::Head:
            return head(payload);
        case RecordType::HardState:
            return hardState(payload);
        case RecordType::Entry:
            return entry(payload);
        case RecordType::Marker:
            return marker(payload);
        }
        return broken();
    }
    raft::Index nextIndex() const { return m_next; }
    Head lastHead() const { return m_head; }

private:
    static tl::unexpected<Error> broken()
    {
        return fail(code::corrupt, QStringLiteral("a record of the log does not decode"));
    }
    Result<void> head(QByteArrayView payload)
    {
        const auto head = decodeHead(payload);
        if (!head)
            return broken();
        if (m_sawHead && head->identity != m_out.identity)
            return fail(code::corrupt, QStringLiteral("segments of different members are mixed"));
        if (!m_sawHead) {
            m_next = head->nextIndex;
            m_base = head->nextIndex - 1;
            m_out.snapshotIndex = m_base;
        }
        m_sawHead = true;
        m_head = *head;
        m_out.identity = head->identity;
        m_out.hard = head->hard;
        return {};
    }
    Result<void> hardState(QByteArrayView payload)
    {
        const auto hard = decodeHardState(payload);
        if (!hard)
            return broken();
        m_out.hard = *hard;
        return {};
    }
    Result<void> entry(QByteArrayView payload)
    {
        auto entry = raft::decodeEntry(payload);
        if (!entry)
            return fail(entry.error());
        const raft::Index first = m_next - m_out.entries.size();
        if (entry->index > m_next || (entry->index < first && entry->index > m_base))
            return fail(code::corrupt, QStringLiteral("the log has a gap at %1").arg(m_next));
        // Overwritten from before what is left: a snapshot's marker further on covers the rest.
        m_out.entries.resize(entry->index < first ? 0 : size_t(entry->index - first));
        m_next = entry->index + 1;
        m_out.entries.push_back(std::move(*entry));
        return {};
    }
    Result<void> marker(QByteArrayView payload)
    {
        const auto marker = decodeMarker(payload);
        if (!marker)
            return broken();
        const auto [index, term] = *marker;
        m_out.snapshotIndex = index;
        m_out.snapshotTerm = term;
        // Of an entry from before what is left only its marker speaks: what follows stays, unless
        // it cannot follow (then the snapshot came from another member).
        const raft::Index first = m_next - m_out.entries.size();
        if (index < first && index < m_next - 1 &&
            (index + 1 < first || m_out.entries.front().term >= term))
            return {};
        // A log that does not reach the snapshot, or disagrees with it, is superseded whole.
        const bool contains = index >= first && index < m_next &&
                              m_out.entries.at(size_t(index - first)).term == term;
        if (!contains) {
            m_out.entries.clear();
            m_next = index + 1;
        }
        return {};
    }

    Recovered &m_out;
    Head m_head;
    raft::Index m_next = 1;
    raft::Index m_base = 0; ///< the segments that held entries up to here may be gone
    bool m_sawHead = false;
};

struct ReadAll {
    std::vector<std::pair<QString, Head>> segments;
    SegmentEnd end;
    raft::Index nextIndex = 1;
};

Result<ReadAll> readAll(const QStringList &names, Disk &disk, Recovered *recovered)
{
    ReadAll out;
    Replay replay(*recovered);
    std::optional<quint32> chain;
    for (const QString &name : names) {
        const auto file = disk.open(name, Disk::Mode::OpenExisting);
        if (!file)
            return fail(file.error());
        const auto bytes = (*file)->readAt(0, (*file)->size());
        if (!bytes)
            return fail(bytes.error());
        const bool isLast = name == names.last();
        const auto end = readSegment(
            name, *bytes, chain, isLast, [&](const Header &header, QByteArrayView payload) {
                return replay.take(header, payload);
            });
        if (!end)
            return fail(end.error());
        if (end->offset == 0 && !isLast)
            return fail(
                code::corrupt, QStringLiteral("the log's file %1 is empty, and %2 follows it")
                                   .arg(name, names.last()));
        if (end->offset == 0)
            break; // its very head is unfinished: it was never used
        if (segmentName(replay.lastHead().sequence) != name)
            return fail(
                code::corrupt, QStringLiteral("the log's file %1 is %2 by what is in it")
                                   .arg(name, segmentName(replay.lastHead().sequence)));
        out.segments.emplace_back(name, replay.lastHead());
        out.end = *end;
        chain = end->chain;
    }
    out.nextIndex = replay.nextIndex();
    recovered->tornTail = out.end.torn;
    // Entries that a snapshot has superseded.
    std::erase_if(recovered->entries, [&](const raft::Entry &entry) {
        return entry.index <= recovered->snapshotIndex;
    });
    if (!recovered->entries.empty() &&
        recovered->entries.front().index != recovered->snapshotIndex + 1)
        return fail(code::corrupt, QStringLiteral("the log does not continue its snapshot"));
    return out;
}

} // namespace

Wal::Wal(Disk &disk, SyncRunner &runner, qint64 segmentSize)
    : m_disk(disk)
    , m_runner(runner)
    , m_segmentSize(segmentSize)
    , m_alive(std::make_shared<bool>(true))
{
}

Wal::~Wal()
{
    *m_alive = false;
}

Result<bool> Wal::exists(const Disk &disk)
{
    const auto files = disk.list();
    if (!files)
        return fail(files.error());
    return !segmentNames(*files).isEmpty();
}

Result<std::unique_ptr<Wal>>
Wal::create(Disk &disk, SyncRunner &runner, const Identity &identity, qint64 segmentSize)
{
    std::unique_ptr<Wal> wal(new Wal(disk, runner, segmentSize));
    wal->m_identity = identity;
    if (const auto started = wal->startFirstSegment(); !started)
        return fail(started.error());
    return wal;
}

Result<std::unique_ptr<Wal>>
Wal::open(Disk &disk, SyncRunner &runner, Recovered *recovered, qint64 segmentSize)
{
    const auto files = disk.list();
    if (!files)
        return fail(files.error());
    const QStringList names = segmentNames(*files);
    const auto all = readAll(names, disk, recovered);
    if (!all)
        return fail(all.error());
    if (all->segments.empty())
        return fail(code::notFound, QStringLiteral("the log's folder holds no log"));
    std::unique_ptr<Wal> wal(new Wal(disk, runner, segmentSize));
    for (const auto &[name, head] : all->segments)
        wal->m_segments.push_back({name, head.sequence, head.nextIndex});
    wal->m_identity = recovered->identity;
    wal->m_hard = recovered->hard;
    wal->m_nextIndex = all->nextIndex;
    wal->m_chain = all->end.chain;
    // A segment whose very head is unfinished was never used: it goes.
    for (const QString &name : names) {
        if (name > wal->m_segments.back().name) {
            if (const auto removed = disk.remove(name); !removed)
                return fail(removed.error());
        }
    }
    if (const auto kept = wal->keepTail(*recovered, all->end.offset); !kept)
        return fail(kept.error());
    // Always a new segment: what an unfinished write left behind stays behind the last good record,
    // and nothing is written over bytes that a crash may have half changed.
    if (const auto started = wal->startFirstSegment(); !started)
        return fail(started.error());
    return wal;
}

/// An unfinished write is cut off. The rest may have been read from memory alone, when only the
/// process before this one has died and not the machine: from now on it counts as durable.
Result<void> Wal::keepTail(const Recovered &recovered, qint64 end)
{
    const auto last = m_disk.open(m_segments.back().name, Disk::Mode::OpenExisting);
    if (!last)
        return fail(last.error());
    if (recovered.tornTail) {
        if (const auto resized = (*last)->resize(end); !resized)
            return resized;
    }
    return (*last)->sync();
}

Result<void> Wal::startSegment()
{
    const quint64 sequence = m_segments.empty() ? 1 : m_segments.back().sequence + 1;
    const QString name = segmentName(sequence);
    auto file = newFile(name);
    if (!file)
        return fail(file.error());
    const Head head{sequence, m_identity, m_chain, m_hard, m_nextIndex};
    QByteArray bytes;
    m_chain = appendRecord(bytes, RecordType::Head, encodeHead(head), 0, m_chain);
    m_file = std::move(*file);
    if (const auto written = m_file->writeAt(0, bytes); !written)
        return fail(Error(written.error()).as(code::io)); // there was room
    if (const auto synced = m_file->sync(); !synced)
        return synced;
    ++m_syncCount;
    m_offset = bytes.size();
    m_durableOffset = m_offset;
    m_segments.push_back({name, sequence, m_nextIndex});
    return m_disk.syncFolder();
}

/// With as much room as there is: a segment ends where it ends.
Result<std::unique_ptr<DiskFile>> Wal::newFile(const QString &name)
{
    auto file = m_disk.open(name, Disk::Mode::CreateNew);
    if (!file)
        return fail(file.error());
    qint64 size = m_segmentSize;
    Result<void> reserved = (*file)->preallocate(size);
    while (!reserved && reserved.error().code == code::noSpace && size > kLeastSegment) {
        size /= 2;
        reserved = (*file)->preallocate(size);
    }
    if (reserved) {
        m_reserved = size;
        return file;
    }
    // The segment before goes on: no later one may be found beside what it takes from now on.
    if (const auto removed = m_disk.remove(name); !removed)
        return fail(removed.error());
    if (const auto synced = m_disk.syncFolder(); !synced)
        return fail(synced.error());
    return fail(reserved.error());
}

Result<void> Wal::startFirstSegment()
{
    Result<void> started = startSegment();
    if (started) {
        keepSpare();
        return started;
    }
    const auto files = m_disk.list();
    if (started.error().code != code::noSpace || !files || !files->contains(kSpare))
        return started;
    if (const auto removed = m_disk.remove(kSpare); !removed)
        return removed;
    return startSegment();
}

/// Kept while there is room, given up when a start finds none: a member that comes up on a full
/// disk answers reads and votes.
void Wal::keepSpare()
{
    const auto files = m_disk.list();
    if (!files || files->contains(kSpare))
        return;
    const auto file = m_disk.open(kSpare, Disk::Mode::CreateNew);
    if (file && !(*file)->preallocate(std::min(kSpareSize, m_segmentSize)))
        static_cast<void>(m_disk.remove(kSpare));
}

Result<void> Wal::rotate()
{
    // Everything in the old segment is made durable here, so that only the current one ever is not.
    if (const auto synced = m_file->sync(); !synced)
        return synced;
    ++m_syncCount;
    m_synced = m_written;
    return startSegment();
}

QByteArray Wal::encode(const Batch &batch)
{
    QByteArray bytes;
    const auto add = [&](RecordType type, const QByteArray &payload) {
        m_chain = appendRecord(bytes, type, payload, quint64(m_durableOffset), m_chain);
    };
    if (batch.marker) {
        add(RecordType::Marker, encodeMarker(batch.marker->first, batch.marker->second));
        m_nextIndex = std::max(m_nextIndex, batch.marker->first + 1);
    }
    if (batch.entries != nullptr) {
        for (const raft::Entry &entry : *batch.entries) {
            add(RecordType::Entry, raft::encodeEntry(entry));
            m_nextIndex = entry.index + 1;
        }
    }
    if (batch.hard) {
        add(RecordType::HardState, encodeHardState(*batch.hard));
        m_hard = *batch.hard;
    }
    return bytes;
}

/// code::noSpace: it waits behind what waits already.
Result<void> Wal::take(const Batch &batch)
{
    if (m_offset >= m_segmentSize && m_unwritten.isEmpty()) {
        // Without room for a new segment this one goes on.
        if (const auto rotated = rotate(); !rotated && rotated.error().code != code::noSpace)
            return rotated;
    }
    const bool hasWaited = !m_unwritten.isEmpty();
    m_unwritten += encode(batch);
    const auto flushed = flush();
    // What has waited may have wanted a sync, and one that began before did not cover it.
    m_syncWanted = m_syncWanted || (flushed && hasWaited);
    return flushed;
}

/// Only into room that is reserved, so that a full disk never leaves half a record; where writes
/// find none all the same, the same bytes are written again at the same place.
Result<void> Wal::flush()
{
    const qint64 end = m_offset + m_unwritten.size();
    if (end > m_reserved) {
        if (const auto reserved = m_file->preallocate(end); !reserved)
            return reserved;
        m_reserved = end;
    }
    if (const auto written = m_file->writeAt(m_offset, m_unwritten); !written)
        return written;
    m_offset = end;
    m_unwritten.clear();
    return {};
}

bool Wal::isNearlyFull() const
{
    return m_reserved - m_offset < std::min(kKeptRoom, m_segmentSize / 4);
}

void Wal::retry()
{
    if (m_failed || m_unwritten.isEmpty())
        return;
    const auto done = flush();
    if (!done && done.error().code == code::noSpace)
        return;
    if (!done)
        failAll(done.error());
    m_written = m_appended;
    m_syncWanted = true;
    if (!m_syncing)
        startSync();
}

void Wal::append(const Batch &batch, Durable durable)
{
    Result<void> done;
    if (!m_failed)
        done = take(batch);
    if (!done && done.error().code != code::noSpace)
        failAll(done.error());
    m_waiters.push_back({++m_appended, std::move(durable)});
    if (done || m_failed)
        m_written = m_appended;
    m_syncWanted = m_syncWanted || batch.mustSync || m_failed;
    if (!m_syncing)
        startSync();
}

/// One at a time. With nothing to sync the runner still carries the answer, so that it never comes
/// from inside append().
void Wal::startSync()
{
    if (m_waiters.empty() || m_waiters.front().upTo > m_written)
        return; // it waits for room
    m_syncing = true;
    const bool real = m_syncWanted && !m_failed;
    m_syncWanted = false;
    if (real)
        ++m_syncCount;
    const quint64 sequence = m_segments.back().sequence;
    m_runner.run(
        [file = m_file, real]() -> Result<void> { return real ? file->sync() : Result<void>{}; },
        [this, alive = m_alive, upTo = m_written, offset = real ? m_offset : m_durableOffset,
         sequence](const Result<void> &result) {
            if (*alive)
                syncDone(upTo, offset, sequence, result);
        });
}

void Wal::syncDone(quint64 upTo, qint64 offset, quint64 sequence, const Result<void> &result)
{
    m_syncing = false;
    if (!result && !m_failed)
        failAll(result.error());
    m_synced = std::max(m_synced, upTo);
    if (sequence == m_segments.back().sequence)
        m_durableOffset = std::max(m_durableOffset, offset);
    const auto alive = m_alive;
    releaseWaiters();
    if (*alive && !m_syncing && !m_waiters.empty())
        startSync();
}

void Wal::releaseWaiters()
{
    const auto alive = m_alive;
    while (*alive && !m_waiters.empty() && m_waiters.front().upTo <= m_synced) {
        const Waiter waiter = std::move(m_waiters.front());
        m_waiters.pop_front();
        waiter.durable(m_failed ? Result<void>(fail(m_failure)) : Result<void>{});
    }
}

void Wal::failAll(const Error &error)
{
    m_failed = true;
    m_failure = error.during(QStringLiteral("the log cannot be written"));
}

QStringList Wal::release(raft::Index index)
{
    QStringList files;
    while (m_segments.size() > 1 && m_segments.at(1).nextIndex <= index + 1) {
        files.append(m_segments.front().name);
        m_segments.erase(m_segments.begin());
    }
    return files;
}

Result<void> Wal::remove(Disk &disk, const QStringList &files)
{
    for (const QString &file : files) {
        if (const auto done = disk.remove(file); !done)
            return done;
    }
    return files.isEmpty() ? Result<void>{} : disk.syncFolder();
}

Result<std::vector<EntryInfo>> inspect(const Disk &disk)
{
    const auto files = disk.list();
    if (!files)
        return fail(files.error());
    Recovered recovered;
    // Opening an existing file reads only; the seam has one kind of handle.
    const auto all = readAll(segmentNames(*files), const_cast<Disk &>(disk), &recovered);
    if (!all)
        return fail(all.error());
    std::vector<EntryInfo> out;
    for (const raft::Entry &entry : recovered.entries)
        out.push_back({entry.index, entry.term, entry.type, crc32c(raft::encodeEntry(entry))});
    return out;
}

} // namespace qd::wal
