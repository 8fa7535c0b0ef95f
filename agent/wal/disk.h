// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QStringList>
#include <functional>
#include <memory>

namespace qd::wal {

/// Of the disk, in bytes; a total of 0: nobody knows.
struct Space {
    qint64 free = 0; ///< for us: without what is kept for others
    qint64 total = 0;
};

/// One open file. Writes are visible to reads at once and durable only after `sync()`.
class DiskFile {
public:
    virtual ~DiskFile() = default;
    virtual Result<void> writeAt(qint64 offset, QByteArrayView bytes) = 0;
    /// Up to `size` bytes; fewer only at the end of the file.
    virtual Result<QByteArray> readAt(qint64 offset, qint64 size) const = 0;
    virtual qint64 size() const = 0;
    /// Cuts or extends (with zeros) to `size`.
    virtual Result<void> resize(qint64 size) = 0;
    /// Reserves space without changing what a reader sees beyond zeros. Writes into it find room.
    /// code::noSpace: nothing has changed.
    virtual Result<void> preallocate(qint64 size) = 0;
    /// fdatasync. May be called from the sync thread while writes go on; after a failure the file
    /// must not be used again: the caller ends the process.
    virtual Result<void> sync() = 0;
};

/// The disk as the log and snapshots see it: files by name in one folder. What fails for want of
/// room says code::noSpace. `PosixDisk` in production; the simulator's disk drops unsynced pages at
/// a crash.
class Disk {
public:
    enum class Mode { OpenExisting, CreateNew };

    virtual ~Disk() = default;
    virtual Result<std::unique_ptr<DiskFile>> open(const QString &name, Mode mode) = 0;
    virtual Result<QStringList> list() const = 0;
    virtual Result<void> rename(const QString &from, const QString &to) = 0;
    virtual Result<void> remove(const QString &name) = 0;
    /// Makes creations, renames and removals durable.
    virtual Result<void> syncFolder() = 0;
    virtual Space space() const = 0;
};

/// Runs a blocking sync away from the thread that decides: a thread in production, a later event in
/// the simulator. `done` runs on the caller's thread; calls complete in order.
class SyncRunner {
public:
    virtual ~SyncRunner() = default;
    virtual void
    run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) = 0;
};

} // namespace qd::wal
