// SPDX-License-Identifier: GPL-3.0-or-later
// The replica's beginning: what its disk holds, and whether it may take part.
#include "agent/store/replica/replica.h"

#include "shared/base/log.h"

namespace qd::store {

using namespace raft;

namespace {

/// After it, a founder that waits to be told whether it is known says for whom.
constexpr qint64 kLongWaitMs = 10'000;

} // namespace

Result<void> Replica::start()
{
    auto restored = recover();
    if (!restored)
        return fail(restored.error());
    m_leaderlessSinceMs = m_world.clock.monotonicMs();
    m_appliedMembership = restored->snapshot.membership;
    m_raft = std::make_unique<Raft>(
        m_options.raft, std::move(*restored), m_world.random, m_options.faults.raft);
    noteMembership();
    wake();
    // Nothing is written before it begins: with anything in its log, this is no first start.
    const bool isNew = m_raft->log().lastIndex() == 0 && m_raft->term() == 0;
    const Membership &founders = m_raft->membership();
    if (m_options.hasRun || !isNew || founders.voters.size() < 2 ||
        !isVoter(founders, m_options.raft.id) || m_options.initial.voters.empty() ||
        !m_options.saysItCame)
        return begin();
    m_firstStart.emplace(founders, m_options.raft.id);
    m_asksSinceMs = m_leaderlessSinceMs;
    return {};
}

Result<void> Replica::begin()
{
    m_firstStart.reset();
    return m_options.hasRun || !m_world.begins ? Result<void>() : m_world.begins();
}

void Replica::askAround()
{
    for (const NodeId other : m_firstStart->silent())
        m_world.peers.send(other, PeerKind::Asks, {});
    judgeFirstStart();
}

void Replica::judgeFirstStart()
{
    const qint64 waited = m_world.clock.monotonicMs() - m_asksSinceMs;
    switch (m_firstStart->verdict(waited)) {
    case FirstStart::Verdict::Waits:
        if (waited >= kLongWaitMs && !std::exchange(m_waitTold, true))
            qCWarning(lcStore) << "this member takes no part yet: it starts with a new log, and of "
                                  "the other founders"
                               << m_firstStart->silent().size()
                               << "have not said whether they know it";
        return;
    case FirstStart::Verdict::Refused:
        return fatal(
            {code::conflict,
             QStringLiteral("member %1 has already been bootstrapped: what it had voted for and "
                            "acknowledged is gone with its folder. Remove it from the cluster and "
                            "add it again")
                 .arg(m_options.raft.id, 0, 16),
             {},
             nullptr});
    case FirstStart::Verdict::Begins:
        if (const auto begun = begin(); !begun)
            fatal(begun.error());
    }
}

Acquaintance Replica::acquaintance(NodeId with) const
{
    const Membership &members = m_raft->membership();
    const bool came = m_options.saysItCame && m_options.saysItCame(members, with);
    return {m_raft->log().lastIndex(), came || wasRemoved(members, with)};
}

/// The first membership is written down as a snapshot at index 0, before there is a log, so that a
/// restart needs no configuration to know the members.
Result<void> Replica::createLog()
{
    wal::Snapshot first;
    first.meta.membership = m_options.initial;
    first.state = state();
    if (const auto saved = m_snapshots.save(first); !saved)
        return saved;
    auto created =
        wal::Wal::create(m_world.disk, m_world.syncs, m_options.identity, m_options.segmentSize);
    if (!created)
        return fail(created.error());
    m_wal = std::move(*created);
    return {};
}

Result<Restored> Replica::recover()
{
    Restored restored;
    if (const auto cleaned = m_snapshots.clean(); !cleaned)
        return fail(cleaned.error());
    const auto exists = wal::Wal::exists(m_world.disk);
    if (!exists)
        return fail(exists.error());
    if (!*exists && m_options.hasRun && !m_options.faults.startWithoutLog)
        return fail(
            code::corrupt,
            QStringLiteral("the log is gone: what this member has voted for and acknowledged would "
                           "be forgotten. Remove it from the cluster and join again"));
    if (!*exists) {
        if (const auto created = createLog(); !created)
            return fail(created.error());
        restored.snapshot.membership = m_options.initial;
        return restored;
    }
    wal::Recovered recovered;
    auto opened = wal::Wal::open(m_world.disk, m_world.syncs, &recovered, m_options.segmentSize);
    if (!opened)
        return fail(opened.error());
    if (recovered.identity != m_options.identity)
        return fail(
            code::conflict, QStringLiteral("the log belongs to another member or another cluster"));
    // The commit index is written behind what it speaks of.
    if (recovered.hard.commit > recovered.snapshotIndex + recovered.entries.size())
        return fail(
            code::corrupt, QStringLiteral("the log is damaged: it ends at %1, and %2 was committed")
                               .arg(recovered.snapshotIndex + recovered.entries.size())
                               .arg(recovered.hard.commit));
    auto snapshot = m_snapshots.load(recovered.snapshotIndex);
    if (!snapshot)
        return fail(snapshot.error());
    if (const auto set = setState(snapshot->state); !set)
        return fail(set.error());
    m_wal = std::move(*opened);
    m_applied = snapshot->meta.index;
    m_snapshotIndex = snapshot->meta.index;
    restored.snapshot = std::move(snapshot->meta);
    restored.hard = recovered.hard;
    restored.entries = std::move(recovered.entries);
    return restored;
}

} // namespace qd::store
