// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "agent/wal/disk.h"

namespace qd::wal {

/// A whole snapshot: where it stands, and the store's own bytes.
struct Snapshot {
    raft::SnapshotMeta meta;
    QByteArray state;
};

/// Snapshot files: header with index, term, membership and CRC, written to a temporary name,
/// synced, renamed, the folder synced (anchors-engines.md 1.7, point 11).
class Snapshotter {
public:
    explicit Snapshotter(Disk &disk)
        : m_disk(disk)
    {
    }

    /// Removes unfinished files. At start.
    Result<void> clean();
    /// How its bytes are made durable: a piece at a time, beside a log whose syncs would have to
    /// wait for all of it; or at the end, where everybody waits for it anyway.
    enum class Syncs { Pieces, Once };
    /// Durable when it returns. Safe to call on the sync thread.
    Result<void> save(const Snapshot &snapshot, Syncs syncs = Syncs::Pieces);
    /// The snapshot at that index; code::corrupt when the file is damaged.
    Result<Snapshot> load(raft::Index index) const;
    /// The newest one that is whole; nothing when there is none.
    Result<std::optional<Snapshot>> loadNewest() const;
    /// Keeps the one at `needed`, which a durable marker of the log stands for, the one before it,
    /// and all that are newer: their markers may not be on disk yet.
    Result<void> removeOld(raft::Index needed);

    static QByteArray encode(const Snapshot &snapshot);
    static Result<Snapshot> decode(QByteArrayView bytes);

private:
    Disk &m_disk;
};

} // namespace qd::wal
