// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/wal/disk.h"
#include "shared/base/random.h"

#include <map>
#include <vector>

namespace qd::sim {

/// Thrown by the disk when the machine dies in the middle of an operation on it.
struct MachineDied {};

/// What is written, sector by sector, with everything that a sector held since it was last synced.
struct FileData {
    struct Version {
        quint64 sequence = 0;
        QByteArray bytes;
    };
    QByteArray seen;    ///< what a reader gets
    QByteArray durable; ///< what a crash leaves for sure
    std::map<qint64, std::vector<Version>> dirty;
};

/// A folder on a disk with a write cache. A write is seen at once and durable after sync(). A crash
/// keeps, of each sector that was not synced, any of the states that it had; of the folder's own
/// changes, a prefix.
class SimDisk final : public wal::Disk {
public:
    explicit SimDisk(Random &random)
        : m_random(random)
    {
    }

    Result<std::unique_ptr<wal::DiskFile>> open(const QString &name, Mode mode) override;
    Result<QStringList> list() const override;
    Result<void> rename(const QString &from, const QString &to) override;
    Result<void> remove(const QString &name) override;
    Result<void> syncFolder() override;

    /// The power fails: what was not synced is kept in part.
    void crash();
    /// The next sync fails once, and says so.
    void failNextSync() { m_failSync = true; }
    /// The machine dies at the n-th write, sync or change of the folder from now on.
    void dieAfter(int operations) { m_dieAfter = operations; }
    /// Flips a bit of what is durable, and seen. For tests of damage; false when there is no such
    /// byte.
    bool flipBit(const QString &name, qint64 offset, int bit);
    QByteArray contents(const QString &name) const;
    void setContents(const QString &name, const QByteArray &bytes);

    quint64 writeMark() const { return m_sequence; }
    /// While set, sync() makes durable only what was written up to that mark: a sync that began
    /// then ends now.
    void setSyncMark(quint64 mark) { m_syncMark = mark; }
    void clearSyncMark() { m_syncMark = ~quint64(0); }

private:
    friend class SimFile;
    using Folder = std::map<QString, std::shared_ptr<FileData>>;

    void operation();
    Result<void> sync(FileData &file);
    void write(FileData &file, qint64 offset, QByteArrayView bytes);

    Random &m_random;
    Folder m_folder;
    Folder m_durableFolder;
    std::vector<Folder> m_pending; // the folder after each change since it was synced
    quint64 m_sequence = 0;
    quint64 m_syncMark = ~quint64(0);
    bool m_failSync = false;
    int m_dieAfter = 0;
};

} // namespace qd::sim
