// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"

#include <deque>

namespace qd::raft {

/// What the leader knows of one follower, and how freely it sends to it.
struct Progress {
    enum class State {
        Probe,     ///< one append at a time until the logs are known to meet
        Replicate, ///< pipelined appends
        Snapshot,  ///< waits until the snapshot is installed
    };

    Index match = 0; ///< known to be durable there
    Index next = 1;  ///< the next entry to send; always above match (R-23)
    State state = State::Probe;
    bool probeSent = false;
    bool active = false;    ///< heard from since the last check-quorum
    bool wasActive = false; ///< heard from in the time before that
    Index pendingSnapshot = 0;
    Index toldCommit = 0; ///< the commit index that went out last
    struct Flight {       ///< an append under way
        Index last = 0;
        qint64 bytes = 0;
    };
    std::deque<Flight> inflight;
    qint64 inflightBytes = 0;

    bool isReachable() const { return active || wasActive; }
    void becomeProbe()
    {
        next = (state == State::Snapshot ? std::max(match, pendingSnapshot) : match) + 1;
        state = State::Probe;
        probeSent = false;
        pendingSnapshot = 0;
        forgetInflight();
    }
    void becomeReplicate()
    {
        state = State::Replicate;
        next = match + 1;
        pendingSnapshot = 0;
        forgetInflight();
    }
    void becomeSnapshot(Index index)
    {
        state = State::Snapshot;
        pendingSnapshot = index;
        forgetInflight();
    }
    /// The pipeline holds as much as it may.
    bool isFull(size_t maxInflight, qint64 maxBytes) const
    {
        return inflight.size() >= maxInflight || inflightBytes >= maxBytes;
    }
    bool isPaused(size_t maxInflight, qint64 maxBytes) const
    {
        switch (state) {
        case State::Probe:
            return probeSent;
        case State::Replicate:
            return isFull(maxInflight, maxBytes);
        case State::Snapshot:
            return true;
        }
        return true;
    }
    void send(Index last, qint64 bytes)
    {
        inflight.push_back({last, bytes});
        inflightBytes += bytes;
    }
    void acknowledge(Index index)
    {
        while (!inflight.empty() && inflight.front().last <= index)
            dropOldest();
    }
    void dropOldest()
    {
        inflightBytes -= inflight.front().bytes;
        inflight.pop_front();
    }
    void forgetInflight()
    {
        inflight.clear();
        inflightBytes = 0;
    }
};

} // namespace qd::raft
