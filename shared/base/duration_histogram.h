// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>
#include <array>

namespace qd {

/// How long something took, each time that it was done: up to 1 ms, 2 ms, 4 ms ... 8.192 s (the
/// buckets of etcd's metrics).
struct DurationHistogram {
    static constexpr size_t kBuckets = 14;
    static constexpr qint64 kFirstUs = 1'000; ///< the first bucket's upper bound

    quint64 count = 0;
    qint64 totalUs = 0;
    std::array<quint64, kBuckets> buckets{}; ///< each one's own; what took longer is in none

    void add(qint64 us)
    {
        ++count;
        totalUs += us;
        qint64 bound = kFirstUs;
        for (quint64 &bucket : buckets) {
            if (us <= bound) {
                ++bucket;
                return;
            }
            bound *= 2;
        }
    }
};

} // namespace qd
