// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/wal/snapshotter.h"

#include "agent/raft/membership.h"
#include "shared/base/bytes.h"
#include "shared/base/crc32c.h"

namespace qd::wal {

namespace {

constexpr quint64 kMagic = 0x31304e5350414e53ULL; // "SNAPSN01"
const QString kSuffix = QStringLiteral(".snap");
const QString kUnfinished = QStringLiteral(".snap.tmp");
constexpr int kKeptBefore = 1;
constexpr qsizetype kPiece = 1024 * 1024;

QString nameOf(raft::Index index)
{
    return QStringLiteral("%1").arg(index, 16, 16, QLatin1Char('0')) + kSuffix;
}

Result<QStringList> namesIn(const Disk &disk)
{
    const auto files = disk.list();
    if (!files)
        return fail(files.error());
    QStringList names;
    for (const QString &file : *files) {
        if (file.endsWith(kSuffix))
            names.append(file);
    }
    names.sort();
    return names;
}

Result<Snapshot> read(Disk &disk, const QString &name)
{
    const auto file = disk.open(name, Disk::Mode::OpenExisting);
    if (!file)
        return fail(file.error());
    const auto bytes = (*file)->readAt(0, (*file)->size());
    if (!bytes)
        return fail(bytes.error());
    auto snapshot = Snapshotter::decode(*bytes);
    if (!snapshot)
        return fail(snapshot.error().during(QStringLiteral("reading the snapshot %1").arg(name)));
    return snapshot;
}

/// What stands before the state in a file.
QByteArray before(const Snapshot &snapshot)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(kMagic);
    writer.number<quint64>(snapshot.meta.index);
    writer.number<quint64>(snapshot.meta.term);
    writer.bytes(raft::encodeMembership(snapshot.meta.membership));
    writer.number<quint32>(quint32(snapshot.state.size()));
    return out;
}

/// What stands behind it: the CRC over all.
QByteArray after(const Snapshot &snapshot)
{
    QByteArray out;
    ByteWriter(out).number<quint32>(crc32c(snapshot.state, crc32c(before(snapshot))));
    return out;
}

/// A piece at a time, each made durable when it is asked for: a file system that writes in order
/// lets the log's sync wait for what others wrote before it, and so for one piece at most.
Result<void> write(DiskFile &file, const Snapshot &snapshot, Snapshotter::Syncs syncs)
{
    const QByteArray head = before(snapshot);
    Result<void> done = file.writeAt(0, head);
    qint64 end = head.size();
    for (QByteArrayView left = snapshot.state; done && !left.isEmpty();) {
        const QByteArrayView piece = left.first(std::min(left.size(), kPiece));
        left = left.sliced(piece.size());
        done = file.writeAt(end, piece);
        end += piece.size();
        if (done && !left.isEmpty() && syncs == Snapshotter::Syncs::Pieces)
            done = file.sync();
    }
    if (done)
        done = file.writeAt(end, after(snapshot));
    return done;
}

} // namespace

QByteArray Snapshotter::encode(const Snapshot &snapshot)
{
    return before(snapshot) + snapshot.state + after(snapshot);
}

Result<Snapshot> Snapshotter::decode(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    Snapshot snapshot;
    const auto magic = reader.number<quint64>();
    snapshot.meta.index = reader.number<quint64>();
    snapshot.meta.term = reader.number<quint64>();
    const QByteArrayView membershipBytes = reader.view();
    snapshot.state = reader.bytes();
    const qsizetype covered = bytes.size() - reader.left();
    const auto crc = reader.number<quint32>();
    if (!reader.ok() || !reader.atEnd() || magic != kMagic || crc != crc32c(bytes.first(covered)))
        return fail(code::corrupt, QStringLiteral("the snapshot is damaged"));
    const auto membership = raft::decodeMembership(membershipBytes);
    if (!membership)
        return fail(membership.error());
    snapshot.meta.membership = *membership;
    return snapshot;
}

Result<void> Snapshotter::clean()
{
    const auto files = m_disk.list();
    if (!files)
        return fail(files.error());
    for (const QString &file : *files) {
        if (!file.endsWith(kUnfinished))
            continue;
        if (const auto removed = m_disk.remove(file); !removed)
            return removed;
    }
    return {};
}

Result<void> Snapshotter::save(const Snapshot &snapshot, Syncs syncs)
{
    const QString name = nameOf(snapshot.meta.index);
    const QString unfinished = name.chopped(kSuffix.size()) + kUnfinished;
    const auto file = m_disk.open(unfinished, Disk::Mode::CreateNew);
    if (!file)
        return fail(file.error());
    Result<void> done = write(**file, snapshot, syncs);
    if (!done) {
        // Most likely for want of room, which half a file would only take.
        static_cast<void>(m_disk.remove(unfinished));
        return done;
    }
    done = (*file)->sync();
    if (done)
        done = m_disk.rename(unfinished, name);
    if (done)
        done = m_disk.syncFolder();
    return done;
}

Result<Snapshot> Snapshotter::load(raft::Index index) const
{
    auto snapshot = read(m_disk, nameOf(index));
    if (snapshot && snapshot->meta.index != index)
        return fail(
            code::corrupt, QStringLiteral("the snapshot %1 is damaged: it holds that of entry %2")
                               .arg(nameOf(index))
                               .arg(snapshot->meta.index));
    return snapshot;
}

Result<std::optional<Snapshot>> Snapshotter::loadNewest() const
{
    const auto names = namesIn(m_disk);
    if (!names)
        return fail(names.error());
    if (names->isEmpty())
        return std::optional<Snapshot>();
    auto snapshot = read(m_disk, names->last());
    if (!snapshot)
        return fail(snapshot.error());
    return std::optional<Snapshot>(std::move(*snapshot));
}

Result<void> Snapshotter::removeOld(raft::Index needed)
{
    const auto names = namesIn(m_disk);
    if (!names)
        return fail(names.error());
    const auto first = std::lower_bound(names->begin(), names->end(), nameOf(needed));
    for (qsizetype i = 0; i + kKeptBefore < first - names->begin(); ++i) {
        if (const auto removed = m_disk.remove(names->at(i)); !removed)
            return removed;
    }
    return {};
}

} // namespace qd::wal
