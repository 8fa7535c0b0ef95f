// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/space_watch.h"

#include <algorithm>

namespace qd::store {
namespace {

/// So much must be free; of a small disk a tenth is enough.
constexpr qint64 kWantedFree = 512LL * 1024 * 1024;

qint64 wantedFree(const wal::Space &space)
{
    return std::min(kWantedFree, space.total / 10);
}

} // namespace

void SpaceWatch::look(const wal::Space &space, LogRoom room)
{
    // Above the line by a quarter before it counts as over: no going back and forth at the line.
    const qint64 wanted = wantedFree(space);
    m_low = room == LogRoom::None || space.free < (m_low ? wanted + wanted / 4 : wanted);
    m_critical = room == LogRoom::None || (room == LogRoom::Little && space.free < wanted / 2);
}

bool SpaceWatch::isLow(raft::NodeId member, qint64 nowMs) const
{
    const auto told = m_told.find(member);
    return told != m_told.end() && nowMs - told->second.atMs < kToldMs;
}

bool SpaceWatch::isMajorityLow(
    const raft::Membership &membership, raft::NodeId self, qint64 nowMs) const
{
    return !raft::isQuorum(
        membership, [&](raft::NodeId id) { return id == self ? !m_low : !isLow(id, nowMs); });
}

bool SpaceWatch::isMajorityCritical(
    const raft::Membership &membership, raft::NodeId self, qint64 nowMs) const
{
    const auto hasRoom = [&](raft::NodeId id) {
        return id == self ? !m_critical : !isLow(id, nowMs) || !m_told.at(id).isCritical;
    };
    return !raft::isQuorum(membership, hasRoom);
}

} // namespace qd::store
