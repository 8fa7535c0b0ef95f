// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/replica.h"
#include "shared/base/bytes.h"

namespace qd::store {

using namespace raft;

void Replica::write(const WriteRequest &request, qint64 timeoutMs, EventHandler done)
{
    quint64 id = 0;
    while (id == 0 || m_pending.contains(id))
        id = m_world.random.next();
    if (m_space.isCritical() && !isLeader()) {
        // It would not hear what comes of it.
        finish(
            std::move(done),
            fail(code::noSpace, QStringLiteral("no space: this member's disk is full")));
        return;
    }
    Pending pending;
    pending.request = request;
    pending.done = std::move(done);
    pending.deadlineMs = m_world.clock.monotonicMs() + timeoutMs;
    Pending &kept = m_pending.emplace(id, std::move(pending)).first->second;
    if (m_raft && !m_failed)
        route(id, kept);
    if (m_options.faults.acknowledgeWhenProposed && isLeader() && m_pending.contains(id)) {
        finish(std::move(m_pending.at(id).done), Event{});
        m_pending.erase(id);
    }
    wake();
}

void Replica::read(const GetRequest &request, qint64 timeoutMs, EventHandler done)
{
    if (m_options.faults.readLocalState) {
        finish(std::move(done), m_world.machine.get(request));
        return;
    }
    Reading reading;
    reading.request = request;
    reading.done = std::move(done);
    reading.deadlineMs = m_world.clock.monotonicMs() + timeoutMs;
    m_readings.emplace(++m_lastRead, std::move(reading));
    askReads();
    wake();
}

void Replica::defer(std::function<void()> what)
{
    m_deferred.push_back(std::move(what));
    wake();
}

void Replica::finish(EventHandler done, Result<Event> result)
{
    defer([done = std::move(done), result = std::move(result)]() mutable {
        done(std::move(result));
    });
}

void Replica::change(const std::vector<MembershipChange> &changes, Done done)
{
    const auto index = m_raft->proposeMembership(changes);
    if (!index) {
        Error error = index.error();
        error.detail.insert(QStringLiteral("leader"), QString::number(m_raft->leader(), 16));
        defer([done = std::move(done), error] { done(fail(error)); });
        return;
    }
    m_changing[*index] = {m_raft->term(), std::move(done)};
    wake();
}

void Replica::transferLeadership(NodeId to, Transferred done)
{
    endTransfer(fail(code::conflict, QStringLiteral("another transfer of leadership began")));
    const NodeId next = to == kNobody ? m_raft->successor() : to;
    Result<void> begun =
        next == kNobody && isLeader()
            ? fail(code::nodeUnreachable, QStringLiteral("no other voter is there"))
            : m_raft->transferLeadership(next);
    m_transferred = std::move(done);
    if (!begun)
        endTransfer(fail(begun.error()));
    else if (next == m_options.raft.id)
        endTransfer(next);
    wake();
}

void Replica::noteTransfer()
{
    if (!m_transferred)
        return;
    if (!isLeader() && m_raft->leader() != kNobody)
        endTransfer(m_raft->leader());
    else if (isLeader() && m_raft->transferTarget() == kNobody)
        endTransfer(
            fail(code::deadline, QStringLiteral("nobody took over in time: this member leads on")));
}

void Replica::endTransfer(const Result<NodeId> &result)
{
    if (!m_transferred)
        return;
    defer([done = std::exchange(m_transferred, {}), result] { done(result); });
}

void Replica::campaign()
{
    m_raft->campaign();
    wake();
}

/// When another member leads, everything that waits goes to it at once. Whether the old one
/// committed it does not matter: an id is applied once.
void Replica::noteLeader()
{
    if (m_raft->leader() == m_leader && m_raft->term() == m_leaderTerm)
        return;
    m_leaderChanges += m_raft->leader() != kNobody && m_raft->leader() != m_leader ? 1 : 0;
    if (m_leader != kNobody)
        m_leaderlessSinceMs = m_world.clock.monotonicMs();
    m_leader = m_raft->leader();
    m_leaderTerm = m_raft->term();
    m_leaderSinceUs = m_leader == kNobody ? 0 : m_world.clock.wallUs();
    noteFollowers();
    for (auto &[id, pending] : m_pending)
        pending.sent = false;
    for (auto &[context, reading] : m_readings)
        reading.asked = reading.index != 0;
    if (!isLeader()) {
        for (auto &[index, changing] : m_changing) {
            defer([done = std::move(changing.done)] {
                done(fail(
                    code::unknownOutcome,
                    QStringLiteral("the leader changed before the members' change was committed")));
            });
        }
        m_changing.clear();
    }
    if (m_leader != kNobody) {
        routeAll();
        askReads();
    }
}

void Replica::routeAll()
{
    for (auto at = m_pending.begin(); at != m_pending.end();) {
        const auto now = at++;
        if (!now->second.sent)
            route(now->first, now->second);
    }
}

/// May end the request, which removes it.
void Replica::route(quint64 id, Pending &pending)
{
    const NodeId leader = m_raft->leader();
    if (leader == kNobody)
        return;
    if (isLeader()) {
        if (const auto proposed = proposeWrite(id, pending.request); !proposed) {
            if (proposed.error().code == code::noLeader || pending.everSent)
                return;
            finish(std::move(pending.done), fail(proposed.error()));
            m_pending.erase(id);
            return;
        }
    } else {
        QByteArray payload;
        ByteWriter writer(payload);
        writer.number<quint64>(
            m_options.faults.sendAgainAsAnother ? id + quint64(pending.attempts) : id);
        writer.bytes(encodeRequest(pending.request));
        m_world.peers.send(leader, PeerKind::Forward, payload);
    }
    pending.sent = true;
    pending.everSent = true;
    ++pending.attempts;
    pending.sentMs = m_world.clock.monotonicMs();
}

/// Not while leadership is on its way to another member: the write follows it.
Result<void> Replica::findRoom() const
{
    if (m_raft->transferTarget() != kNobody)
        return {};
    const bool others =
        m_space.isMajorityLow(m_knownMembership, m_options.raft.id, m_world.clock.monotonicMs());
    if (!m_space.isLow() && !others)
        return {};
    return fail(
        code::noSpace, m_space.isLow()
                           ? QStringLiteral("no space: the leader's disk is nearly full")
                           : QStringLiteral("no space: the disks of a majority are nearly full"));
}

/// A deletion makes room, in the next snapshot, and takes little in the log: nearly full is no
/// reason to refuse it.
Result<void> Replica::findRoomToDelete() const
{
    const bool others = m_space.isMajorityCritical(
        m_knownMembership, m_options.raft.id, m_world.clock.monotonicMs());
    if (!m_space.isCritical() && !others)
        return {};
    return fail(code::noSpace, QStringLiteral("no space: not even for what would make some"));
}

Result<void> Replica::proposeWrite(quint64 id, const WriteRequest &request)
{
    const auto room = findRoom();
    const bool isDeletion = request.kind == WriteRequest::Kind::Delete;
    if (!room && !isDeletion)
        return room;
    if (const auto little = findRoomToDelete(); !room && !little)
        return little;
    Command command;
    command.requestId = id;
    command.write = request;
    // As commitClock() has it: a deletion moves no time on while nobody can renew a key.
    command.clockUs = room ? leaderClockUs() : std::max(m_proposedClockUs, m_clockUs);
    if (command.write.ttl) {
        // A time too far away to count is for ever in all but name: the end of the year
        // 9999, the last that a date of four digits can say.
        constexpr qint64 kMost = 253'402'300'799'000'000;
        const qint64 seconds = std::clamp<qint64>(*command.write.ttl, 0, kMost / 1'000'000);
        command.expirationUs = std::min(kMost, command.clockUs + seconds * 1'000'000);
    }
    const auto index = m_raft->propose(encodeCommand(command));
    if (!index)
        return fail(index.error());
    ++m_proposals;
    return {};
}

void Replica::onForward(NodeId from, QByteArrayView payload)
{
    ByteReader reader(payload);
    const auto id = reader.number<quint64>();
    const QByteArrayView request = reader.view();
    if (!reader.ok() || id == 0)
        return;
    const auto decoded = decodeRequest(request);
    Result<void> proposed = fail(code::noLeader, QStringLiteral("this member is not the leader"));
    if (decoded && isLeader())
        proposed = proposeWrite(id, *decoded);
    if (proposed)
        return;
    QByteArray answer;
    ByteWriter writer(answer);
    writer.number<quint64>(id);
    writer.text(proposed.error().code);
    writer.text(proposed.error().message);
    m_world.peers.send(from, PeerKind::Refused, answer);
}

/// It is sent again with the next tick, or at once when the leader changes. Only a leader that
/// takes no more has the last word, unless an earlier attempt may have come through.
void Replica::onRefused(QByteArrayView payload)
{
    ByteReader reader(payload);
    const auto waiting = m_pending.find(reader.number<quint64>());
    const QString why = reader.text();
    const QString sentence = reader.text();
    if (waiting == m_pending.end())
        return;
    Pending &pending = waiting->second;
    pending.sent = false;
    const bool isLast = why == code::limit || why == code::noSpace;
    if (!reader.ok() || !isLast || pending.attempts > 1)
        return;
    finish(std::move(pending.done), fail(why, sentence));
    m_pending.erase(waiting);
}

void Replica::askReads()
{
    if (!m_raft || m_raft->leader() == kNobody)
        return;
    for (auto &[context, reading] : m_readings) {
        if (reading.asked)
            continue;
        reading.asked = true;
        reading.askedMs = m_world.clock.monotonicMs();
        m_raft->readIndex(context);
    }
}

void Replica::takeReads(const std::vector<Ready::Read> &reads)
{
    for (const auto &read : reads) {
        const auto at = m_readings.find(read.context);
        if (at == m_readings.end())
            continue;
        at->second.index = read.index;
        at->second.asked = read.index != 0; // refused: asked again with the next tick
    }
}

void Replica::answerReads()
{
    for (auto at = m_readings.begin(); at != m_readings.end();) {
        const auto now = at++;
        Reading &reading = now->second;
        const bool applied = reading.index <= m_applied || m_options.faults.readBeforeApplied;
        if (reading.index == 0 || !applied)
            continue;
        finish(std::move(reading.done), m_world.machine.get(reading.request));
        m_readings.erase(now);
    }
}

/// Ends what has waited too long, and sends again what may have been lost on the way.
void Replica::expireRequests()
{
    const qint64 now = m_world.clock.monotonicMs();
    for (auto at = m_pending.begin(); at != m_pending.end();) {
        const auto current = at++;
        Pending &pending = current->second;
        if (now >= pending.deadlineMs) {
            ++m_failedWrites;
            finish(
                std::move(pending.done),
                pending.everSent && !m_options.faults.callUnknownRefused
                    ? fail(
                          code::unknownOutcome,
                          QStringLiteral("the write was not confirmed in time"))
                    : fail(code::noLeader, QStringLiteral("the cluster has no leader")));
            m_pending.erase(current);
        } else if (pending.sent && !isLeader() && now - pending.sentMs >= m_options.resendMs) {
            pending.sent = false;
        }
    }
    for (auto at = m_readings.begin(); at != m_readings.end();) {
        const auto current = at++;
        Reading &reading = current->second;
        if (now >= reading.deadlineMs) {
            finish(
                std::move(reading.done),
                fail(code::deadline, QStringLiteral("the read was not confirmed in time")));
            m_readings.erase(current);
        } else if (
            reading.asked && reading.index == 0 && now - reading.askedMs >= m_options.resendMs) {
            reading.asked = false;
        }
    }
    routeAll();
    askReads();
}

qint64 Replica::leaderClockUs()
{
    m_proposedClockUs = std::max({m_proposedClockUs, m_clockUs, m_world.clock.wallUs()});
    return m_proposedClockUs;
}

/// Time passes for the store only through entries that carry the leader's clock.
void Replica::commitClock()
{
    const qint64 now = m_world.clock.monotonicMs();
    if (!isLeader() || now - m_lastClockMs < m_options.clockEveryMs ||
        !m_world.machine.hasExpirations())
        return;
    if (!findRoom())
        return; // time stands still with the writes: who cannot renew a key does not lose it
    m_lastClockMs = now;
    Command command;
    command.type = CommandType::Sync;
    command.clockUs = leaderClockUs();
    // A refused one is made up for by the next.
    static_cast<void>(m_raft->propose(encodeCommand(command)));
}

} // namespace qd::store
