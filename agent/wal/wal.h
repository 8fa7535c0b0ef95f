// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/wal/disk.h"
#include "agent/wal/record.h"

#include <deque>
#include <functional>
#include <vector>

namespace qd::wal {

/// What the log says after a restart.
struct Recovered {
    Identity identity;
    raft::HardState hard;
    raft::Index snapshotIndex = 0; ///< the newest marker: that snapshot must be there
    raft::Term snapshotTerm = 0;
    std::vector<raft::Entry> entries; ///< after the marker, without a gap
    bool tornTail = false;
};

/// The write-ahead log: segments of records with a chained CRC, group commit by one fdatasync at a
/// time that covers everything written while the last one ran, recovery that tells an unfinished
/// write from damage (anchors-engines.md 1.7, points 9 and 10). After a failed write or sync
/// nothing is acknowledged any more: the owner ends the process. A full disk is no failed
/// one: every write goes into room that was reserved before, and what finds none waits in memory,
/// not durable, for retry().
class Wal {
public:
    using Durable = std::function<void(Result<void>)>;

    /// A new log in an empty folder. A segment takes nothing more once it is that large.
    static Result<std::unique_ptr<Wal>> create(
        Disk &disk, SyncRunner &runner, const Identity &identity,
        qint64 segmentSize = kSegmentSize);
    /// What it has recovered is durable when it returns, also what an earlier process had written
    /// and not yet synced.
    static Result<std::unique_ptr<Wal>>
    open(Disk &disk, SyncRunner &runner, Recovered *recovered, qint64 segmentSize = kSegmentSize);
    static Result<bool> exists(const Disk &disk);

    ~Wal();

    /// Writes in this order: marker, entries, hard state. `durable` is called when everything up to
    /// here is on disk, in the order of the calls, never from inside this one; without `mustSync`
    /// as soon as what was written before is.
    struct Batch {
        std::optional<std::pair<raft::Index, raft::Term>> marker;
        const std::vector<raft::Entry> *entries = nullptr;
        std::optional<raft::HardState> hard;
        bool mustSync = true;
    };
    void append(const Batch &batch, Durable durable);
    /// Writes what found no room, if there is some now. Call it from time to time.
    void retry();
    bool isWaitingForRoom() const { return !m_unwritten.isEmpty(); }
    /// Only a little is left of what is reserved in the current segment.
    bool isNearlyFull() const;
    /// Lets go of segments that hold nothing after `index`, for a snapshot has it: their files.
    QStringList release(raft::Index index);
    /// Removes what release() named. Safe to call on another thread: nothing else looks at it.
    static Result<void> remove(Disk &disk, const QStringList &files);

    bool hasFailed() const { return m_failed; }
    /// fdatasync calls so far, and the microseconds that the caller's clock saw them take in total.
    quint64 syncCount() const { return m_syncCount; }

private:
    struct Segment {
        QString name;
        quint64 sequence = 0;
        raft::Index nextIndex = 1; // as its head says
    };
    struct Waiter {
        quint64 upTo = 0;
        Durable durable;
    };

    Wal(Disk &disk, SyncRunner &runner, qint64 segmentSize);
    QByteArray encode(const Batch &batch);
    Result<void> keepTail(const Recovered &recovered, qint64 end);
    Result<void> startSegment();
    Result<std::unique_ptr<DiskFile>> newFile(const QString &name);
    Result<void> startFirstSegment();
    void keepSpare();
    Result<void> rotate();
    Result<void> take(const Batch &batch);
    Result<void> flush();
    void startSync();
    void syncDone(quint64 upTo, qint64 offset, quint64 sequence, const Result<void> &result);
    void releaseWaiters();
    void failAll(const Error &error);

    Disk &m_disk;
    SyncRunner &m_runner;
    qint64 m_segmentSize;
    Identity m_identity;
    raft::HardState m_hard;
    raft::Index m_nextIndex = 1;
    std::vector<Segment> m_segments;
    std::shared_ptr<DiskFile> m_file;
    qint64 m_offset = 0;
    qint64 m_reserved = 0;      // writes up to here find room
    QByteArray m_unwritten;     // records for which there was no room yet
    qint64 m_durableOffset = 0; // in the current segment
    quint32 m_chain = 0;

    quint64 m_appended = 0; // appends so far
    quint64 m_written = 0;  // appends whose records are in the file
    quint64 m_synced = 0;   // appends known to be durable
    bool m_syncing = false;
    bool m_syncWanted = false;
    bool m_failed = false;
    Error m_failure;
    quint64 m_syncCount = 0;
    std::deque<Waiter> m_waiters;
    std::shared_ptr<bool> m_alive; // a sync may end after this object
};

/// One entry as `wal-dump` prints it.
struct EntryInfo {
    raft::Index index = 0;
    raft::Term term = 0;
    raft::EntryType type = raft::EntryType::Noop;
    quint32 crc = 0; ///< of the entry's own bytes: equal on every member
};
/// The entries that a log holds, superseded ones left out. Only reads.
Result<std::vector<EntryInfo>> inspect(const Disk &disk);

} // namespace qd::wal
