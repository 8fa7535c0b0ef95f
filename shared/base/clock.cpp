// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/clock.h"

#include <ctime>

namespace qd {

qint64 SystemClock::monotonicMs() const
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return qint64(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

qint64 SystemClock::wallUs() const
{
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return qint64(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

} // namespace qd
