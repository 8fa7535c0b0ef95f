// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/faulty.h"

namespace qd::sim {

using namespace raft;

namespace {

constexpr quint64 kFaultLabel = 0x7000;
constexpr quint64 kHealLabel = 0x9000;
constexpr quint64 kChangeLabel = 0xa000;
constexpr quint64 kListenLabel = 0xd000;

} // namespace

Faulty::Faulty(Cluster &cluster, Watchers &watchers, quint64 seed)
    : m_cluster(cluster)
    , m_watchers(watchers)
    , m_random(seed ^ 0x5eed)
    , m_figureEight(cluster, m_random)
    , m_reshaping(cluster, m_random)
    , m_damage(cluster, m_random, seed % 2 == 0)
    , m_meanFaultUs(qint64(25'000) << m_random.below(4))
    , m_changesMembers(seed % 2 == 0)
    , m_whispers(seed % 8 == 1)
    , m_plays(seed % 8 == 5)
{
}

void Faulty::begin()
{
    Weather weather;
    weather.meanUs = qint64(500) << m_random.below(7);
    weather.lossPerMille = int(m_random.below(2) * m_random.below(300));
    weather.duplicatesPerMille = int(m_random.below(100));
    weather.parcelUs = qint64(1'000) << m_random.below(9);
    m_cluster.setWeather(weather);
    every(m_meanFaultUs, kFaultLabel, [this] { strike(); });
    every(4 * m_meanFaultUs, kListenLabel, [this] {
        m_watchers.move(m_random.below(m_watchers.count()));
    });
    every(2 * m_meanFaultUs, kChangeLabel, [this] {
        // Nobody sends sound members away while another's disk is damaged.
        if (m_changesMembers && !m_damage.isAbout())
            m_reshaping.change();
        else
            m_damage.repair();
    });
}

void Faulty::end()
{
    m_on = false;
    m_figureEight.end();
    m_cluster.setWeather({});
    m_cluster.healNetwork();
    m_cluster.hurryEverything();
    for (const NodeId id : m_damage.hit())
        m_cluster.crash(id); // whatever is damaged is found now
    for (int id = 1; id <= m_cluster.size(); ++id) {
        SimNode &node = m_cluster.node(NodeId(id));
        node.disk().dieAfter(0);
        node.disk().failNoSync(); // one that was yet to come
        giveRoom(NodeId(id));
        node.setSlowness(1);
        node.resume();
        m_cluster.start(NodeId(id));
    }
}

/// Bad luck often has a taste for the leader.
NodeId Faulty::victim()
{
    SimNode *leader = m_cluster.leader();
    return leader != nullptr && m_random.below(2) == 0 ? leader->id() : anyone();
}

void Faulty::every(qint64 meanUs, quint64 label, std::function<void()> what)
{
    m_cluster.scheduler().after(
        1 + qint64(m_random.below(quint64(2 * meanUs))), label,
        [this, meanUs, label, what = std::move(what)] {
            if (!m_on)
                return;
            what();
            every(meanUs, label, what);
        });
}

void Faulty::later(std::function<void()> what)
{
    m_cluster.scheduler().after(
        qint64(m_random.below(quint64(6 * m_meanFaultUs))), kHealLabel,
        [this, what = std::move(what)] {
            if (m_on)
                what();
        });
}

void Faulty::strike()
{
    if (m_figureEight.isPlaying())
        return;
    if (m_plays)
        return m_figureEight.begin();
    if (m_whispers && m_random.below(4) != 0)
        return whisper();
    const NodeId receiver = m_cluster.receiving();
    if (receiver != kNobody && m_random.below(2) == 0)
        return strikeShipping(receiver);
    switch (m_random.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        return strikeProcess();
    case 5:
    case 6:
    case 7:
    case 8:
        return strikeNetwork();
    case 9:
    case 10:
        return strikeDisk();
    case 11:
    case 12:
        return whisper();
    case 13:
        if (m_random.below(4) == 0)
            m_figureEight.begin();
        return;
    case 14:
        m_cluster.history().count(Sometimes::ClockJumped);
        return m_cluster.node(anyone()).clock().jump(
            qint64(m_random.below(20'000'000)) - 10'000'000);
    default:
        if (SimNode *leader = m_cluster.leader())
            leader->transfer(anyone());
    }
}

void Faulty::strikeProcess()
{
    switch (m_random.below(6)) {
    case 0:
        return wholeRoom();
    case 1:
        return pause(victim());
    case 2:
        return fall(anyone());
    default:
        return fall(victim());
    }
}

void Faulty::strikeNetwork()
{
    switch (m_random.below(8)) {
    case 0:
    case 1:
        return loseSomebody();
    case 2:
    case 3:
        return split();
    case 4:
        return reset();
    case 5:
        return clog();
    default:
        return heal();
    }
}

void Faulty::loseSomebody()
{
    m_cluster.history().count(Sometimes::Isolated);
    m_cutUntil = m_cluster.scheduler().nowUs() + qint64(m_random.below(quint64(m_meanFaultUs)));
    m_cluster.isolate(victim());
}

/// While somebody who is far behind is helped.
void Faulty::strikeShipping(NodeId receiver)
{
    SimNode *const leader = m_cluster.leader();
    if (leader == nullptr || receiver > NodeId(m_cluster.size()))
        return;
    switch (m_random.below(3)) {
    case 0: // up again at once, and the rest of it comes over a new connection
        m_cluster.kill(receiver);
        return m_cluster.start(receiver);
    case 1:
        return leader->transfer(anyone());
    default: // it must be read once more
        if (!m_plays)
            m_damage.spoilSnapshot(leader->id());
        m_cluster.reset(leader->id(), receiver);
        m_cluster.cut(leader->id(), receiver);
        later([this] { m_cluster.healNetwork(); });
    }
}

/// Whoever comes back may be so far behind that it needs a snapshot, and that may be damaged.
void Faulty::heal()
{
    if (m_cluster.scheduler().nowUs() < m_cutUntil)
        return;
    SimNode *const leader = m_cluster.leader();
    if (leader != nullptr && m_cluster.isCut() && !m_plays && m_random.below(3) == 0)
        m_damage.spoilSnapshot(leader->id());
    m_cluster.healNetwork();
}

/// Several connections of one machine, as when its switch is exchanged.
void Faulty::reset()
{
    const NodeId id = victim();
    for (int other = 1; other <= m_cluster.size(); ++other) {
        if (m_random.below(2) == 0)
            m_cluster.reset(id, NodeId(other));
    }
}

void Faulty::clog()
{
    const NodeId from = anyone();
    const NodeId to = anyone();
    m_cluster.history().count(Sometimes::LinkClogged);
    m_cluster.setSlowWay(from, to, qint64(m_random.below(quint64(m_cluster.electionUs()))));
    later([this, from, to] { m_cluster.setSlowWay(from, to, 0); });
}

void Faulty::strikeDisk()
{
    switch (m_random.below(8)) {
    case 0:
    case 1:
        return m_cluster.node(victim()).disk().failNextSync();
    case 2:
    case 3:
        return m_cluster.node(victim()).disk().dieAfter(int(1 + m_random.below(6)));
    case 4:
        return fill(anyone());
    case 5:
        return slow(anyone());
    case 6:
        return slowMachine(anyone());
    default:
        return damageDisk();
    }
}

/// Mostly it is found soon, by a process that starts.
void Faulty::damageDisk()
{
    const NodeId id = victim();
    if (!m_plays && m_damage.strike(id) && m_random.below(4) != 0)
        later([this, id] { fall(id); });
}

/// Its power fails, or only its process ends.
void Faulty::fall(NodeId id)
{
    if (m_random.below(2) == 0)
        m_cluster.crash(id);
    else
        m_cluster.kill(id);
    later([this, id] { m_cluster.start(id); });
}

void Faulty::wholeRoom()
{
    m_cluster.history().count(Sometimes::WholeRoomDown);
    for (int id = 1; id <= m_cluster.size(); ++id) {
        m_cluster.crash(NodeId(id));
        later([this, id] { m_cluster.start(NodeId(id)); });
    }
}

void Faulty::pause(NodeId id)
{
    SimNode &node = m_cluster.node(id);
    if (!node.isUp() || node.isPaused())
        return;
    const bool led = node.raft().isLeader();
    m_cluster.history().count(Sometimes::Paused);
    node.pause();
    later([this, &node, led] {
        if (!node.isUp() || !node.isPaused())
            return;
        const SimNode *now = m_cluster.leader();
        if (led && now != nullptr && now != &node)
            m_cluster.history().count(Sometimes::PausedLeaderDeposed);
        node.resume();
    });
}

void Faulty::split()
{
    const quint64 sides = m_random.next();
    const bool oneWay = m_random.below(3) == 0;
    m_cutUntil = m_cluster.scheduler().nowUs() + qint64(m_random.below(quint64(m_meanFaultUs)));
    m_cluster.history().count(oneWay ? Sometimes::SplitOneWay : Sometimes::SplitBothWays);
    for (int a = 1; a <= m_cluster.size(); ++a) {
        for (int b = 1; b <= m_cluster.size(); ++b) {
            const bool left = (sides >> a) & 1;
            const bool right = (sides >> b) & 1;
            if (left != right && (!oneWay || left))
                m_cluster.cut(NodeId(a), NodeId(b));
        }
    }
}

void Faulty::slow(NodeId id)
{
    m_cluster.history().count(Sometimes::DiskSlow);
    m_cluster.node(id).setSlowness(20);
    later([this, id] { m_cluster.node(id).setSlowness(1); });
}

/// All that it does takes longer: its disk, and what it sends and hears.
void Faulty::slowMachine(NodeId id)
{
    m_cluster.history().count(Sometimes::MachineSlow);
    const auto setSlow = [this, id](int factor, qint64 us) {
        m_cluster.node(id).setSlowness(factor);
        for (int other = 1; other <= m_cluster.size(); ++other) {
            m_cluster.setSlowWay(id, NodeId(other), us);
            m_cluster.setSlowWay(NodeId(other), id, us);
        }
    };
    setSlow(4, qint64(m_random.below(20'000)));
    later([setSlow] { setSlow(1, 0); });
}

void Faulty::fill(NodeId id)
{
    m_cluster.node(id).disk().setFull(true);
    later([this, id] { giveRoom(id); });
}

void Faulty::giveRoom(NodeId id)
{
    SimDisk &disk = m_cluster.node(id).disk();
    if (disk.isFull())
        m_fullUntil = m_cluster.scheduler().nowUs();
    disk.setFull(false);
}

qint64 Faulty::fullFor() const
{
    const qint64 since = m_cluster.scheduler().nowUs() - m_fullUntil;
    return m_fullUntil < 0 ? 0 : std::max<qint64>(0, 1'000 * store::SpaceWatch::kToldMs - since);
}

/// The leader reaches one follower only, and is gone soon: its entries stay on a minority, for a
/// later leader to find.
void Faulty::whisper()
{
    SimNode *leader = m_cluster.leader();
    if (leader == nullptr)
        return;
    const NodeId from = leader->id();
    const NodeId heard = anyone();
    for (int id = 1; id <= m_cluster.size(); ++id) {
        if (NodeId(id) != heard)
            m_cluster.cut(from, NodeId(id));
    }
    leader->propose(m_cluster.newCommand());
    m_cluster.scheduler().after(qint64(m_random.below(60'000)), kHealLabel, [this, from] {
        if (!m_on)
            return;
        m_cluster.healNetwork();
        fall(from);
    });
}

} // namespace qd::sim
