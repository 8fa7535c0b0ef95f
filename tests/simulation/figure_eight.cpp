// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/figure_eight.h"

namespace qd::sim {

using namespace raft;

namespace {

constexpr quint64 kLabel = 0xc000;
constexpr qint64 kLookUs = 200;
constexpr qint64 kHearUs = 3'000;

} // namespace

void FigureEight::begin()
{
    SimNode *leader = m_cluster.leader();
    if (leader == nullptr || m_cluster.size() < 5)
        return;
    for (NodeId id = 1; id <= 5; ++id) {
        if (!m_cluster.node(id).isUp() || !isVoter(leader->raft().membership(), id))
            return;
    }
    m_cluster.healNetwork();
    m_cluster.setWeather({});
    m_old = leader->id();
    m_friend = m_old % 5 + 1;
    m_term = leader->raft().term();
    for (NodeId id = 1; id <= NodeId(m_cluster.size()); ++id) {
        if (id != m_friend)
            m_cluster.cut(m_old, id);
    }
    if (!leader->propose(m_cluster.newCommand()) || !leader->isUp())
        return;
    m_index = leader->raft().log().lastIndex();
    next(&FigureEight::rivalRises);
}

void FigureEight::next(Step step)
{
    m_step = step;
    m_deadline = m_cluster.scheduler().nowUs() + 6 * m_cluster.electionUs();
    look(++m_round);
}

void FigureEight::look(quint64 round)
{
    m_cluster.scheduler().after(kLookUs, kLabel, [this, round] {
        if (m_step == nullptr || round != m_round)
            return;
        if (m_cluster.scheduler().nowUs() > m_deadline) {
            m_step = nullptr;
            m_cluster.healNetwork();
        } else if (!(this->*m_step)()) {
            look(round);
        }
    });
}

Term FigureEight::lastTermOf(NodeId id)
{
    return m_cluster.node(id).isUp() ? m_cluster.node(id).raft().log().lastTerm() : 0;
}

void FigureEight::alone(NodeId id)
{
    m_cluster.isolate(id);
}

/// The entry is with two of five. Those are away; of the others one leads, and is cut off with its
/// first entry.
bool FigureEight::rivalRises()
{
    if (m_cluster.node(m_old).isUp()) {
        if (m_cluster.node(m_friend).witness().lastIndex() < m_index)
            return false;
        m_cluster.crash(m_old);
        alone(m_friend);
    }
    SimNode *leader = m_cluster.leader();
    if (leader == nullptr || leader->raft().term() <= m_term)
        return false;
    m_rival = leader->id();
    alone(m_rival);
    next(&FigureEight::oldReturns);
    return true;
}

/// The second leader has its entry on its own disk and goes; the first one comes back.
bool FigureEight::oldReturns()
{
    SimNode &rival = m_cluster.node(m_rival);
    if (rival.isUp()) {
        if (rival.witness().lastIndex() < rival.raft().log().lastIndex())
            return false;
        m_cluster.crash(m_rival);
        m_cluster.healNetwork();
        alone(m_friend);
        m_cluster.start(m_old);
    }
    SimNode *leader = m_cluster.leader();
    if (leader == nullptr || leader->id() != m_old)
        return false;
    next(&FigureEight::entrySpreads);
    return true;
}

/// The old entry reaches the others, and nothing after it does: the leader is heard no more.
bool FigureEight::entrySpreads()
{
    int have = 0;
    for (NodeId id = 1; id <= 5; ++id) {
        if (id == m_old || id == m_friend || id == m_rival || !m_cluster.node(id).isUp())
            continue;
        const Log &log = m_cluster.node(id).raft().log();
        if (log.lastIndex() != m_index || log.lastTerm() != m_term)
            continue;
        ++have;
        m_cluster.cut(m_old, id);
    }
    if (have < 2)
        return false;
    m_cluster.scheduler().after(
        kHearUs + qint64(m_random.below(20'000)), kLabel, [this, round = m_round] {
            if (m_step != nullptr && round == m_round - 1)
                m_cluster.crash(m_old);
        });
    next(&FigureEight::rivalReturns);
    return true;
}

bool FigureEight::rivalReturns()
{
    if (m_cluster.node(m_old).isUp())
        return false;
    if (!m_cluster.node(m_rival).isUp()) {
        m_cluster.healNetwork();
        m_cluster.start(m_rival);
    }
    if (m_cluster.leader() == nullptr)
        return false;
    m_cluster.history().count(Sometimes::FigureEight);
    m_cluster.start(m_old);
    m_step = nullptr;
    return true;
}

} // namespace qd::sim
