// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/core.h"

namespace qd::units {

/// How units of one type start, stop and go on. One machine a type; what it knows of a unit stands
/// in the unit. Jobs, conditions and dependencies are not its business: the Manager has seen to
/// them before it asks.
class UnitMachine {
public:
    virtual ~UnitMachine() = default;
    virtual StartAnswer start(Unit &unit) = 0;
    virtual StartAnswer stop(Unit &unit) = 0;
    /// Whether StartLimitBurst= counts for it; then refuseStart() is asked for instead of a start
    /// that is one too many.
    virtual bool hasStartLimit() const { return true; }
    virtual void refuseStart(Unit &) {}
    virtual void resetFailed(Unit &) {}
    /// The timer of the unit's name.
    virtual void timerFired(Unit &) {}
    /// A unit that `unit` triggers has another state.
    virtual void triggeredChanged(Unit &unit, Unit &other)
    {
        Q_UNUSED(unit);
        Q_UNUSED(other);
    }
    /// A job of a unit that `unit` triggers has ended, perhaps without a change of its state.
    virtual void triggeredJobEnded(Unit &unit, Unit &other)
    {
        Q_UNUSED(unit);
        Q_UNUSED(other);
    }
    /// A process has ended, of whichever unit.
    virtual void processEnded(qint32 pid, const ProcessEnd &end)
    {
        Q_UNUSED(pid);
        Q_UNUSED(end);
    }
    /// The unit that has started this process; null for others.
    virtual Unit *unitOf(qint32 pid) const
    {
        Q_UNUSED(pid);
        return nullptr;
    }
    /// The last process of the unit's group is gone.
    virtual void groupEmptied(Unit &) {}
    /// Its files were read anew.
    virtual void reloaded(Unit &) {}
    /// The wall clock was set.
    virtual void clockChanged(Unit &) {}
};

} // namespace qd::units
