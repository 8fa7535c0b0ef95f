// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/watchers.h"

namespace qd::sim {

using namespace store;

namespace {

constexpr quint64 kWatchLabel = 0xb000;

} // namespace

Watchers::Watchers(Cluster &cluster, quint64 seed, const Mutant &mutant)
    : m_cluster(cluster)
    , m_random(seed)
    , m_mutant(mutant)
{
    for (const auto &[key, recursive] :
         {std::pair("/k", true), std::pair("/k/1", false), std::pair("/t", true),
          std::pair("/d", true)}) {
        m_watchers.emplace_back();
        m_watchers.back().key = QLatin1String(key);
        m_watchers.back().recursive = recursive;
    }
    cluster.onEnd([this](raft::NodeId id) { lost(id); });
}

void Watchers::begin()
{
    for (size_t which = 0; which < m_watchers.size(); ++which)
        later(which);
}

void Watchers::move(size_t which)
{
    m_watchers.at(which).watch.reset();
    later(which);
}

void Watchers::moveToVoters()
{
    m_onVoters = true;
    for (size_t which = 0; which < m_watchers.size(); ++which)
        move(which);
}

void Watchers::later(size_t which)
{
    const quint64 round = ++m_watchers.at(which).round;
    m_watchers.at(which).node = raft::kNobody;
    m_cluster.scheduler().after(
        1 + qint64(m_random.below(20'000)), kWatchLabel + which, [this, which, round] {
            if (m_watchers.at(which).round == round)
                stand(which);
        });
}

void Watchers::stand(size_t which)
{
    Watcher &watcher = m_watchers.at(which);
    const raft::NodeId id = 1 + m_random.below(quint64(m_cluster.size()));
    SimNode &node = m_cluster.node(id);
    const bool fits = !m_onVoters || isVoter(m_cluster.history().membership(), id);
    if (!node.isUp() || node.isPaused() || !fits)
        return later(which);
    if (watcher.next == 0)
        watcher.next = node.machine().index() + 1;
    else
        m_cluster.history().count(Sometimes::WatchResumed);
    watcher.node = id;
    WatchRequest request;
    request.key = watcher.key;
    request.recursive = watcher.recursive;
    request.stream = true;
    request.waitIndex = watcher.next + (m_mutant.watchFromOneLater ? 1 : 0);
    if (m_mutant.watchFromOneEarlier && watcher.next > 1)
        request.waitIndex = watcher.next - 1;
    node.act([this, &node, &watcher, which, request, round = watcher.round] {
        watcher.watch = node.store(0).watch(
            request, [this, which, round](auto &&result) { hear(which, round, result); });
    });
}

bool Watchers::concerns(const Watcher &watcher, const Fact &fact) const
{
    if (fact.key.isEmpty()) // something that expired
        return watcher.key == QLatin1String("/t");
    return fact.key == watcher.key ||
           (watcher.recursive && fact.key.startsWith(watcher.key + QLatin1Char('/')));
}

void Watchers::hear(size_t which, quint64 round, const Result<Event> &result)
{
    Watcher &watcher = m_watchers.at(which);
    if (watcher.round != round)
        return;
    if (!result) {
        require(
            result.error().code == etcdErrorCode(400) || result.error().code == etcdErrorCode(401),
            "a watch ends only when its index has gone, or its state");
        const bool windowLeft = result.error().code == etcdErrorCode(401);
        require(
            !windowLeft || watcher.next + WatchHub::kWindow <= m_cluster.history().lastFact(),
            "no event goes from the window before its time (R-52)");
        m_cluster.history().count(Sometimes::WatchCleared);
        if (windowLeft)
            watcher.next = 0; // begins anew, as its owner must
        later(which);
        return;
    }
    const quint64 index = result->node.modifiedIndex;
    const History &history = m_cluster.history();
    require(index >= watcher.next, "a watch hears nothing twice, nor out of order (R-52)");
    require(index <= history.lastFact(), "a watch hears only what has happened");
    const Fact &fact = history.factAt(index);
    require(
        concerns(watcher, fact) && fact.action == result->action &&
            (fact.key.isEmpty() ||
             (fact.key == result->node.key && fact.value == result->node.value)),
        "a watch hears what has happened at its index");
    for (quint64 between = watcher.next; between < index; ++between)
        require(!concerns(watcher, history.factAt(between)), "a watch misses nothing (R-52)");
    watcher.next = index + 1;
}

void Watchers::lost(raft::NodeId node)
{
    for (size_t which = 0; which < m_watchers.size(); ++which) {
        if (m_watchers.at(which).node == node)
            move(which);
    }
}

bool Watchers::haveHeardAll()
{
    const History &history = m_cluster.history();
    return std::all_of(m_watchers.begin(), m_watchers.end(), [&](const Watcher &watcher) {
        if (watcher.next == 0)
            return false;
        for (quint64 index = watcher.next; index <= history.lastFact(); ++index) {
            if (concerns(watcher, history.factAt(index)))
                return false;
        }
        return true;
    });
}

} // namespace qd::sim
