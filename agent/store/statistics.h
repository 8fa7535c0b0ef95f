// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"

#include <array>

namespace qd::store {

/// What a request does (peer-contracts.md 1.3).
enum class Operation { Get, Set, Delete, Update, Create, CompareAndSwap, CompareAndDelete };
inline constexpr size_t kOperations = 7;

/// Which operation a write is follows from its fields.
Operation operationOf(const WriteRequest &request);

/// How often what was done to this member's store since it started (ch5-etcd.md 10.3). Writes are
/// replicated, so every member counts them. Reads are counted by the door that serves them: the
/// agent's own, of the same tree, are none of a client's. A failure counts where it happened, and
/// nowhere else.
struct Statistics {
    struct Count {
        quint64 success = 0;
        quint64 fail = 0;
    };
    std::array<Count, kOperations> counts{};
    quint64 expired = 0;
    quint64 watchers = 0;      ///< now
    quint64 watchRequests = 0; ///< since the start

    void count(Operation operation, bool ok)
    {
        Count &kept = counts[size_t(operation)];
        ++(ok ? kept.success : kept.fail);
    }
    const Count &of(Operation operation) const { return counts[size_t(operation)]; }
};

/// How much goes between members of late.
struct Rate {
    double packets = 0; ///< a second
    double bytes = 0;   ///< a second
};

/// How a follower answers its leader. Times in milliseconds.
struct FollowerStatistics {
    double current = 0;
    double average = 0;
    double deviation = 0;
    double minimum = 0;
    double maximum = 0;
    quint64 success = 0; ///< answers
    quint64 fail = 0;    ///< heartbeats without an answer
};

} // namespace qd::store
