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
    bool isLog = false;  ///< the witness is told what goes into it
    qint64 reserved = 0; ///< up to there a write finds room
    struct Version {
        quint64 sequence = 0;
        QByteArray bytes;
    };
    QByteArray seen;    ///< what a reader gets
    QByteArray durable; ///< what a crash leaves for sure
    std::map<qint64, std::vector<Version>> dirty;
    struct PastWrite {
        qint64 offset = 0;
        qint64 size = 0;
        quint64 sequence = 0;
        quint64 syncedAt = 0; ///< the newest write when it became durable; 0 = it did not yet

        qint64 end() const { return offset + size; }
    };
    std::vector<PastWrite> past;
};

/// Defects of whoever uses the disk, made here because nobody but the disk could tell.
struct DiskFaults {
    bool forgetFolderSync = false;
    bool forgetToSyncWhatWasFound = false; ///< the log of an earlier process
};

/// Sees what goes into the log's files, and when the disk holds it for sure.
class DiskWitness {
public:
    virtual ~DiskWitness() = default;
    virtual void logWritten(quint64 sequence, QByteArrayView records) = 0;
    /// Everything that was written to this file and before it, up to there.
    virtual void logSynced(quint64 upTo) = 0;
};

/// A folder on a disk with a write cache. A write is seen at once and durable after sync(). When
/// the power fails, of each sector that was not synced any of the states that it had is left; of
/// the folder's own changes, a prefix. When only the process dies, nothing is lost, and nothing
/// more is durable.
class SimDisk final : public wal::Disk {
public:
    explicit SimDisk(Random &random, const DiskFaults &faults = {})
        : m_random(random)
        , m_faults(faults)
    {
    }
    void setWitness(DiskWitness *witness) { m_witness = witness; }

    Result<std::unique_ptr<wal::DiskFile>> open(const QString &name, Mode mode) override;
    Result<QStringList> list() const override;
    Result<void> rename(const QString &from, const QString &to) override;
    Result<void> remove(const QString &name) override;
    Result<void> syncFolder() override;
    wal::Space space() const override;

    /// The power fails: what was not synced is kept in part.
    void crash();
    /// The process ends; the machine goes on.
    void kill();
    /// How often a crash has left a write in part, or an older one in its place.
    quint64 tornWrites() const { return m_torn; }
    /// How many files of the log were ever made.
    quint64 logFiles() const { return m_logFiles; }
    /// While set, nothing finds room but what is reserved, and what is removed makes.
    void setFull(bool full)
    {
        m_full = full;
        m_room = 0;
    }
    bool isFull() const { return m_full; }
    /// The next sync fails once, and says so.
    void failNextSync() { m_failSync = true; }
    void failNoSync() { m_failSync = false; }
    /// The machine dies at the n-th write, sync or change of the folder from now on.
    void dieAfter(int operations) { m_dieAfter = operations; }
    /// Flips a bit of what is durable, and seen. For tests of damage; false when there is no such
    /// byte.
    bool flipBit(const QString &name, qint64 offset, int bit);
    /// Damage at rest, to what has been synced, in a file with such a name; false when there is
    /// nothing to damage.
    bool flipSomeBit(Random &random, const QString &suffix);
    /// A write turns out to have landed elsewhere: its place is as it was before, and sectors of
    /// another place, or of another file, hold it instead. Only a write that a later one
    /// remembers: of the very last one nobody can know, but whoever wrote it, that it ever was.
    bool misdirectSomeWrite(Random &random);
    /// As if it had been exchanged for another one.
    void empty();
    /// The files that are not what was written any more; one that was emptied: "log".
    void noteDamage(const QString &file) { m_damage.append(file); }
    const QStringList &damage() const { return m_damage; }

    QByteArray contents(const QString &name) const;
    void setContents(const QString &name, const QByteArray &bytes);

    quint64 writeMark() const { return m_sequence; }
    /// While set, sync() makes durable only what was written up to that mark, and from now on: a
    /// sync that began then ends now.
    void setSyncMark(quint64 mark)
    {
        m_syncMark = mark;
        m_syncFrom = m_sequence;
    }
    void clearSyncMark() { m_syncMark = ~quint64(0); }

private:
    friend class SimFile;
    using Folder = std::map<QString, std::shared_ptr<FileData>>;

    void operation();
    Result<void> reserve(FileData &file, qint64 size);
    bool isCovered(quint64 sequence) const
    {
        return sequence <= m_syncMark || sequence > m_syncFrom;
    }
    Result<void> sync(FileData &file);
    void noteSynced(FileData &file);
    struct Place {
        QString name;
        qint64 offset = 0;
        qint64 end = 0;
    };
    std::vector<Place> misdirectable() const;
    void overwrite(const Place &lost, const QByteArray &sectors, Random &random);
    void write(FileData &file, qint64 offset, QByteArrayView bytes);

    Random &m_random;
    DiskFaults m_faults;
    DiskWitness *m_witness = nullptr;
    Folder m_folder;
    Folder m_durableFolder;
    std::vector<Folder> m_pending; // the folder after each change since it was synced
    QStringList m_damage;
    quint64 m_sequence = 0;
    quint64 m_newestLogSynced = 0; // of writes to the log
    quint64 m_syncMark = ~quint64(0);
    quint64 m_syncFrom = 0;
    quint64 m_processFrom = 0; // what was written before is of an earlier process
    quint64 m_torn = 0;
    quint64 m_logFiles = 0;
    bool m_full = false;
    qint64 m_room = 0; // while it is full
    bool m_failSync = false;
    int m_dieAfter = 0;
};

} // namespace qd::sim
