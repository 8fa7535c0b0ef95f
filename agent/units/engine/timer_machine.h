// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/result_machine.h"

#include <QTimeZone>

namespace qd::units {

/// Timers: when they are due, and that what they trigger is started then (ch3-systemd.md 9; U-47).
class TimerMachine : public ResultMachine {
public:
    struct Parts {
        Core *core;
        Driver *driver;
        const Clock *clock;
        Random *random;
    };
    struct Node {
        QString id;          ///< of the machine: its wake-ups and its fixed delays are its own
        quint64 bootUs = 0;  ///< what OnBootSec= counts from, on the monotonic clock
        quint64 startUs = 0; ///< the same of OnStartupSec=
    };

    TimerMachine(Parts parts, const Node &node);

    StartAnswer start(Unit &unit) override;
    void timerFired(Unit &unit) override;
    void triggeredChanged(Unit &unit, Unit &other) override;
    void reloaded(Unit &unit) override;
    void clockChanged(Unit &unit) override;

private:
    using State = TimerState;
    using Outcome = ServiceResult;

    void enterWaiting(Unit &unit, bool clockChanged);
    void enterRunning(Unit &unit);
    void rest(Unit &unit, bool failed) override;
    void setState(Unit &unit, State state);
    void recallStamp(Unit &unit);
    /// When a value is due next, on its own clock; nothing when it is not due any more.
    std::optional<quint64> nextOf(Unit &unit, TimerValue &value, bool clockChanged) const;
    std::optional<quint64> nextOfCalendar(const Unit &unit, const TimerValue &value) const;
    /// The moment from which a value's span counts; nothing while there has been none.
    std::optional<quint64> baseOf(const Unit &unit, TimerBase base) const;
    quint64 delayed(const Unit &unit, quint64 us);
    void arm(Unit &unit);

    Parts m_parts;
    Node m_node;
    quint64 m_offsetUs; ///< of this node's wake-ups inside a minute
};

/// When to wake for something that is due at `us` and may be late by `accuracyUs`: where all that
/// may wait wakes together, at the node's own `offsetUs` in a minute, else in ten seconds, a
/// second, a quarter of a second (ch3-systemd.md 9.3; as systemd spreads its wake-ups).
quint64 coalesced(quint64 us, quint64 accuracyUs, quint64 offsetUs);

} // namespace qd::units
