// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/cluster.h"

#include "agent/raft/check.h"

#include <cmath>

namespace qd::sim {

using namespace raft;

namespace {

constexpr quint64 kTickLabel = 0x1000;
constexpr quint64 kPacketLabel = 0x2000;
constexpr quint64 kRestartLabel = 0x3000;
constexpr qint64 kRestartUs = 500'000;

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
    m_common.raft.electionTicks = options.electionTicks;
    m_common.raft.maxAppendBytes = options.maxAppendBytes;
    m_common.raft.maxInflight = options.maxInflight;
    m_common.raft.maxUncommittedBytes = options.maxUncommittedBytes;
    m_common.faults = options.mutant;
    m_common.snapshotEvery = options.snapshotEvery;
    m_common.keepEntries = options.snapshotEvery / 4;
    m_common.maxSyncUs = options.maxSyncUs;
    for (int i = 1; i <= options.nodes; ++i)
        m_common.initial.voters.push_back(NodeId(i));
    const std::vector<NodeId> founders = m_common.initial.voters;
    for (const NodeId id : founders) {
        m_common.raft.id = id;
        m_durable[id] = {};
        m_nodes.push_back(std::make_unique<SimNode>(*this, m_common, m_random.next()));
    }
    for (const NodeId id : founders)
        start(id);
    m_history.found(m_common.initial);
    m_common.initial = {};
}

NodeId Cluster::add()
{
    m_common.raft.id = NodeId(size() + 1);
    m_durable[m_common.raft.id] = {};
    m_nodes.push_back(std::make_unique<SimNode>(*this, m_common, m_random.next()));
    start(m_common.raft.id);
    return m_common.raft.id;
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
    if (node.isUp() || isRetired(id))
        return;
    try {
        const auto started = node.start();
        if (!started && started.error().code == code::corrupt)
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
    m_jointStarts += isJoint(node.raft().membership()) ? 1 : 0;
    scheduleTick(id, node.incarnation());
}

void Cluster::crash(NodeId id)
{
    if (node(id).isUp())
        node(id).crash();
}

/// Its own disk ended it: somebody starts it again.
void Cluster::died(NodeId id)
{
    ++m_deaths;
    node(id).crash();
    m_scheduler.after(kRestartUs, kRestartLabel + id, [this, id] { start(id); });
}

void Cluster::retired(NodeId id)
{
    require(wasRemoved(m_history.membership(), id), "only who was removed takes itself for it");
    m_retired.insert(id);
    node(id).crash();
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
    m_scheduler.after(
        m_options.tickUs - m_options.tickUs / 20 + jitter, kTickLabel + id,
        [this, id, incarnation] {
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

void Cluster::send(NodeId, Packet packet)
{
    if (m_cut.count({packet.message.from, packet.message.to}) != 0)
        return;
    const auto shared = std::make_shared<Packet>(std::move(packet));
    const auto roll = qint64(m_random.below(1000));
    if (roll < m_weather.lossPerMille)
        return;
    deliver(shared);
    if (roll < m_weather.lossPerMille + m_weather.duplicatesPerMille)
        deliver(shared);
}

void Cluster::deliver(const std::shared_ptr<Packet> &packet)
{
    const Message &m = packet->message;
    const quint64 label = kPacketLabel + m.to + (quint64(m.type) << 16) + (m.index << 24);
    m_scheduler.after(delay(), label, [this, packet] {
        const Message &message = packet->message;
        const bool cutNow = m_cut.count({message.from, message.to}) != 0;
        const bool exists = message.to <= NodeId(size());
        if (!cutNow && exists && node(message.to).isUp())
            node(message.to).receive(*packet);
    });
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

void Cluster::writeSomewhere()
{
    SimNode &to = node(1 + m_random.below(quint64(size())));
    if (!to.isUp())
        return;
    if (m_random.below(4) == 0) {
        to.read();
    } else if (to.raft().isLeader()) {
        to.propose(++m_lastCommand);
    } else if (const NodeId other = to.raft().leader(); other != kNobody && node(other).isUp()) {
        node(other).propose(++m_lastCommand);
    }
}

bool Cluster::everyoneAgrees()
{
    const Membership &members = m_history.membership();
    const SimNode *const first = leader();
    if (first == nullptr || isJoint(members) || first->raft().membership() != members)
        return false;
    return std::all_of(m_nodes.begin(), m_nodes.end(), [&](const auto &node) {
        if (!isMember(members, node->id()))
            return !wasRemoved(members, node->id()) || !hearsOfRemoval(*node);
        return node->isUp() && node->state().applied == first->state().applied &&
               node->state().hash == first->state().hash;
    });
}

/// It is up, and at least one of those whom it knows can tell it that it was removed.
bool Cluster::hearsOfRemoval(const SimNode &node) const
{
    if (!node.isUp())
        return false;
    const auto known = allVoters(node.raft().membership());
    return std::any_of(known.begin(), known.end(), [this](NodeId id) {
        return isMember(m_history.membership(), id);
    });
}

} // namespace qd::sim
