// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/clock.h"
#include "tests/simulation/scheduler.h"

namespace qd::sim {

/// The clocks of one machine: they go a little too fast or too slow, and its wall clock is set by
/// somebody now and then.
class SimClock final : public Clock {
public:
    SimClock(const Scheduler &scheduler, int driftPerMille)
        : m_scheduler(scheduler)
        , m_perMille(1000 + driftPerMille)
    {
    }
    qint64 monotonicMs() const override { return localUs() / 1000; }
    qint64 wallUs() const override { return kEpochUs + m_skewUs + localUs(); }
    void jump(qint64 us) { m_skewUs += us; }
    /// How long it takes in truth when this clock says so.
    qint64 truly(qint64 us) const { return us * 1000 / m_perMille; }

private:
    static constexpr qint64 kEpochUs = 1'000'000'000'000'000;
    qint64 localUs() const { return m_scheduler.nowUs() / 1000 * m_perMille; }

    const Scheduler &m_scheduler;
    qint64 m_perMille;
    qint64 m_skewUs = 0;
};

} // namespace qd::sim
