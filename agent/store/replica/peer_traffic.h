// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/message.h"
#include "agent/store/statistics.h"

#include <deque>
#include <map>

namespace qd::store {

/// What went one way between this member and the others of late (etcd's statistics: the last 200
/// append messages, nothing once a second went by without one).
class Traffic {
public:
    void add(qsizetype bytes, qint64 nowUs);
    Rate rate(qint64 nowUs) const;
    quint64 count() const { return m_count; }
    quint64 byteCount() const { return m_byteCount; }

private:
    struct Packet {
        qint64 atUs = 0;
        qsizetype bytes = 0;
    };
    std::deque<Packet> m_last;
    quint64 m_count = 0;
    quint64 m_byteCount = 0;
};

/// Counts the messages of consensus of one member (ch5-etcd.md 10.1, 10.2). Has no clock of its
/// own.
class PeerTraffic {
public:
    /// A heartbeat that has no answer by then has failed.
    static constexpr qint64 kAnswerUs = 1'000'000;

    void sent(raft::NodeId to, raft::MessageType type, qsizetype bytes, qint64 nowUs);
    void received(raft::NodeId from, raft::MessageType type, qsizetype bytes, qint64 nowUs);
    /// The followers of now; what was known of others, and of an earlier leadership, is dropped.
    void setFollowers(const std::vector<raft::NodeId> &followers);

    const Traffic &appendsSent() const { return m_sent; }
    const Traffic &appendsReceived() const { return m_received; }
    std::map<raft::NodeId, FollowerStatistics> followers() const;

private:
    struct Follower {
        FollowerStatistics seen;
        double sum = 0; ///< of the round trips
        double squares = 0;
        quint64 trips = 0;
        qint64 askedUs = 0; ///< the heartbeat that is on its way; 0 = none
    };
    static void note(Follower &follower, double ms);

    Traffic m_sent;
    Traffic m_received;
    std::map<raft::NodeId, Follower> m_followers;
};

} // namespace qd::store
