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
    Index toldCommit = 0;       ///< the commit index that went out last
    std::deque<Index> inflight; ///< last index of each append under way

    bool isReachable() const { return active || wasActive; }
    void becomeProbe()
    {
        next = (state == State::Snapshot ? std::max(match, pendingSnapshot) : match) + 1;
        state = State::Probe;
        probeSent = false;
        pendingSnapshot = 0;
        inflight.clear();
    }
    void becomeReplicate()
    {
        state = State::Replicate;
        next = match + 1;
        pendingSnapshot = 0;
        inflight.clear();
    }
    void becomeSnapshot(Index index)
    {
        state = State::Snapshot;
        pendingSnapshot = index;
        inflight.clear();
    }
    bool isPaused(size_t maxInflight) const
    {
        switch (state) {
        case State::Probe:
            return probeSent;
        case State::Replicate:
            return inflight.size() >= maxInflight;
        case State::Snapshot:
            return true;
        }
        return true;
    }
    void acknowledge(Index index)
    {
        while (!inflight.empty() && inflight.front() <= index)
            inflight.pop_front();
    }
};

} // namespace qd::raft
