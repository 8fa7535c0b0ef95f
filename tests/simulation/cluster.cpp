// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/cluster.h"

#include "agent/peer/frame.h"
#include "agent/raft/check.h"

#include <cmath>

namespace qd::sim {

using namespace raft;

namespace {

constexpr quint64 kTickLabel = 0x1000;
constexpr quint64 kPacketLabel = 0x2000;
constexpr quint64 kRestartLabel = 0x3000;
constexpr quint64 kParcelLabel = 0x4000;
constexpr qint64 kRestartUs = 500'000;
/// Nobody waits longer for a snapshot that nothing is heard of.
constexpr qint64 kStalledUs = 300'000;

void throwViolation(const char *name)
{
    throw Violation{name};
}

} // namespace

Cluster::Cluster(const ClusterOptions &options)
    : m_options(options)
    , m_random(options.seed)
{
    setInvariantHandler(throwViolation);
    store::ReplicaOptions &replica = m_common.replica;
    replica.raft.electionTicks = options.electionTicks;
    replica.raft.maxAppendBytes = options.maxAppendBytes;
    replica.raft.maxInflight = options.maxInflight;
    replica.raft.maxUncommittedBytes = options.maxUncommittedBytes;
    replica.snapshotEvery = options.snapshotEvery;
    replica.keepEntries = options.snapshotEvery / 4;
    replica.segmentSize = options.segmentSize;
    replica.resendMs = options.resendMs;
    replica.faults = options.mutant.replica;
    m_common.mutant = options.mutant;
    m_common.maxSyncUs = options.maxSyncUs;
    m_common.turnUs = options.turnUs;
    for (int i = 1; i <= options.nodes; ++i)
        replica.initial.voters.push_back(NodeId(i));
    const std::vector<NodeId> founders = replica.initial.voters;
    for (const NodeId id : founders)
        make(id);
    for (const NodeId id : founders)
        start(id);
    m_history.found(replica.initial);
    replica.initial = {};
}

NodeId Cluster::make(NodeId id)
{
    m_common.replica.raft.id = id;
    m_common.replica.identity = {1, id};
    if (const int most = m_options.driftPerMille; most > 0)
        m_common.driftPerMille = int(m_random.below(quint64(2 * most + 1))) - most;
    m_nodes.push_back(std::make_unique<SimNode>(*this, m_common, m_random.next()));
    m_disks[id] = &m_nodes.back()->witness();
    return id;
}

NodeId Cluster::add()
{
    const NodeId id = make(NodeId(size() + 1));
    start(id);
    return id;
}

Cluster::~Cluster()
{
    setInvariantHandler(nullptr);
}

void Cluster::run(qint64 us)
{
    const qint64 until = m_scheduler.nowUs() + us;
    while (m_scheduler.step(until)) {
    }
}

bool Cluster::runUntil(const std::function<bool()> &condition, qint64 us)
{
    const qint64 until = m_scheduler.nowUs() + us;
    while (!condition()) {
        if (!m_scheduler.step(until))
            return condition();
    }
    return true;
}

void Cluster::start(NodeId id)
{
    SimNode &node = this->node(id);
    if (node.isUp() || isRetired(id) || isRuined(id))
        return;
    try {
        const auto started = node.start();
        if (!started && started.error().code == code::corrupt && !node.disk().damage().isEmpty())
            return refused(id, started.error());
        if (!started && started.error().code != code::io && started.error().code != code::noSpace)
            throw Violation{
                "a disk that lost only what was not synced is sound: " +
                started.error().text().toStdString()};
        if (!started) {
            died(id);
            return;
        }
    } catch (const MachineDied &) {
        died(id);
        return;
    }
    noteStart(node);
    scheduleTick(id, node.incarnation());
}

/// As an agent does: it does not run with less than it has promised, and says why.
void Cluster::refused(NodeId id, const Error &why)
{
    const QStringList &files = node(id).disk().damage();
    require(
        std::any_of(
            files.begin(), files.end(),
            [text = why.text()](const QString &file) { return text.contains(file); }),
        "who refuses to start names the damaged file");
    m_history.count(Sometimes::DamageRefused);
    m_ruined.insert(id);
}

void Cluster::noteStart(const SimNode &node)
{
    if (!node.disk().damage().isEmpty())
        m_history.count(Sometimes::DamageHarmless);
    if (isJoint(node.raft().membership()))
        m_history.count(Sometimes::StartWhileJoint);
    if (m_parcels[node.id()] > 0)
        m_history.count(Sometimes::StartWhileReceiving);
}

void Cluster::ended(NodeId id)
{
    for (const auto &handler : m_onEnd)
        handler(id);
}

void Cluster::crash(NodeId id)
{
    if (!node(id).isUp())
        return;
    m_history.count(Sometimes::PowerFailed);
    const quint64 torn = node(id).disk().tornWrites();
    node(id).crash();
    if (node(id).disk().tornWrites() > torn)
        m_history.count(Sometimes::WriteTorn);
    ended(id);
}

void Cluster::kill(NodeId id)
{
    if (!node(id).isUp())
        return;
    m_history.count(Sometimes::ProcessKilled);
    node(id).kill();
    ended(id);
}

/// Its own disk ended it: somebody starts it again.
void Cluster::died(NodeId id)
{
    const Error why = node(id).lastError();
    if (!why.code.isEmpty() && why.code != code::io)
        throw Violation{"a replica ends only because of its disk: " + why.text().toStdString()};
    // Mostly the machine is looked after before it may run again.
    if (m_random.below(4) == 0)
        node(id).kill();
    else
        node(id).crash();
    ended(id);
    m_scheduler.after(kRestartUs, kRestartLabel + id, [this, id] { start(id); });
}

void Cluster::retired(NodeId id)
{
    require(wasRemoved(m_history.membership(), id), "only who was removed takes itself for it");
    m_history.count(Sometimes::MemberRetired);
    m_retired.insert(id);
    node(id).crash();
    ended(id);
}

void Cluster::cut(NodeId from, NodeId to)
{
    m_cut.emplace(from, to);
}

void Cluster::isolate(NodeId id)
{
    for (int other = 1; other <= size(); ++other) {
        cut(id, NodeId(other));
        cut(NodeId(other), id);
    }
}

void Cluster::healNetwork()
{
    m_cut.clear();
}

void Cluster::scheduleTick(NodeId id, quint64 incarnation)
{
    const qint64 jitter = qint64(m_random.below(quint64(m_options.tickUs / 10)));
    const qint64 us = node(id).tickUs(m_options.tickUs - m_options.tickUs / 20 + jitter);
    m_scheduler.after(us, kTickLabel + id, [this, id, incarnation] {
        if (node(id).incarnation() != incarnation)
            return;
        node(id).tick();
        if (node(id).incarnation() == incarnation)
            scheduleTick(id, incarnation);
    });
}

qint64 Cluster::delay()
{
    const double uniform = double(m_random.below(1'000'000) + 1) / 1'000'001.0;
    return m_weather.minUs + qint64(-std::log(uniform) * double(m_weather.meanUs));
}

bool Cluster::reaches(NodeId from, NodeId to)
{
    return (m_cut.empty() || m_cut.count({from, to}) == 0) && to <= NodeId(size()) &&
           node(to).isUp();
}

void Cluster::reset(NodeId a, NodeId b)
{
    ++m_resets[std::minmax(a, b)];
}

quint64 Cluster::connection(NodeId a, NodeId b) const
{
    const auto at = m_resets.find(std::minmax(a, b));
    return at == m_resets.end() ? 0 : at->second;
}

/// What the connection broke off in: a part of the frame, and nothing after it.
void Cluster::arriveCut(const Packet &packet)
{
    m_history.count(Sometimes::FrameCut);
    QByteArray bytes =
        peer::encodeFrame({1, packet.from, packet.to, quint8(packet.kind), packet.payload});
    bytes.truncate(qsizetype(m_random.below(quint64(bytes.size()))));
    const auto frame = peer::takeFrame(bytes);
    if (frame && *frame && reaches(packet.from, packet.to))
        node(packet.to).receive({packet.from, packet.to, packet.kind, (*frame)->payload});
}

void Cluster::send(Packet packet)
{
    if (!m_cut.empty() && m_cut.count({packet.from, packet.to}) != 0)
        return;
    packet.connection = connection(packet.from, packet.to);
    const auto shared = std::make_shared<Packet>(std::move(packet));
    const auto roll = qint64(m_random.below(1000));
    if (roll < m_weather.lossPerMille) {
        m_history.count(Sometimes::FrameLost);
        return;
    }
    deliver(shared);
    // A connection doubles nothing. Consensus bears it all the same; of a write that was handed on
    // once the refusal is the last word.
    const bool mayDouble = shared->kind != store::PeerKind::Forward;
    if (mayDouble && roll < m_weather.lossPerMille + m_weather.duplicatesPerMille) {
        m_history.count(Sometimes::FrameTwice);
        deliver(shared);
    }
}

void Cluster::deliver(const std::shared_ptr<Packet> &packet)
{
    const quint64 label = kPacketLabel + packet->to + (quint64(packet->kind) << 16) +
                          (quint64(packet->payload.isEmpty() ? 0 : packet->payload.front()) << 24) +
                          (quint64(packet->payload.size()) << 32);
    const auto slow = m_slow.find({packet->from, packet->to});
    const qint64 us = delay() + (slow == m_slow.end() ? 0 : slow->second);
    qint64 &last = m_lastArrival[{packet->from, packet->to}];
    if (m_scheduler.nowUs() + us < last)
        m_history.count(Sometimes::FrameOvertaken);
    last = std::max(last, m_scheduler.nowUs() + us);
    m_scheduler.after(us, label, [this, packet] {
        if (packet->connection != connection(packet->from, packet->to))
            arriveCut(*packet);
        else if (reaches(packet->from, packet->to))
            node(packet->to).receive(*packet);
    });
}

void Cluster::ship(Parcel parcel)
{
    const auto shared = std::make_shared<Parcel>(std::move(parcel));
    ++m_parcels[shared->message.to];
    m_history.parcels(+1);
    carry(shared);
}

void Cluster::carry(const std::shared_ptr<Parcel> &parcel)
{
    const NodeId to = parcel->message.to;
    parcel->receiver = to <= NodeId(size()) ? node(to).incarnation() : 0;
    parcel->connection = connection(parcel->message.from, to);
    const qint64 us = delay() + qint64(m_random.below(quint64(m_weather.parcelUs)));
    m_scheduler.after(us, kParcelLabel + to, [this, parcel] { arrive(parcel); });
}

void Cluster::arrive(const std::shared_ptr<Parcel> &parcel)
{
    const Message &message = parcel->message;
    const auto isBroken = [&] {
        return node(message.to).incarnation() != parcel->receiver ||
               connection(message.from, message.to) != parcel->connection;
    };
    if (reaches(message.from, message.to) && isBroken())
        return carry(parcel); // from its beginning
    --m_parcels[message.to];
    m_history.parcels(-1);
    const auto roll = qint64(m_random.below(1000));
    const bool arrived = roll >= m_weather.lossPerMille && reaches(message.from, message.to);
    if (arrived)
        node(message.to).receiveSnapshot(message, parcel->state);
    else
        m_history.count(Sometimes::SnapshotLost);
    // The sender hears of it later, and may take for lost what arrived.
    const bool ok = arrived && m_random.below(8) != 0;
    m_scheduler.after(
        ok ? delay() : kStalledUs, kParcelLabel + message.from, [parcel, ok] { parcel->done(ok); });
}

NodeId Cluster::receiving() const
{
    const auto found = std::find_if(
        m_parcels.begin(), m_parcels.end(), [](const auto &item) { return item.second > 0; });
    return found == m_parcels.end() ? kNobody : found->first;
}

SimNode *Cluster::leader()
{
    SimNode *found = nullptr;
    for (const auto &node : m_nodes) {
        if (node->isUp() && node->raft().isLeader() &&
            (found == nullptr || node->raft().term() > found->raft().term()))
            found = node.get();
    }
    return found;
}

quint64 Cluster::write()
{
    SimNode *to = leader();
    return to != nullptr && to->propose(++m_lastCommand) ? m_lastCommand : 0;
}

bool Cluster::everyoneAgrees()
{
    const Membership &members = m_history.membership();
    const SimNode *const first = leader();
    if (first == nullptr || isJoint(members) || first->raft().membership() != members ||
        first->replica().applied() < m_history.lastCommitted()) // it has only just begun to lead
        return false;
    return std::all_of(m_nodes.begin(), m_nodes.end(), [&](const auto &node) {
        if (!isMember(members, node->id()))
            return !wasRemoved(members, node->id()) || !hearsOfRemoval(*node);
        return node->isUp() && node->replica().applied() == first->replica().applied() &&
               node->machine().hash() == first->machine().hash();
    });
}

/// It is up, and at least one of those whom it knows can tell it that it was removed.
bool Cluster::hearsOfRemoval(SimNode &node)
{
    if (!node.isUp())
        return false;
    const auto known = allVoters(node.raft().membership());
    return std::any_of(known.begin(), known.end(), [this](NodeId id) {
        return isMember(m_history.membership(), id);
    });
}

} // namespace qd::sim
