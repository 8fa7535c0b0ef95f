// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/sim_node.h"

#include "shared/base/bytes.h"

#include <limits>

namespace qd::sim {

using namespace raft;

namespace {

constexpr quint64 kSyncLabel = 0x5000;
constexpr quint64 kShippedLabel = 0x6000;

} // namespace

void State::apply(const Entry &entry)
{
    require(entry.index == applied + 1, "entries are applied one after the other");
    applied = entry.index;
    hash = (hash ^ entry.term) * 0x9e3779b97f4a7c15ULL + (hash >> 31);
    if (entry.type != EntryType::Command)
        return;
    ByteReader reader(entry.data);
    const auto command = reader.number<quint64>();
    hash ^= command * 0xbf58476d1ce4e5b9ULL;
    require(commands.insert(command).second, "a command is applied once");
}

QByteArray State::encode() const
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(applied);
    writer.number<quint64>(hash);
    for (const quint64 command : commands)
        writer.number<quint64>(command);
    return out;
}

State State::decode(const QByteArray &bytes)
{
    State out;
    ByteReader reader(bytes);
    out.applied = reader.number<quint64>();
    out.hash = reader.number<quint64>();
    while (!reader.atEnd() && reader.ok())
        out.commands.insert(out.commands.end(), reader.number<quint64>());
    return out;
}

SimNode::SimNode(World &world, const NodeOptions &options, quint64 seed)
    : m_world(world)
    , m_options(options)
    , m_random(seed)
    , m_disk(m_random)
    , m_snapshots(m_disk)
{
}

SimNode::~SimNode() = default;

Result<void> SimNode::restore(Restored *restored)
{
    const auto exists = wal::Wal::exists(m_disk);
    if (!exists)
        return fail(exists.error());
    restored->snapshot.membership = m_options.initial;
    m_state = {};
    wal::Recovered recovered;
    if (!*exists) {
        auto created = wal::Wal::create(m_disk, *this, {1, id()});
        if (!created)
            return fail(created.error());
        m_wal = std::move(*created);
        return {};
    }
    auto opened = wal::Wal::open(m_disk, *this, &recovered);
    if (!opened)
        return fail(opened.error());
    m_wal = std::move(*opened);
    restored->hard = recovered.hard;
    restored->entries = std::move(recovered.entries);
    if (recovered.snapshotIndex > 0) {
        const auto snapshot = m_snapshots.load(recovered.snapshotIndex);
        if (!snapshot)
            return fail(snapshot.error());
        restored->snapshot = snapshot->meta;
        m_state = State::decode(snapshot->state);
    }
    return m_snapshots.clean();
}

Result<void> SimNode::start()
{
    Restored restored;
    if (const auto done = restore(&restored); !done) {
        m_wal.reset();
        return done;
    }
    // What was promised is there again; what was not promised may be there too.
    Durable &durable = m_world.durable()[id()];
    require(restored.hard.term >= durable.term, "a synced term is not forgotten");
    require(
        restored.hard.term > durable.term || durable.vote == kNobody ||
            restored.hard.vote == durable.vote,
        "a synced vote is not forgotten (R-11)");
    const Index last = restored.snapshot.index + restored.entries.size();
    for (Index index = durable.boundary + 1; index <= durable.boundary + durable.terms.size();
         ++index) {
        if (index <= restored.snapshot.index || !durable.isSure(index))
            continue;
        const Term was = durable.terms.at(index - durable.boundary - 1);
        require(
            index <= last && restored.entries.at(index - restored.snapshot.index - 1).term == was,
            "a synced entry is not forgotten (R-18)");
    }
    durable = {};
    durable.install(restored.snapshot.index);
    durable.write(restored.entries);
    durable.term = restored.hard.term;
    durable.vote = restored.hard.vote;
    m_membership = restored.snapshot.membership;
    m_lastSnapshot = restored.snapshot.index;
    m_seenCommit = m_lastSnapshot;
    m_seen = {restored.hard.term, restored.hard.vote, 0};
    m_wasLeader = false;
    m_dead = false;
    ++m_incarnation;
    m_raft =
        std::make_unique<Raft>(m_options.raft, std::move(restored), m_random, m_options.faults);
    return {};
}

void SimNode::crash()
{
    m_raft.reset();
    m_wal.reset();
    m_received.clear();
    m_pending.clear();
    m_readings.clear();
    m_disk.clearSyncMark();
    m_disk.crash();
    ++m_incarnation;
}

void SimNode::die()
{
    m_dead = true;
}

/// One event of this machine. It may die in the middle, or end itself because its disk failed.
template <class What>
void SimNode::act(What what)
{
    try {
        what();
        pump();
    } catch (const MachineDied &) {
        die();
    }
    m_disk.clearSyncMark();
    if (m_dead)
        m_world.died(id());
    else if (m_raft->isRemoved())
        m_world.retired(id());
}

void SimNode::run(std::function<Result<void>()> work, std::function<void(Result<void>)> done)
{
    const quint64 mark = m_disk.writeMark();
    const qint64 us = 50 + qint64(m_random.below(quint64(m_options.maxSyncUs)));
    m_world.scheduler().after(
        us, kSyncLabel + id(),
        [this, mark, incarnation = m_incarnation, work = std::move(work), done = std::move(done)] {
            if (incarnation != m_incarnation)
                return; // the process that asked is no more
            act([&] {
                m_disk.setSyncMark(mark);
                const auto result = work();
                m_disk.clearSyncMark();
                done(result);
            });
        });
}

void SimNode::tick()
{
    act([this] { m_raft->tick(); });
}

void SimNode::receive(const Packet &packet)
{
    act([&] {
        if (packet.file)
            m_received[packet.message.snapshot.index] = packet.file;
        m_raft->step(packet.message);
    });
}

bool SimNode::propose(quint64 command)
{
    bool accepted = false;
    act([&] {
        QByteArray data;
        ByteWriter(data).number<quint64>(command);
        data.append(int(m_random.below(40)), 'x');
        const auto index = m_raft->propose(data);
        accepted = index.has_value();
        if (accepted)
            m_pending[*index] = {m_raft->term(), command};
    });
    return accepted;
}

void SimNode::read()
{
    act([this] {
        m_readings[++m_lastRead] = {m_world.history().lastAcknowledged(), 0};
        m_raft->readIndex(m_lastRead);
    });
}

void SimNode::transfer(NodeId to)
{
    act([&] { (void)m_raft->transferLeadership(to); });
}

bool SimNode::change(const std::vector<MembershipChange> &changes)
{
    bool accepted = false;
    act([&] { accepted = m_raft->proposeMembership(changes).has_value(); });
    return accepted;
}

void SimNode::pump()
{
    checkCommits();
    while (!m_dead && m_raft->hasReady())
        handle(m_raft->takeReady());
    if (!m_dead)
        check();
}

void SimNode::handle(Ready ready)
{
    if (ready.snapshot)
        install(*ready.snapshot);
    sendAll(ready.messages);
    persist(ready, std::move(ready.afterSync));
    apply(ready.committed);
    for (const auto &read : ready.reads) {
        if (read.index == 0)
            m_readings.erase(read.context);
        else if (const auto at = m_readings.find(read.context); at != m_readings.end())
            at->second.index = read.index;
    }
    answerReads();
    maybeSnapshot();
}

void SimNode::install(const SnapshotMeta &meta)
{
    const auto file = m_received[meta.index];
    require(file != nullptr, "a snapshot is installed after its file has come");
    if (!m_snapshots.save({meta, *file})) {
        die();
        return;
    }
    m_state = State::decode(*file);
    require(m_state.applied == meta.index, "a snapshot's state is that of its index");
    m_world.history().applied(m_state.applied, m_state.hash);
    m_membership = meta.membership;
    m_lastSnapshot = meta.index;
    m_received.clear();
}

/// From where on the batch changes what the log holds.
Index SimNode::firstTouched(const Ready &ready)
{
    Index first = std::numeric_limits<Index>::max();
    if (ready.snapshot)
        first = ready.snapshot->index + 1;
    if (!ready.entries.empty())
        first = std::min(first, ready.entries.front().index);
    return first;
}

void SimNode::persist(const Ready &ready, std::vector<Message> afterSync)
{
    if (m_dead)
        return;
    wal::Wal::Batch batch;
    if (ready.snapshot)
        batch.marker = {ready.snapshot->index, ready.snapshot->term};
    batch.entries = &ready.entries;
    batch.hard = ready.hardState;
    batch.mustSync = ready.mustSync;
    const Index installed = ready.snapshot ? ready.snapshot->index : 0;
    if (ready.mustSync)
        m_world.durable()[id()].underWay.push_back(firstTouched(ready));
    m_wal->append(
        batch,
        [this, number = ready.number, entries = ready.entries, hard = ready.hardState, installed,
         must = ready.mustSync, afterSync = std::move(afterSync)](const Result<void> &result) {
            if (!result) {
                die(); // a failed sync is the end of the process
                return;
            }
            if (must)
                durableNow(entries, hard, installed);
            sendAll(afterSync);
            m_raft->persisted(number);
        });
}

void SimNode::durableNow(
    const std::vector<Entry> &entries, const std::optional<HardState> &hard, Index installed)
{
    Durable &durable = m_world.durable()[id()];
    durable.underWay.pop_front();
    durable.install(installed);
    durable.write(entries);
    if (hard) {
        durable.term = hard->term;
        durable.vote = hard->vote;
    }
}

void SimNode::sendAll(const std::vector<Message> &messages)
{
    for (const Message &message : messages) {
        if (message.type == MessageType::Snapshot)
            sendSnapshot(message);
        else
            m_world.send(id(), {message, nullptr});
    }
}

void SimNode::sendSnapshot(const Message &message)
{
    const auto snapshot = m_snapshots.load(message.snapshot.index);
    const NodeId to = message.to;
    if (snapshot)
        m_world.send(id(), {message, std::make_shared<const QByteArray>(snapshot->state)});
    // The shipping ends at some time; whether it arrived, the sender may get wrong.
    const bool ok = snapshot && m_random.below(4) != 0;
    m_world.scheduler().after(
        100'000, kShippedLabel + id(), [this, to, ok, incarnation = m_incarnation] {
            if (incarnation == m_incarnation)
                act([&] { m_raft->snapshotSent(to, ok); });
        });
}

void SimNode::apply(const std::vector<Entry> &entries)
{
    for (const Entry &entry : entries) {
        m_world.history().committed(entry);
        if (entry.type == EntryType::Config)
            m_membership = *decodeMembership(entry.data);
        m_state.apply(entry);
        m_world.history().applied(m_state.applied, m_state.hash);
        const auto waiting = m_pending.find(entry.index);
        if (waiting == m_pending.end())
            continue;
        if (waiting->second.term == entry.term)
            m_world.history().acknowledged(entry.index, waiting->second.command);
        m_pending.erase(waiting);
    }
}

void SimNode::answerReads()
{
    std::erase_if(m_readings, [this](const auto &item) {
        const Reading &reading = item.second;
        if (reading.index == 0 || reading.index > m_state.applied)
            return false;
        require(
            m_state.applied >= reading.atLeast,
            "a linearizable read sees every acknowledged write (R-48)");
        return true;
    });
}

void SimNode::maybeSnapshot()
{
    if (m_dead || m_state.applied < m_lastSnapshot + m_options.snapshotEvery)
        return;
    SnapshotMeta meta{m_state.applied, m_raft->log().termAt(m_state.applied), m_membership};
    if (!m_snapshots.save({meta, m_state.encode()})) {
        die();
        return;
    }
    m_lastSnapshot = meta.index;
    wal::Wal::Batch batch;
    batch.marker = {meta.index, meta.term};
    m_wal->append(batch, [this, meta](const Result<void> &result) {
        if (!result || !m_wal->release(meta.index) || !m_snapshots.removeOld(meta.index)) {
            die();
            return;
        }
        m_raft->compact(
            meta, meta.index > m_options.keepEntries ? meta.index - m_options.keepEntries : 1);
    });
}

/// Before anything of it leaves: a leader that is removed with this commit leads no more after it.
void SimNode::checkCommits()
{
    if (m_raft->isLeader() && m_raft->commitIndex() > m_seenCommit)
        m_world.history().leaderCommits(*m_raft, m_seenCommit, m_world.durable());
    m_seenCommit = m_raft->commitIndex();
}

void SimNode::check()
{
    const HardState now{m_raft->term(), m_raft->status().vote, m_raft->commitIndex()};
    require(now.term >= m_seen.term, "terms never go back");
    require(now.commit >= m_seen.commit, "the commit index never goes back");
    require(
        now.term != m_seen.term || m_seen.vote == kNobody || m_seen.vote == now.vote,
        "one vote in a term");
    require(m_state.applied <= now.commit, "only what is committed is applied");
    require(now.commit <= m_raft->log().lastIndex(), "only what is in the log is committed");
    m_seen = now;
    if (m_raft->isLeader() && !m_wasLeader)
        m_world.history().leaderElected(*m_raft);
    m_wasLeader = m_raft->isLeader();
}

} // namespace qd::sim
