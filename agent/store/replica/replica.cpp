// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/replica.h"

#include "agent/store/state_sum.h"
#include "shared/base/bytes.h"
#include "shared/base/crc32c.h"
#include "shared/base/log.h"

#include <algorithm>

namespace qd::store {

using namespace raft;

namespace {

constexpr qint64 kLookEveryMs = 1'000;
/// What NoSpace says of a member that takes no writes from a leader either.
const QByteArray kCritical = "c";

} // namespace

Replica::Replica(const ReplicaOptions &options, const ReplicaWorld &world)
    : m_options(options)
    , m_world(world)
    , m_snapshots(world.disk)
    , m_alive(std::make_shared<bool>(true))
{
    // The answer to a read of an earlier process of this member may still be on its way.
    if (!options.faults.reuseReadNumbers)
        m_lastRead = world.random.next();
}

Replica::~Replica()
{
    *m_alive = false;
}

QByteArray Replica::state()
{
    QByteArray out;
    out.reserve(m_stateSize + m_stateSize / 8);
    ByteWriter writer(out);
    writer.number<qint64>(m_clockUs);
    writer.number<quint32>(quint32(m_window.size()));
    m_window.save(out);
    writer.section([this](ByteWriter &inner) { m_world.machine.save(inner); });
    m_stateSize = out.size();
    return out;
}

quint64 Replica::stateSum() const
{
    return mixed(m_world.machine.sum() + m_window.sum(), quint64(m_clockUs));
}

Result<void> Replica::setState(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    m_clockUs = reader.number<qint64>();
    m_window.clear();
    const auto count = reader.number<quint32>();
    for (quint32 i = 0; i < count && reader.ok(); ++i)
        m_window.add(reader.number<quint64>());
    if (m_options.faults.forgetRequestIdsAtStart)
        m_window.clear();
    const QByteArrayView machine = reader.view();
    if (!reader.ok() || !reader.atEnd())
        return fail(code::corrupt, QStringLiteral("the state of the snapshot does not decode"));
    return m_world.machine.restore(machine);
}

void Replica::wake()
{
    if (m_awake)
        return;
    m_awake = true;
    m_world.schedule();
}

void Replica::fatal(const Error &error)
{
    if (m_failed)
        return;
    m_failed = true;
    qCCritical(lcStore).noquote() << "the replica stops:" << error.text();
    m_world.fatal(error);
}

void Replica::tick()
{
    if (!m_raft || m_failed)
        return;
    // Before it begins it asks for votes as well, with a pre-vote that binds nobody, and hears no
    // answer.
    m_raft->tick();
    if (m_firstStart)
        askAround();
    watchSpace();
    if (m_failed)
        return;
    const qint64 now = m_world.clock.monotonicMs();
    if (now - m_rateSinceMs >= 1'000) {
        m_rate = (m_proposals - m_rateBase) * 1'000 / quint64(now - m_rateSinceMs);
        m_rateBase = m_proposals;
        m_rateSinceMs = now;
        if (m_lastSum.index != 0)
            tellMembers(m_lastSum);
    }
    expireRequests();
    commitClock();
    wake();
}

void Replica::pump()
{
    m_awake = false;
    if (!m_raft || m_failed)
        return;
    noteLeader();
    while (!m_failed && m_raft->hasReady()) {
        handle(m_raft->takeReady());
        noteLeader();
    }
    if (m_failed)
        return;
    answerReads();
    noteMembership();
    noteTransfer();
    noteRemoval();
    const auto deferred = std::exchange(m_deferred, {});
    for (const auto &what : deferred)
        what();
}

void Replica::receive(NodeId from, PeerKind kind, QByteArrayView payload)
{
    if (!m_raft || m_failed)
        return;
    if (kind == PeerKind::Asks) {
        m_world.peers.send(from, PeerKind::Knows, encode(acquaintance(from)));
    } else if (kind == PeerKind::Knows) {
        const auto said = decodeAcquaintance(payload);
        if (said && m_firstStart) {
            m_firstStart->hear(from, *said);
            judgeFirstStart();
        }
    } else if (m_firstStart) {
        return; // it takes no part yet
    } else if (kind == PeerKind::Forward) {
        onForward(from, payload);
    } else if (kind == PeerKind::Refused) {
        onRefused(payload);
    } else if (kind == PeerKind::State) {
        if (const auto state = decodeStateHash(payload)) {
            m_states.tell(from, *state);
            judgeStates();
        }
    } else if (kind == PeerKind::NoSpace) {
        m_space.hear(from, payload == kCritical, m_world.clock.monotonicMs());
    } else {
        const auto message = decodeMessage(payload);
        if (!message || message->from != from || message->type == MessageType::Snapshot) {
            qCWarning(lcStore) << "a message of member" << from << "makes no sense: dropped";
            return;
        }
        m_traffic.received(from, message->type, payload.size(), m_world.clock.wallUs());
        if (!mustDrop(*message))
            m_raft->step(*message);
    }
    wake();
}

void Replica::receiveSnapshot(const Message &message, const QByteArray &state)
{
    if (!m_raft || m_failed || m_firstStart)
        return;
    const wal::Space space = m_world.disk.space();
    if (m_space.isCritical() || (space.total > 0 && space.free < state.size())) {
        qCWarning(lcStore) << "no room for the leader's snapshot of" << state.size() << "bytes";
        return;
    }
    if (message.snapshot.index > m_raft->commitIndex()) {
        // Before consensus counts on it: others fill the disk, too.
        const auto saved =
            m_snapshots.save({message.snapshot, state}, wal::Snapshotter::Syncs::Once);
        if (!saved && saved.error().code == code::noSpace) {
            qCWarning(lcStore).noquote() << "the leader's snapshot:" << saved.error().text();
            return;
        }
        if (!saved)
            return fatal(saved.error());
    }
    // One that consensus had no use for must not stay in memory.
    std::erase_if(m_received, [this](const auto &item) { return item.first <= m_applied; });
    m_received[message.snapshot.index] = state;
    m_raft->step(message);
    wake();
}

void Replica::handle(Ready ready)
{
    if (ready.snapshot)
        install(*ready.snapshot);
    if (m_failed)
        return;
    sendAll(ready.messages);
    persist(ready, std::move(ready.afterSync));
    for (const Entry &entry : ready.committed) {
        apply(entry);
        if (m_failed)
            return;
    }
    takeReads(ready.reads);
}

void Replica::install(const SnapshotMeta &meta)
{
    const auto file = m_received.find(meta.index);
    if (file == m_received.end())
        return fatal({code::internal, QStringLiteral("a snapshot came without its file"), {}, {}});
    if (!m_options.faults.keepStateAtInstall) {
        if (const auto set = setState(file->second); !set)
            return fatal(set.error());
    }
    m_applied = meta.index;
    m_snapshotIndex = meta.index;
    m_appliedMembership = meta.membership;
    m_received.clear();
    qCInfo(lcStore) << "installed the snapshot at" << meta.index;
}

void Replica::persist(const Ready &ready, std::vector<Message> afterSync)
{
    wal::Wal::Batch batch;
    if (ready.snapshot)
        batch.marker = {ready.snapshot->index, ready.snapshot->term};
    batch.entries = &ready.entries;
    batch.hard = ready.hardState;
    batch.mustSync = ready.mustSync;
    m_wal->append(
        batch, [this, alive = m_alive, number = ready.number,
                afterSync = std::move(afterSync)](const Result<void> &result) {
            if (!*alive || m_failed)
                return;
            if (!result)
                return fatal(result.error());
            sendAll(afterSync);
            m_raft->persisted(number);
            wake();
        });
}

void Replica::sendAll(const std::vector<Message> &messages)
{
    for (const Message &message : messages) {
        if (message.type == MessageType::Snapshot) {
            sendSnapshot(message);
            continue;
        }
        const QByteArray bytes = encodeMessage(message);
        m_traffic.sent(message.to, message.type, bytes.size(), m_world.clock.wallUs());
        m_world.peers.send(message.to, PeerKind::Raft, bytes);
    }
}

void Replica::sendSnapshot(const Message &message)
{
    const NodeId to = message.to;
    const bool hasRoom = !m_space.isLow(to, m_world.clock.monotonicMs());
    const auto snapshot = hasRoom ? m_snapshots.load(message.snapshot.index)
                                  : fail(code::noSpace, QStringLiteral("it has no room"));
    if (!snapshot) {
        qCWarning(lcStore).noquote() << "no snapshot for" << to << snapshot.error().text();
        if (snapshot.error().code == code::corrupt)
            replaceSnapshot(snapshot.error());
        defer([this, to] { m_raft->snapshotSent(to, false); });
        return;
    }
    m_world.peers.sendSnapshot(message, snapshot->state, [this, alive = m_alive, to](bool ok) {
        if (!*alive || m_failed)
            return;
        m_raft->snapshotSent(to, ok);
        wake();
    });
}

/// Whoever waits for it is not to wait until the next one is due. Until then the alarm tells of a
/// disk that is not to be trusted.
void Replica::replaceSnapshot(const Error &damage)
{
    alarm(Alarm::Kind::Corrupt, m_options.raft.id, damage.text());
    if (!m_snapshotting)
        saveSnapshot(state(), Saving::AtOnce);
}

void Replica::apply(const Entry &entry)
{
    if (entry.index <= m_applied)
        return;
    m_applied = entry.index;
    if (entry.type == EntryType::Command)
        applyCommand(entry);
    if (entry.type == EntryType::Config) {
        auto membership = decodeMembership(entry.data);
        if (!membership)
            return fatal(membership.error().during(QStringLiteral("entry %1").arg(entry.index)));
        m_appliedMembership = std::move(*membership);
    }
    applyChange(entry);
    // At the same places on each member, so that their states can be compared.
    if (m_applied % m_options.snapshotEvery == 0)
        checkpoint();
}

void Replica::applyCommand(const Entry &entry)
{
    auto command = decodeCommand(entry.data);
    if (!command)
        return fatal(command.error().during(QStringLiteral("entry %1").arg(entry.index)));
    if (m_options.faults.clockOfEachMember)
        command->clockUs = m_world.clock.wallUs();
    m_clockUs = std::max(m_clockUs, command->clockUs);
    if (command->requestId != 0 && !m_window.add(command->requestId) &&
        !m_options.faults.forgetRequestIds)
        return; // proposed twice around a change of leader: the first one has been answered
    const auto result = m_world.machine.apply(entry.index, entry.term, *command);
    const auto waiting = m_pending.find(command->requestId);
    if (waiting == m_pending.end())
        return;
    finish(std::move(waiting->second.done), result);
    m_pending.erase(waiting);
}

/// Whoever waits for a change of members at this index learns whether it is the one that stands
/// there.
void Replica::applyChange(const Entry &entry)
{
    const auto waiting = m_changing.find(entry.index);
    if (waiting != m_changing.end() && waiting->second.term == entry.term) {
        waiting->second.committed = true;
    } else if (waiting != m_changing.end()) {
        defer([done = std::move(waiting->second.done)] {
            done(fail(code::conflict, QStringLiteral("another leader's entry took its place")));
        });
        m_changing.erase(waiting);
    }
    if (entry.type == EntryType::Config && !isJoint(m_appliedMembership))
        changesDone();
}

void Replica::changesDone()
{
    for (auto at = m_changing.begin(); at != m_changing.end();) {
        const auto current = at++;
        if (!current->second.committed)
            continue;
        defer([done = std::move(current->second.done)] { done({}); });
        m_changing.erase(current);
    }
}

void Replica::noteMembership()
{
    if (m_raft->membership() == m_knownMembership)
        return;
    m_knownMembership = m_raft->membership();
    m_alarms.keepMembers(m_knownMembership);
    noteFollowers();
    if (m_world.membershipChanged)
        m_world.membershipChanged(m_knownMembership);
}

void Replica::noteFollowers()
{
    std::vector<NodeId> followers;
    if (isLeader()) {
        for (const std::vector<NodeId> *group :
             {&m_knownMembership.voters, &m_knownMembership.learners})
            std::copy_if(
                group->begin(), group->end(), std::back_inserter(followers),
                [self = m_options.raft.id](NodeId id) { return id != self; });
    }
    m_traffic.setFollowers(followers);
}

void Replica::noteRemoval()
{
    if (m_removedTold || !m_raft->isRemoved())
        return;
    m_removedTold = true;
    qCWarning(lcStore) << "this member was removed from the cluster";
    if (m_world.removed)
        m_world.removed();
}

/// Once a second, and when the log has just found no room.
void Replica::watchSpace()
{
    m_wal->retry();
    const bool isWaiting = m_wal->isWaitingForRoom();
    const qint64 now = m_world.clock.monotonicMs();
    if (now - m_spaceSinceMs < kLookEveryMs && (!isWaiting || m_space.isCritical()))
        return;
    m_spaceSinceMs = now;
    const wal::Space space = m_world.disk.space();
    using Room = SpaceWatch::LogRoom;
    const Room more = m_wal->isNearlyFull() ? Room::Little : Room::Enough;
    m_space.look(space, isWaiting ? Room::None : more);
    if (m_space.isLow()) {
        beLow();
    } else if (m_alarms.lift(Alarm::Kind::NoSpace, m_options.raft.id)) {
        qCInfo(lcStore) << "the disk has room again:" << space.free << "bytes";
    }
}

/// Says so while it lasts, makes room once, and leaves the lead to one whose disk has room.
void Replica::beLow()
{
    const bool isNews = !m_alarms.isRaised(Alarm::Kind::NoSpace, m_options.raft.id);
    alarm(
        Alarm::Kind::NoSpace, m_options.raft.id,
        QStringLiteral("its disk is nearly full: it takes no writes until there is room again"));
    for (const NodeId member : allVoters(m_knownMembership)) {
        if (member != m_options.raft.id)
            m_world.peers.send(
                member, PeerKind::NoSpace, m_space.isCritical() ? kCritical : QByteArray());
    }
    // What a snapshot holds the log need not keep.
    if (isNews && !m_snapshotting && m_applied > m_snapshotIndex)
        saveSnapshot(state(), Saving::AtOnce);
    const NodeId next = m_raft->successor();
    if (isLeader() && !m_transferred && next != kNobody &&
        !m_space.isLow(next, m_world.clock.monotonicMs()))
        transferLeadership(next, [](auto &&) {});
}

/// As if it had been lost on the way: the leader sends it again, and meanwhile the others decide.
bool Replica::mustDrop(const Message &message) const
{
    return m_space.isCritical() && message.type == MessageType::Append &&
           std::any_of(message.entries.begin(), message.entries.end(), [](const Entry &entry) {
               return entry.type == EntryType::Command;
           });
}

/// Tells the others where the state is, and writes it down if the one before is on disk by now.
void Replica::checkpoint()
{
    if (m_applied <= m_snapshotIndex)
        return;
    m_lastSum = {m_applied, StateHash::Of::Sum, stateSum()};
    tellState(m_lastSum);
    if (m_failed || m_snapshotting)
        return;
    saveSnapshot(state(), Saving::WhenDue);
}

void Replica::tellState(const StateHash &state)
{
    m_states.tell(m_options.raft.id, state);
    tellMembers(state);
    judgeStates();
}

void Replica::tellMembers(const StateHash &state)
{
    const QByteArray frame = encode(state);
    for (const std::vector<NodeId> *group :
         {&m_appliedMembership.voters, &m_appliedMembership.learners}) {
        for (const NodeId member : *group) {
            if (member != m_options.raft.id)
                m_world.peers.send(member, PeerKind::State, frame);
        }
    }
}

void Replica::judgeStates()
{
    const auto verdict = m_states.verdict(m_appliedMembership.voters);
    const auto &odd = verdict.odd;
    if (std::find(odd.begin(), odd.end(), m_options.raft.id) != odd.end()) {
        m_failed = true;
        const Error why{
            code::corrupt,
            QStringLiteral("this member's state at entry %1 is not that of the other members")
                .arg(verdict.index),
            {},
            nullptr};
        qCCritical(lcStore).noquote() << "the replica stops:" << why.text();
        if (m_world.diverged)
            m_world.diverged(why);
        else
            m_world.fatal(why);
        return;
    }
    for (const NodeId member : odd) {
        if (isMember(m_knownMembership, member))
            alarm(
                Alarm::Kind::Diverged, member,
                QStringLiteral("its state at entry %1 is not that of the others: it has stopped")
                    .arg(verdict.index));
    }
    if (verdict.split)
        alarm(
            Alarm::Kind::Split, kNobody,
            QStringLiteral("the members' states differ at entry %1, and no majority says which "
                           "one is right")
                .arg(verdict.index));
    else if (verdict.index != 0)
        m_alarms.lift(Alarm::Kind::Split, kNobody);
}

void Replica::alarm(Alarm::Kind kind, NodeId member, const QString &sentence)
{
    const auto now = QDateTime::fromMSecsSinceEpoch(m_world.clock.wallUs() / 1'000, Qt::UTC);
    if (m_alarms.raise(kind, member, sentence, now))
        qCCritical(lcStore).noquote()
            << "ALARM:" << (member == kNobody ? QString() : QString::number(member, 16))
            << sentence;
}

void Replica::saveSnapshot(QByteArray state, Saving saving)
{
    m_snapshotting = true;
    wal::Snapshot snapshot;
    // The committed membership: that at the log's end may yet be rolled back.
    snapshot.meta = {m_applied, m_raft->log().termAt(m_applied), m_appliedMembership};
    snapshot.state = std::move(state);
    if (m_options.faults.snapshotWithoutMembership)
        snapshot.meta.membership = m_options.initial;
    if (m_options.faults.snapshotWithNewestMembership)
        snapshot.meta.membership = m_raft->membership();
    if (m_options.faults.snapshotOneTooLow)
        snapshot.meta = {m_applied - 1, m_raft->log().termAt(m_applied - 1), m_appliedMembership};
    const SnapshotMeta meta = snapshot.meta;
    if (m_options.faults.markBeforeSave) {
        wal::Wal::Batch batch;
        batch.marker = {meta.index, meta.term};
        m_wal->append(batch, [](auto &&) {});
    }
    const auto crc = std::make_shared<quint32>();
    m_world.saves.run(
        [disk = &m_world.disk, crc, snapshot = std::move(snapshot)] {
            *crc = crc32c(snapshot.state);
            return wal::Snapshotter(*disk).save(snapshot);
        },
        [this, alive = m_alive, meta, saving, crc](const Result<void> &saved) {
            if (!*alive || m_failed)
                return;
            m_snapshotting = false;
            if (!saved && saved.error().code == code::noSpace) {
                qCWarning(lcStore).noquote() << "no snapshot:" << saved.error().text();
                return; // the next one, when there is room
            }
            if (!saved)
                return fatal(saved.error());
            if (saving == Saving::WhenDue) {
                m_alarms.lift(Alarm::Kind::Corrupt, m_options.raft.id);
                tellState({meta.index, StateHash::Of::Bytes, *crc});
            }
            if (!m_failed)
                snapshotSaved(meta);
        });
}

void Replica::snapshotSaved(const SnapshotMeta &meta)
{
    if (meta.index <= m_snapshotIndex)
        return; // it took the place of a damaged one, or one from the leader overtook it
    m_snapshotIndex = meta.index;
    wal::Wal::Batch batch;
    batch.marker = {meta.index, meta.term};
    m_wal->append(batch, [this, alive = m_alive, meta](const Result<void> &result) {
        if (!*alive || m_failed)
            return;
        if (!result)
            return fatal(result.error());
        removeSuperseded(meta.index);
        if (meta.index >= m_snapshotIndex)
            compact(meta);
    });
    wake();
}

/// Beside the log's syncs: to take a file away can last as long as many of them.
void Replica::removeSuperseded(Index snapshot)
{
    m_world.saves.run(
        [disk = &m_world.disk, snapshot, segments = m_wal->release(snapshot)] {
            const auto removed = wal::Wal::remove(*disk, segments);
            return removed ? wal::Snapshotter(*disk).removeOld(snapshot) : removed;
        },
        [this, alive = m_alive](const Result<void> &removed) {
            if (*alive && !m_failed && !removed)
                fatal(removed.error());
        });
}

/// The first entry of the log that stays in memory behind a snapshot.
Index Replica::keepFrom(Index snapshot) const
{
    const Log &log = m_raft->log();
    const Index wanted = snapshot > m_options.keepEntries ? snapshot - m_options.keepEntries : 1;
    const Index lowest = std::max(wanted, log.firstIndex());
    Index from = snapshot + 1;
    qint64 bytes = 0;
    while (from > lowest) {
        bytes += log.at(from - 1).data.size();
        if (bytes > m_options.keepBytes)
            break;
        --from;
    }
    return from;
}

void Replica::compact(const SnapshotMeta &meta)
{
    m_raft->compact(meta, keepFrom(meta.index));
    if (m_world.compacted)
        m_world.compacted();
}

qint64 Replica::leaderlessMs() const
{
    return m_leader == kNobody ? m_world.clock.monotonicMs() - m_leaderlessSinceMs : 0;
}

ReplicaStatus Replica::status() const
{
    ReplicaStatus out;
    if (!m_raft)
        return out;
    out.raft = m_raft->status();
    out.membership = m_raft->membership();
    out.shipments = m_world.peers.shipments();
    out.alarms = m_alarms.all();
    out.applied = m_applied;
    out.snapshotIndex = m_snapshotIndex;
    out.proposals = m_proposals;
    out.proposalsLastSecond = m_rate;
    out.pending = m_pending.size();
    out.failed = m_failedWrites;
    out.leaderChanges = m_leaderChanges;
    out.syncs = m_wal->syncCount();
    const qint64 nowUs = m_world.clock.wallUs();
    out.appendsSent = m_traffic.appendsSent().count();
    out.appendsReceived = m_traffic.appendsReceived().count();
    out.sentRate = m_traffic.appendsSent().rate(nowUs);
    out.receivedRate = m_traffic.appendsReceived().rate(nowUs);
    out.followers = m_traffic.followers();
    out.leaderSinceUs = m_leaderSinceUs;
    return out;
}

} // namespace qd::store
