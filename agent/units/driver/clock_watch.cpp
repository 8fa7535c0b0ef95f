// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/clock_watch.h"

#include <QSocketNotifier>
#include <cerrno>
#include <limits>
#include <sys/timerfd.h>
#include <unistd.h>

namespace qd::units {

ClockWatch::ClockWatch(QObject *parent)
    : QObject(parent)
    , m_file(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC))
{
    if (m_file < 0)
        return; // the calendar's timers are then late after the clock was set
    m_notifier = std::make_unique<QSocketNotifier>(m_file, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] { readable(); });
    arm();
}

ClockWatch::~ClockWatch()
{
    m_notifier.reset();
    if (m_file >= 0)
        close(m_file);
}

/// A timer that is never due, and is cancelled by the kernel when the clock is set.
void ClockWatch::arm() const
{
    itimerspec never{};
    never.it_value.tv_sec = std::numeric_limits<time_t>::max();
    (void)timerfd_settime(m_file, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

void ClockWatch::readable()
{
    quint64 times = 0;
    const bool cancelled = read(m_file, &times, sizeof times) < 0 && errno == ECANCELED;
    arm();
    if (cancelled)
        Q_EMIT clockChanged();
}

} // namespace qd::units
