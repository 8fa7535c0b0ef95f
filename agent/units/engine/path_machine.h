// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/result_machine.h"

namespace qd::units {

/// Paths: what they wait for in the file system, and that what they trigger is started then
/// (ch3-systemd.md 10; U-48). Existence counts at the start and again each time that what was
/// started has ended; a change counts only when it happens while the path waits.
class PathMachine : public ResultMachine {
public:
    struct Parts {
        Core *core;
        Driver *driver;
        const Clock *clock;
    };

    explicit PathMachine(Parts parts)
        : ResultMachine(parts.core)
        , m_parts(parts)
    {
    }

    StartAnswer start(Unit &unit) override;
    void reloaded(Unit &unit) override;
    void triggeredChanged(Unit &unit, Unit &other) override;
    /// Something happened at what the unit watches; `touched` when that is what it waits for.
    void pathChanged(Unit &unit, bool touched);

private:
    using State = PathState;
    using Outcome = ServiceResult;
    enum class Occasion { Start, Event, TriggeredEnded };

    void enterWaiting(Unit &unit, Occasion occasion);
    void enterRunning(Unit &unit);
    void rest(Unit &unit, bool failed) override;
    void setState(Unit &unit, State state);
    bool isMet(Unit &unit, Occasion occasion) const;
    bool exists(const PathLine &line) const;

    Parts m_parts;
};

} // namespace qd::units
