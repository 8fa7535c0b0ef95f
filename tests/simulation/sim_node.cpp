// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/sim_node.h"

#include "agent/wal/segment_reader.h"

namespace qd::sim {

using namespace raft;

namespace {

constexpr quint64 kSyncLabel = 0x5000;
constexpr quint64 kTurnLabel = 0x6000;
constexpr qint64 kWriteMs = 20'000;

QString keyOf(quint64 command)
{
    return QStringLiteral("/n/%1").arg(command);
}

} // namespace

SimNode::SimNode(World &world, const NodeOptions &options, quint64 seed)
    : m_world(world)
    , m_options(options)
    , m_random(seed)
    , m_clock(world.scheduler(), options.driftPerMille)
    , m_disk(m_random, options.mutant.disk)
{
    m_disk.setWitness(&m_witness);
}

SimNode::~SimNode() = default;

store::ReplicaWorld SimNode::replicaWorld()
{
    return {
        m_clock,
        m_random,
        m_disk,
        *this,
        m_saves,
        *this,
        *m_machine,
        [this] { wanted(); },
        [this](const Error &error) {
            m_dead = true;
            m_error = error;
            m_world.history().count(Sometimes::SyncFailed);
        },
        {},
        [this] { m_removed = true; }};
}

Result<void> SimNode::start()
{
    ++m_incarnation;
    m_dead = m_removed = m_wanted = m_paused = false;
    m_waiting.clear();
    m_shipping.clear();
    if (m_powerFailed && endsTorn())
        m_world.history().count(Sometimes::TornRecordFound);
    auto started = startReplica();
    if (!started && started.error().code == code::corrupt && m_options.mutant.takeDamageForTorn) {
        cutAtDamage();
        started = startReplica();
    }
    if (!started)
        return started;
    m_hasRun = true;
    // What was promised is there again; what was not promised may be there too.
    m_witness.check(raft());
    if (std::exchange(m_powerFailed, false))
        m_witness.found(raft());
    m_seenApplied = m_replica->applied();
    m_seenFiles = m_disk.logFiles();
    m_seenCommit = m_seenApplied;
    m_seenLast = {raft().log().lastIndex(), raft().log().lastTerm()};
    m_seen = {raft().term(), raft().vote(), 0};
    m_wasLeader = false;
    m_seenAlarms.clear();
    return {};
}

Result<void> SimNode::startReplica()
{
    m_machine = std::make_unique<SimMachine>(m_world.history(), [this](std::function<void()> what) {
        m_replica->defer(std::move(what));
    });
    m_options.replica.hasRun = m_hasRun;
    m_replica = std::make_unique<store::Replica>(m_options.replica, replicaWorld());
    const auto started = m_replica->start();
    if (!started) {
        m_replica.reset();
        m_machine.reset();
    }
    return started;
}

/// The log ends with a record of which only a part was written.
bool SimNode::endsTorn() const
{
    QString last;
    const auto files = m_disk.list();
    for (const QString &file : *files)
        last = file.endsWith(QStringLiteral(".wal")) ? std::max(last, file) : last;
    const QByteArray bytes = m_disk.contents(last);
    const auto end = wal::readSegment(
        last, bytes, std::nullopt, true, [](auto &&, auto &&) -> Result<void> { return {}; });
    return end && end->torn;
}

/// What a mutant does that takes whatever it cannot read for the end of the log.
void SimNode::cutAtDamage()
{
    const auto files = m_disk.list();
    bool isCut = false;
    for (const QString &file : *files) {
        if (!file.endsWith(QStringLiteral(".wal")))
            continue;
        if (isCut) {
            static_cast<void>(m_disk.remove(file));
            continue;
        }
        const QByteArray bytes = m_disk.contents(file);
        qint64 good = 0;
        const auto end = wal::readSegment(
            file, bytes, std::nullopt, false, [&](const wal::Header &header, auto &&) {
                good += wal::recordSize(header.length);
                return Result<void>();
            });
        if (end)
            continue;
        isCut = true;
        m_disk.setContents(file, bytes.left(good));
    }
}

void SimNode::end()
{
    m_replica.reset();
    m_machine.reset();
    m_waiting.clear();
    m_paused = false;
    ++m_incarnation;
}

void SimNode::crash()
{
    end();
    m_disk.crash();
    m_witness.powerFails();
    m_powerFailed = true;
}

void SimNode::kill()
{
    end();
    m_disk.kill();
}

void SimNode::resume()
{
    m_paused = false;
    const quint64 incarnation = m_incarnation;
    const auto waiting = std::exchange(m_waiting, {});
    for (const auto &what : waiting) {
        if (incarnation == m_incarnation)
            act(what);
    }
}

/// One event of this machine. It may die in the middle, or end itself because its disk failed.
void SimNode::act(const std::function<void()> &what)
{
    if (m_paused) {
        m_waiting.push_back(what);
        return;
    }
    try {
        what();
        checkCommits();
        if (m_options.turnUs == 0) {
            while (m_wanted && !m_dead)
                pump();
        }
        if (!m_dead)
            check();
    } catch (const MachineDied &) {
        m_world.history().count(Sometimes::DiedInAWrite);
        m_dead = true;
        m_error = {code::io, {}, {}, {}};
    }
    m_disk.clearSyncMark();
    if (m_dead)
        m_world.died(id());
    else if (m_removed)
        m_world.retired(id());
}

/// The replica asks for a call of pump() after everything else that came in this turn.
void SimNode::wanted()
{
    m_wanted = true;
    if (m_options.turnUs == 0)
        return;
    m_world.scheduler().after(
        qint64(m_random.below(quint64(m_options.turnUs))), kTurnLabel + id(),
        [this, incarnation = m_incarnation] {
            if (incarnation == m_incarnation)
                act([this] { pump(); });
        });
}

void SimNode::pump()
{
    m_wanted = false;
    m_replica->pump();
    checkCommits();
}

void SimNode::runAfter(
    qint64 *last, std::function<Result<void>()> work, std::function<void(Result<void>)> done)
{
    const quint64 mark = m_disk.writeMark();
    const qint64 now = m_world.scheduler().nowUs();
    const auto most = quint64(m_options.maxSyncUs) * quint64(m_slowness);
    // One after the other, as on the thread that does it.
    *last = std::max(*last, now) + 50 + qint64(m_random.below(most));
    m_world.scheduler().after(
        *last - now, kSyncLabel + id(),
        [this, mark, incarnation = m_incarnation, work = std::move(work), done = std::move(done)] {
            if (incarnation != m_incarnation)
                return; // the process that asked is no more
            act([this, mark, work, done] {
                m_disk.setSyncMark(mark);
                auto result = work();
                m_disk.clearSyncMark();
                if (m_options.mutant.ignoreFailedSync)
                    result = {};
                done(result);
            });
        });
}

void SimNode::send(NodeId to, store::PeerKind kind, const QByteArray &payload)
{
    if (kind == store::PeerKind::Forward)
        m_world.history().count(Sometimes::WriteForwarded);
    else if (kind == store::PeerKind::Refused)
        m_world.history().count(Sometimes::WriteRefused);
    m_world.send({id(), to, kind, payload});
}

void SimNode::sendSnapshot(
    const Message &message, const QByteArray &state, std::function<void(bool)> done)
{
    m_world.history().count(Sometimes::SnapshotShipped);
    const NodeId to = message.to;
    const quint64 number = ++m_shipping[to];
    m_world.ship(
        {message, state,
         [this, to, number, incarnation = m_incarnation, done = std::move(done)](bool ok) {
             // Of one whose place another has taken nothing is said any more.
             if (incarnation == m_incarnation && m_shipping[to] == number)
                 act([done, ok] { done(ok); });
         }});
}

void SimNode::tick()
{
    if (!m_paused) // a timer that nobody hears does not ring later
        act([this] { m_replica->tick(); });
}

void SimNode::receive(const Packet &packet)
{
    act([this, packet] { m_replica->receive(packet.from, packet.kind, packet.payload); });
}

void SimNode::receiveSnapshot(const Message &message, const QByteArray &state)
{
    act([this, message, state] { m_replica->receiveSnapshot(message, state); });
}

bool SimNode::propose(quint64 command)
{
    if (!isUp() || !m_replica->isLeader())
        return false;
    act([this, command] {
        store::WriteRequest request;
        request.key = keyOf(command);
        request.value = QByteArray::number(command) + QByteArray(int(m_random.below(40)), 'x');
        m_replica->write(request, kWriteMs, [this, command](const Result<store::Event> &result) {
            if (result)
                m_world.history().acknowledged(command);
        });
    });
    return true;
}

bool SimNode::holds(quint64 command) const
{
    store::GetRequest request;
    request.key = keyOf(command);
    return m_machine->get(request).has_value();
}

void SimNode::transfer(NodeId to)
{
    if (!isUp())
        return;
    m_world.history().count(Sometimes::LeadershipAsked);
    act([this, to] {
        m_replica->transferLeadership(to, [this](const Result<NodeId> &result) {
            if (result)
                m_world.history().leadershipMoved();
        });
    });
}

bool SimNode::change(const std::vector<MembershipChange> &changes)
{
    const Index before = raft().log().lastIndex();
    act([this, changes] { m_replica->change(changes, [](auto &&) {}); });
    return isUp() && !m_paused && raft().log().lastIndex() > before;
}

/// Before anything of it leaves: a leader that is removed with this commit leads no more after it.
void SimNode::checkCommits()
{
    if (raft().isLeader() && raft().commitIndex() > m_seenCommit)
        m_world.history().leaderCommits(raft(), m_seenCommit, m_world.disks());
    m_seenCommit = raft().commitIndex();
}

void SimNode::check()
{
    const Raft &raft = this->raft();
    const HardState now{raft.term(), raft.vote(), raft.commitIndex()};
    require(now.term >= m_seen.term, "terms never go back");
    require(now.commit >= m_seen.commit, "the commit index never goes back");
    require(
        now.term != m_seen.term || m_seen.vote == kNobody || m_seen.vote == now.vote,
        "one vote in a term");
    require(m_replica->applied() <= now.commit, "only what is committed is applied");
    require(now.commit <= raft.log().lastIndex(), "only what is in the log is committed");
    if (raft.isLeader() && !m_wasLeader)
        m_world.history().leaderElected(raft);
    if (!raft.isLeader() && m_wasLeader && now.term == m_seen.term)
        m_world.history().count(Sometimes::LeaderStoodDown);
    m_wasLeader = raft.isLeader();
    m_seen = now;
    checkLog();
    noteAlarms();
}

void SimNode::noteAlarms()
{
    std::set<Alarm::Kind> raised;
    for (const Alarm &alarm : m_replica->alarms()) {
        raised.insert(alarm.kind);
        if (m_seenAlarms.count(alarm.kind) != 0)
            continue;
        require(
            alarm.kind == Alarm::Kind::NoSpace || alarm.kind == Alarm::Kind::Corrupt,
            "members' states never differ");
        require(
            alarm.kind != Alarm::Kind::Corrupt || !m_disk.damage().isEmpty(),
            "only a damaged file is called so");
        m_world.history().count(
            alarm.kind == Alarm::Kind::Corrupt ? Sometimes::DamagedSnapshotReplaced
                                               : Sometimes::DiskFull);
    }
    m_seenAlarms = std::move(raised);
}

void SimNode::checkLog()
{
    const Log &log = raft().log();
    const Index applied = m_replica->applied();
    require(applied >= m_seenApplied, "the applied index never goes back");
    if (m_disk.logFiles() > std::exchange(m_seenFiles, m_disk.logFiles()))
        m_world.history().count(Sometimes::SegmentEnded);
    // What an installed snapshot stands for is committed; its entries are not here.
    if (m_seenApplied < applied && log.firstIndex() > m_seenApplied + 1) {
        m_world.history().count(Sometimes::SnapshotInstalled);
        if (m_world.isCut())
            m_world.history().count(Sometimes::SnapshotInstalledWhileCut);
        m_seenApplied = log.firstIndex() - 1;
    }
    while (m_seenApplied < applied)
        m_world.history().committed(log.at(++m_seenApplied));
    const auto [last, term] = m_seenLast;
    if (last >= log.firstIndex() && log.termAt(last) != term)
        m_world.history().count(Sometimes::LogTruncated);
    m_seenLast = {log.lastIndex(), log.lastTerm()};
}

} // namespace qd::sim
