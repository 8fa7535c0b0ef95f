// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/peer_traffic.h"

#include <algorithm>
#include <cmath>

namespace qd::store {

using raft::MessageType;

namespace {

constexpr size_t kKept = 200;
constexpr qint64 kStaleUs = 1'000'000;

} // namespace

void Traffic::add(qsizetype bytes, qint64 nowUs)
{
    ++m_count;
    m_byteCount += quint64(bytes);
    m_last.push_back({nowUs, bytes});
    if (m_last.size() > kKept)
        m_last.pop_front();
}

Rate Traffic::rate(qint64 nowUs) const
{
    if (m_last.size() < 2 || nowUs - m_last.back().atUs > kStaleUs)
        return {};
    const double seconds = double(m_last.back().atUs - m_last.front().atUs) / 1e6;
    if (seconds <= 0)
        return {};
    double bytes = 0;
    for (const Packet &packet : m_last)
        bytes += double(packet.bytes);
    return {double(m_last.size()) / seconds, bytes / seconds};
}

void PeerTraffic::sent(raft::NodeId to, MessageType type, qsizetype bytes, qint64 nowUs)
{
    if (type == MessageType::Append)
        m_sent.add(bytes, nowUs);
    const auto found = m_followers.find(to);
    if (type != MessageType::Heartbeat || found == m_followers.end())
        return;
    Follower &follower = found->second;
    if (follower.askedUs != 0 && nowUs - follower.askedUs < kAnswerUs)
        return;
    follower.seen.fail += follower.askedUs != 0 ? 1 : 0;
    follower.askedUs = nowUs;
}

void PeerTraffic::received(raft::NodeId from, MessageType type, qsizetype bytes, qint64 nowUs)
{
    if (type == MessageType::Append)
        m_received.add(bytes, nowUs);
    const auto found = m_followers.find(from);
    const bool answer = type == MessageType::AppendAnswer || type == MessageType::HeartbeatAnswer;
    if (!answer || found == m_followers.end())
        return;
    Follower &follower = found->second;
    ++follower.seen.success;
    if (type == MessageType::HeartbeatAnswer && follower.askedUs != 0) {
        note(follower, double(nowUs - follower.askedUs) / 1e3);
        follower.askedUs = 0;
    }
}

void PeerTraffic::note(Follower &follower, double ms)
{
    FollowerStatistics &seen = follower.seen;
    seen.current = ms;
    seen.minimum = follower.trips == 0 ? ms : std::min(seen.minimum, ms);
    seen.maximum = std::max(seen.maximum, ms);
    ++follower.trips;
    follower.sum += ms;
    follower.squares += ms * ms;
    const double count = double(follower.trips);
    seen.average = follower.sum / count;
    seen.deviation =
        std::sqrt(std::max(0.0, follower.squares / count - seen.average * seen.average));
}

void PeerTraffic::setFollowers(const std::vector<raft::NodeId> &followers)
{
    std::map<raft::NodeId, Follower> kept;
    for (const raft::NodeId id : followers) {
        const auto found = m_followers.find(id);
        kept[id] = found == m_followers.end() ? Follower() : found->second;
    }
    m_followers = std::move(kept);
}

std::map<raft::NodeId, FollowerStatistics> PeerTraffic::followers() const
{
    std::map<raft::NodeId, FollowerStatistics> out;
    for (const auto &[id, follower] : m_followers)
        out[id] = follower.seen;
    return out;
}

} // namespace qd::store
