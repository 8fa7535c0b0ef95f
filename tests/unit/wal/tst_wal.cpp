// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/wal/posix_disk.h"
#include "agent/wal/snapshotter.h"
#include "agent/wal/wal.h"
#include "tests/support/proof.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QtEndian>

using namespace qd;
using namespace qd::wal;

namespace {

/// Keeps syncs until the test lets them run; can make one fail.
class HeldSyncs final : public SyncRunner {
public:
    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
    {
        m_jobs.emplace_back(std::move(work), std::move(done));
    }
    bool runOne()
    {
        if (m_jobs.empty())
            return false;
        const auto [work, done] = std::move(m_jobs.front());
        m_jobs.pop_front();
        Result<void> result = work();
        if (std::exchange(failNext, false))
            result = fail(code::io, QStringLiteral("the disk is broken"));
        done(result);
        return true;
    }
    void runAll()
    {
        for (int i = 0; i < 10'000 && runOne(); ++i) {
        }
    }
    bool failNext = false;

private:
    std::deque<std::pair<std::function<Result<void>()>, std::function<void(Result<void>)>>> m_jobs;
};

const Identity kWho{7, 1};

raft::Entry entry(raft::Index index, raft::Term term = 1, const QByteArray &data = "value")
{
    return {term, index, raft::EntryType::Command, data};
}

struct Folder {
    QTemporaryDir temp;
    QString path = temp.filePath(QStringLiteral("wal"));
    std::unique_ptr<PosixDisk> disk = std::move(*PosixDisk::open(path));
    HeldSyncs syncs;

    std::unique_ptr<Wal> create() { return std::move(*Wal::create(*disk, syncs, kWho)); }
    int write(Wal &wal, const std::vector<raft::Entry> &entries)
    {
        Wal::Batch batch;
        batch.entries = &entries;
        int acknowledged = 0;
        wal.append(batch, [&](const Result<void> &result) { acknowledged += result ? 1 : 0; });
        syncs.runAll();
        return acknowledged;
    }
    QString lastSegment() const
    {
        return QDir(path).filePath(QDir(path).entryList({QStringLiteral("*.wal")}).last());
    }
    QByteArray bytes(const QString &file) const
    {
        QFile f(file);
        return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray();
    }
    void overwrite(const QString &file, qint64 at, const QByteArray &with) const
    {
        QFile f(file);
        if (f.open(QIODevice::ReadWrite) && f.seek(at))
            f.write(with);
    }
};

} // namespace

class TestWal : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatWasAcknowledgedIsThereAfterAReopen()
    {
        Folder folder;
        QCOMPARE(folder.write(*folder.create(), {entry(1), entry(2), entry(3)}), 1);
        Recovered recovered;
        const auto again = Wal::open(*folder.disk, folder.syncs, &recovered);
        QVERIFY(again.has_value());
        QCOMPARE(recovered.identity, kWho);
        QCOMPARE(recovered.entries.size(), size_t(3));
        QCOMPARE(recovered.entries.back(), entry(3));
        QVERIFY(!recovered.tornTail);
    }

    void aConflictingSuffixIsOverwritten()
    {
        Folder folder;
        const auto wal = folder.create();
        folder.write(*wal, {entry(1), entry(2), entry(3)});
        folder.write(*wal, {entry(2, 2, "other")});
        const auto dump = inspect(*folder.disk);
        QVERIFY(dump.has_value());
        QCOMPARE(dump->size(), size_t(2));
        QCOMPARE(dump->back().term, raft::Term(2));
    }

    void oneSyncCoversAllThatCameWhileTheLastOneRan()
    {
        Folder folder;
        const auto wal = folder.create();
        const quint64 before = wal->syncCount();
        int acknowledged = 0;
        std::vector<std::vector<raft::Entry>> batches;
        for (raft::Index i = 1; i <= 50; ++i)
            batches.push_back({entry(i)});
        for (const auto &entries : batches) {
            Wal::Batch batch;
            batch.entries = &entries;
            wal->append(batch, [&](const Result<void> &result) { acknowledged += result ? 1 : 0; });
        }
        QCOMPARE(acknowledged, 0);
        folder.syncs.runOne();
        QCOMPARE(acknowledged, 1);
        folder.syncs.runAll();
        QCOMPARE(acknowledged, 50);
        QCOMPARE(wal->syncCount() - before, quint64(2));
    }

    void anUnfinishedLastRecordIsAcceptedAsTorn()
    {
        QD_PROVES("R-18");
        Folder folder;
        folder.write(*folder.create(), {entry(1), entry(2, 1, QByteArray(4'000, 'x'))});
        // Of the second entry only the first sector reached the disk.
        const qint64 at = folder.bytes(folder.lastSegment()).indexOf(QByteArray(600, 'x'));
        folder.overwrite(folder.lastSegment(), (at / 512 + 1) * 512, QByteArray(8'192, '\0'));
        Recovered recovered;
        QVERIFY(Wal::open(*folder.disk, folder.syncs, &recovered).has_value());
        QVERIFY(recovered.tornTail);
        QCOMPARE(recovered.entries.size(), size_t(1));
    }

    void aDamagedMiddleIsRefusedWithItsPlace()
    {
        QD_PROVES("R-18");
        Folder folder;
        const auto wal = folder.create();
        folder.write(*wal, {entry(1, 1, "the first value")});
        folder.write(*wal, {entry(2)});
        const QString segment = folder.lastSegment();
        const qint64 at = folder.bytes(segment).indexOf("the first value");
        QVERIFY(at > 0);
        folder.overwrite(segment, at, "THE");
        Recovered recovered;
        const auto opened = Wal::open(*folder.disk, folder.syncs, &recovered);
        QVERIFY(!opened.has_value());
        QCOMPARE(opened.error().code, code::corrupt);
        QVERIFY(opened.error().text().contains(QFileInfo(segment).fileName()));
        QVERIFY(opened.error().text().contains(QStringLiteral("offset")));
    }

    /// A write that went elsewhere leaves zeros, as one that was never finished does. But what was
    /// written after it knows that it had been synced.
    void aHoleThatALaterRecordRemembersIsDamage()
    {
        QD_PROVES("R-18");
        Folder folder;
        const auto wal = folder.create();
        folder.write(*wal, {entry(1)});
        const QString segment = folder.lastSegment();
        const auto end = [&] {
            QByteArray written = folder.bytes(segment);
            while (written.endsWith('\0'))
                written.chop(1);
            return written.size();
        };
        const qint64 begin = end();
        folder.write(*wal, {entry(2, 1, QByteArray(4'000, 'x'))});
        const qint64 after = end();
        folder.write(*wal, {entry(3)});
        folder.overwrite(segment, begin, QByteArray(after - begin, '\0'));
        Recovered recovered;
        const auto opened = Wal::open(*folder.disk, folder.syncs, &recovered);
        QVERIFY(!opened.has_value());
        QCOMPARE(opened.error().code, code::corrupt);
        QVERIFY(opened.error().text().contains(QStringLiteral("offset %1").arg(begin)));
    }

    void aSegmentThatIsEmptyOrEndsTooEarlyIsDamage()
    {
        QD_PROVES("R-18");
        Folder folder;
        folder.write(*folder.create(), {entry(1)});
        QStringList segments{folder.lastSegment()};
        for (raft::Index i = 2; i <= 3; ++i) { // each start begins another one
            Recovered recovered;
            folder.write(**Wal::open(*folder.disk, folder.syncs, &recovered), {entry(i)});
            segments.append(folder.lastSegment());
        }
        const QByteArray sound = folder.bytes(segments.at(1));
        const qint64 afterHead = recordSize(readHeader(sound)->length);
        for (const qint64 from : {qint64(0), afterHead}) {
            folder.overwrite(segments.at(1), from, QByteArray(sound.size() - from, '\0'));
            Recovered recovered;
            const auto opened = Wal::open(*folder.disk, folder.syncs, &recovered);
            QVERIFY(!opened.has_value());
            QCOMPARE(opened.error().code, code::corrupt);
            for (const int named : {1, 2}) // the damaged one, and who has noticed
                QVERIFY2(
                    opened.error().text().contains(QFileInfo(segments.at(named)).fileName()),
                    qPrintable(opened.error().text()));
            folder.overwrite(segments.at(1), 0, sound);
        }
    }

    void aHostileLengthIsNeitherReadNorAllocated()
    {
        QD_PROVES("R-44");
        for (const quint32 length : {0xffffffffU, 0x80000000U, 0x7fffffffU}) {
            Folder folder;
            folder.write(*folder.create(), {entry(1), entry(2)});
            const QString segment = folder.lastSegment();
            const qint64 at = folder.bytes(segment).lastIndexOf("value");
            QByteArray bytes(4, '\0');
            qToLittleEndian(length, bytes.data());
            for (qint64 back = at; back >= at - 80; back -= 4) {
                Folder copy;
                QVERIFY(
                    QFile::copy(segment, QDir(copy.path).filePath(QFileInfo(segment).fileName())));
                copy.overwrite(copy.lastSegment(), back, bytes);
                Recovered recovered;
                const auto opened = Wal::open(*copy.disk, copy.syncs, &recovered);
                QVERIFY(!opened || recovered.entries.size() <= 2);
                QVERIFY(opened || opened.error().code == code::corrupt);
            }
        }
    }

    void afterAFailedSyncNothingIsAcknowledged()
    {
        QD_PROVES("R-43");
        Folder folder;
        const auto wal = folder.create();
        folder.syncs.failNext = true;
        QCOMPARE(folder.write(*wal, {entry(1)}), 0);
        QVERIFY(wal->hasFailed());
        QCOMPARE(folder.write(*wal, {entry(2)}), 0);
    }

    void whatASnapshotHoldsIsRemoved()
    {
        Folder folder;
        folder.write(*folder.create(), {entry(1), entry(2)});
        Recovered recovered;
        auto wal = std::move(*Wal::open(*folder.disk, folder.syncs, &recovered)); // a new segment
        folder.write(*wal, {entry(3)});
        QCOMPARE(QDir(folder.path).entryList({QStringLiteral("*.wal")}).size(), 2);
        Wal::Batch marker;
        marker.marker = {2, 1};
        wal->append(marker, [](const Result<void> &) {});
        folder.syncs.runAll();
        QVERIFY(Wal::remove(*folder.disk, wal->release(2)).has_value());
        QCOMPARE(QDir(folder.path).entryList({QStringLiteral("*.wal")}).size(), 1);
        wal.reset();
        Recovered again;
        QVERIFY(Wal::open(*folder.disk, folder.syncs, &again).has_value());
        QCOMPARE(again.snapshotIndex, raft::Index(2));
        QCOMPARE(again.entries.size(), size_t(1));
    }

    void filesAreForTheOwnerOnly()
    {
        QD_PROVES("R-47");
        Folder folder;
        folder.create();
        constexpr auto kOthers = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup |
                                 QFile::ReadOther | QFile::WriteOther | QFile::ExeOther;
        QVERIFY(!(QFileInfo(folder.path).permissions() & kOthers));
        QVERIFY(!(QFileInfo(folder.lastSegment()).permissions() & kOthers));
    }

    void aSnapshotIsWholeOrNotThere()
    {
        QD_PROVES("R-44");
        Folder folder;
        Snapshotter snapshots(*folder.disk);
        Snapshot snapshot;
        snapshot.meta = {5, 2, {{1, 2, 3}, {}, {}}};
        snapshot.state = "the state";
        QVERIFY(snapshots.save(snapshot).has_value());
        const auto loaded = snapshots.load(5);
        QVERIFY(loaded.has_value());
        QCOMPARE(loaded->meta, snapshot.meta);
        QCOMPARE(loaded->state, snapshot.state);
        // One that lies where another belongs is not that.
        const QDir files(folder.path);
        const QString five = files.entryList({QStringLiteral("*.snap")}).first();
        QString six = five;
        six.replace(QLatin1Char('5'), QLatin1Char('6'));
        QVERIFY(QFile::copy(files.filePath(five), files.filePath(six)));
        const auto misplaced = snapshots.load(6);
        QVERIFY(!misplaced.has_value());
        QCOMPARE(misplaced.error().code, code::corrupt);
        QVERIFY(misplaced.error().text().contains(six));
        const QByteArray bytes = Snapshotter::encode(snapshot);
        for (qsizetype i = 0; i < bytes.size(); ++i) {
            QByteArray damaged = bytes;
            damaged[i] = char(damaged[i] ^ 0x10);
            QVERIFY(!Snapshotter::decode(damaged).has_value());
            QVERIFY(!Snapshotter::decode(bytes.first(i)).has_value());
        }
    }

    /// Two newer ones may be there before their markers are: a crash then needs the old one.
    void theSnapshotThatTheLogNeedsStays()
    {
        Folder folder;
        Snapshotter snapshots(*folder.disk);
        for (const raft::Index index : {10, 20, 300, 301, 302}) {
            Snapshot snapshot;
            snapshot.meta.index = index;
            QVERIFY(snapshots.save(snapshot).has_value());
        }
        QVERIFY(snapshots.removeOld(300).has_value());
        QVERIFY(!snapshots.load(10).has_value());
        for (const raft::Index index : {20, 300, 301, 302})
            QVERIFY(snapshots.load(index).has_value());
    }
};

QD_TEST_MAIN(TestWal)
#include "tst_wal.moc"
