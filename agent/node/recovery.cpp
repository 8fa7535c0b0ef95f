// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/recovery.h"

#include "agent/raft/membership.h"
#include "agent/wal/posix_disk.h"
#include "agent/wal/snapshotter.h"
#include "agent/wal/wal.h"
#include "shared/base/random.h"

#include <QDir>
#include <QFile>
#include <sys/stat.h>

namespace qd::node {

namespace {

/// Nobody waits for anything else: a sync is done when it returns.
class BlockingSyncs final : public wal::SyncRunner {
public:
    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
    {
        done(work());
    }
};

/// A log that nobody else writes, with its snapshot.
struct OpenLog {
    std::unique_ptr<wal::PosixDisk> disk;
    std::unique_ptr<wal::Wal> log;
    wal::Recovered recovered;
    wal::Snapshot snapshot;

    raft::Index lastIndex() const
    {
        return recovered.entries.empty() ? snapshot.meta.index : recovered.entries.back().index;
    }
    Result<raft::Membership> membership() const
    {
        const auto &entries = recovered.entries;
        const auto config = std::find_if(entries.rbegin(), entries.rend(), [](const auto &entry) {
            return entry.type == raft::EntryType::Config;
        });
        if (config == entries.rend())
            return snapshot.meta.membership;
        return raft::decodeMembership(config->data);
    }
};

Result<OpenLog> openLog(const QString &folder, wal::SyncRunner &syncs)
{
    OpenLog out;
    auto disk = wal::PosixDisk::open(folder);
    if (!disk)
        return fail(disk.error());
    out.disk = std::move(*disk);
    auto log = wal::Wal::open(*out.disk, syncs, &out.recovered);
    if (!log)
        return fail(log.error());
    out.log = std::move(*log);
    auto snapshot = wal::Snapshotter(*out.disk).load(out.recovered.snapshotIndex);
    if (!snapshot)
        return fail(snapshot.error());
    out.snapshot = std::move(*snapshot);
    return out;
}

Result<void> append(wal::Wal &log, const wal::Wal::Batch &batch)
{
    Result<void> outcome = fail(code::internal, QStringLiteral("the log did not answer"));
    log.append(batch, [&outcome](const Result<void> &done) { outcome = done; });
    return outcome;
}

Result<void> copyFile(const QString &from, const QString &to)
{
    QFile file(from);
    if (!file.copy(to))
        return fail(
            code::io, QStringLiteral("cannot copy %1 to %2: %3").arg(from, to, file.errorString()));
    if (::chmod(QFile::encodeName(to).constData(), 0600) != 0)
        return fail(code::io, QStringLiteral("cannot protect %1").arg(to));
    return {};
}

/// Segments first: the snapshot that the newest of them names stays while it is the newest or the
/// one before.
Result<void> copyFolder(const QString &from, const QString &to, const QStringList &filters)
{
    if (!QDir().mkpath(to) || ::chmod(QFile::encodeName(to).constData(), 0700) != 0)
        return fail(code::io, QStringLiteral("cannot make the folder %1").arg(to));
    const QStringList names = QDir(from).entryList(filters, QDir::Files, QDir::Name);
    for (const QString &name : names) {
        if (QFile::exists(to + QLatin1Char('/') + name))
            continue;
        const auto copied = copyFile(from + QLatin1Char('/') + name, to + QLatin1Char('/') + name);
        if (!copied)
            return copied;
    }
    return {};
}

/// The same snapshot and entries, in a log that belongs to another member of another cluster.
Result<void> rewrite(const OpenLog &from, const QString &folder, const NodeIdentity &identity)
{
    BlockingSyncs syncs;
    auto disk = wal::PosixDisk::open(folder);
    if (!disk)
        return fail(disk.error());
    if (const auto saved = wal::Snapshotter(**disk).save(from.snapshot); !saved)
        return saved;
    auto log = wal::Wal::create(**disk, syncs, {identity.cluster, identity.self.id});
    if (!log)
        return fail(log.error());
    wal::Wal::Batch batch;
    if (from.snapshot.meta.index > 0)
        batch.marker = {from.snapshot.meta.index, from.snapshot.meta.term};
    batch.entries = &from.recovered.entries;
    batch.hard = from.recovered.hard;
    batch.hard->vote = raft::kNobody;
    return append(**log, batch);
}

} // namespace

raft::Membership onlyOf(const raft::Membership &before, const MemberInfo &survivor)
{
    raft::Membership out;
    out.voters = {survivor.id};
    out.contexts = {{survivor.id, contextOf(survivor)}};
    for (const auto &context : before.contexts) {
        if (context.id == survivor.id)
            out.contexts.front().bytes = context.bytes;
    }
    out.removed = before.removed;
    for (const auto *ids : {&before.voters, &before.outgoing, &before.learners})
        out.removed.insert(out.removed.end(), ids->begin(), ids->end());
    std::sort(out.removed.begin(), out.removed.end());
    out.removed.erase(std::unique(out.removed.begin(), out.removed.end()), out.removed.end());
    std::erase(out.removed, survivor.id);
    return out;
}

Result<void> makeOnlyMember(const NodePaths &paths, const NodeIdentity &identity)
{
    BlockingSyncs syncs;
    const auto log = openLog(paths.wal(), syncs);
    if (!log)
        return fail(log.error());
    if (log->recovered.identity != wal::Identity{identity.cluster, identity.self.id})
        return fail(
            code::conflict, QStringLiteral("the log belongs to another member or another cluster"));
    const auto before = log->membership();
    if (!before)
        return fail(before.error());
    const raft::Membership after = onlyOf(*before, identity.self);
    if (after == *before)
        return {};
    raft::Entry entry;
    entry.type = raft::EntryType::Config;
    entry.term = log->recovered.hard.term + 1;
    entry.index = log->lastIndex() + 1;
    entry.data = raft::encodeMembership(after);
    const std::vector<raft::Entry> entries{entry};
    wal::Wal::Batch batch;
    batch.entries = &entries;
    batch.hard = raft::HardState{entry.term, raft::kNobody, entry.index};
    return append(*log->log, batch);
}

Result<NodeIdentity> backUp(const NodePaths &paths, const QString &target)
{
    auto identity = loadIdentity(paths);
    if (!identity)
        return fail(identity.error());
    NodePaths to;
    to.state = target;
    if (QDir(target).exists() && !QDir(target).isEmpty())
        return fail(code::conflict, QStringLiteral("%1 is not empty").arg(target));
    const QString scratch = target + QStringLiteral("/copy");
    const QStringList segments{QStringLiteral("*.wal")};
    if (const auto copied = copyFolder(paths.pki(), to.pki(), {QStringLiteral("*")}); !copied)
        return fail(copied.error());
    for (const QStringList &filters : {segments, QStringList{QStringLiteral("*")}}) {
        if (const auto copied = copyFolder(paths.wal(), scratch, filters); !copied)
            return fail(copied.error());
    }
    SystemRandom random;
    identity->cluster = random.next() | 1;
    identity->self.id = random.next() | 1;
    identity->self.peerUrls.clear();
    identity->peers.clear();
    identity->founders.clear();
    identity->founder = false;
    BlockingSyncs syncs;
    {
        const auto log = openLog(scratch, syncs);
        if (!log)
            return fail(log.error());
        if (const auto written = rewrite(*log, to.wal(), *identity); !written)
            return fail(written.error());
    }
    if (!QDir(scratch).removeRecursively() ||
        ::chmod(QFile::encodeName(target).constData(), 0700) != 0)
        return fail(code::io, QStringLiteral("cannot put %1 in order").arg(target));
    if (const auto saved = saveIdentity(to, *identity); !saved)
        return fail(saved.error());
    return identity;
}

} // namespace qd::node
