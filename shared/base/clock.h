// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

namespace qd {

/// Time as decision code sees it. The simulator owns it in tests; `SystemClock` in production.
class Clock {
public:
    virtual ~Clock() = default;
    /// Milliseconds since some fixed point; never goes back.
    virtual qint64 monotonicMs() const = 0;
    /// Microseconds since 1970-01-01 UTC; may jump.
    virtual qint64 wallUs() const = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
public:
    qint64 monotonicMs() const override;
    qint64 wallUs() const override;
};

} // namespace qd
