// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/wal/wal.h"

#include "agent/wal/snapshotter.h"
#include "tests/fuzz/memory_disk.h"
#include "tests/fuzz/target.h"

namespace qd::fuzz {
namespace {

const wal::Identity kWho{7, 1};
constexpr int kEntries = 40;

/// What the log holds at an index is known from the index and the term.
raft::Entry entryAt(raft::Index index, raft::Term term)
{
    return {
        term, index, index % 7 == 0 ? raft::EntryType::Noop : raft::EntryType::Command,
        QByteArray("entry ") + QByteArray::number(index) + QByteArray(int(index * 13 % 90), 'x')};
}

/// A log of some terms, with entries that a later leader wrote over.
QByteArray written(bool compacted)
{
    MemoryDisk disk;
    SyncAtOnce syncs;
    auto log = wal::Wal::create(disk, syncs, kWho);
    const auto append = [&](raft::Index from, raft::Index to, raft::Term term) {
        std::vector<raft::Entry> entries;
        for (raft::Index index = from; index <= to; ++index)
            entries.push_back(entryAt(index, term));
        wal::Wal::Batch batch;
        batch.entries = &entries;
        batch.hard = raft::HardState{term, 1, from - 1};
        (*log)->append(batch, [](const Result<void> &) {});
    };
    append(1, 10, 1);
    append(9, 15, 2);
    append(16, 24, 2);
    if (compacted) {
        wal::Wal::Batch batch;
        batch.marker = std::pair<raft::Index, raft::Term>(12, 2);
        (*log)->append(batch, [](const Result<void> &) {});
    }
    append(25, kEntries, 4);
    log->reset();
    return disk.image();
}

/// What comes out must have gone in: the checksums leave no room for anything else.
QString strangerAmong(const wal::Recovered &recovered)
{
    raft::Index next = recovered.snapshotIndex + 1;
    for (const raft::Entry &entry : recovered.entries) {
        if (entry.index != next++)
            return QStringLiteral("a gap before entry %1").arg(entry.index);
        if (!(entry == entryAt(entry.index, entry.term)))
            return QStringLiteral("entry %1 was never written so").arg(entry.index);
    }
    return {};
}

Finding readLog(const QByteArray &input)
{
    MemoryDisk disk{QByteArrayView(input)};
    SyncAtOnce syncs;
    wal::Recovered recovered;
    const auto inspected = wal::inspect(disk);
    auto log = wal::Wal::open(disk, syncs, &recovered);
    if (!log)
        return {{}, log.error().code.toUtf8() + ": " + log.error().message.left(40).toUtf8()};
    Finding finding{
        strangerAmong(recovered), "entries " +
                                      QByteArray::number(qulonglong(recovered.entries.size())) +
                                      (recovered.tornTail ? " torn" : " whole")};
    if (!inspected)
        finding.complaint =
            QStringLiteral("opened, but not inspected: ") + inspected.error().text();
    if (!finding.complaint.isEmpty())
        return finding;
    // A log that was opened takes entries, and has them the next time.
    const raft::Index index = recovered.snapshotIndex + raft::Index(recovered.entries.size()) + 1;
    const std::vector<raft::Entry> more{entryAt(index, 9)};
    wal::Wal::Batch batch;
    batch.entries = &more;
    bool durable = false;
    (*log)->append(batch, [&durable](const Result<void> &done) { durable = done.has_value(); });
    log->reset();
    wal::Recovered again;
    const auto reopened = wal::Wal::open(disk, syncs, &again);
    if (!reopened)
        finding.complaint = QStringLiteral("not opened again: ") + reopened.error().text();
    else if (!durable || again.entries.size() != recovered.entries.size() + 1)
        finding.complaint = QStringLiteral("what was appended is not there");
    return finding;
}

QByteArray snapshotFile()
{
    wal::Snapshot snapshot;
    snapshot.meta = {12, 2, {{1, 2, 3}, {4}, {{1, "one"}, {2, "two"}}}};
    snapshot.state = QByteArray("the state of the store").repeated(30);
    return wal::Snapshotter::encode(snapshot);
}

Finding readSnapshot(const QByteArray &input)
{
    const auto snapshot = wal::Snapshotter::decode(input);
    if (!snapshot)
        return {{}, snapshot.error().message.left(60).toUtf8()};
    const bool same = input.startsWith(snapshotFile()) || input == snapshotFile();
    return {
        same ? QString() : QStringLiteral("a snapshot that nobody wrote was taken"),
        QByteArray("taken")};
}

} // namespace

Target walTarget()
{
    return {"wal", [] { return QByteArrayList{written(false), written(true)}; }, readLog};
}

Target walSnapshotTarget()
{
    return {"wal-snapshot", [] { return QByteArrayList{snapshotFile()}; }, readSnapshot};
}

} // namespace qd::fuzz
