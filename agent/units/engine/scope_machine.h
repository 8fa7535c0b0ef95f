// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/result_machine.h"
#include "agent/units/engine/unit_processes.h"

namespace qd::units {

/// Scopes: processes that somebody else has started and that are looked after as a unit from then
/// on (S93; anchors-engines.md 2.1). There is no file of one: it comes by StartTransientUnit.
class ScopeMachine : public ResultMachine {
public:
    struct Parts {
        Core *core;
        Driver *driver;
        const UnitSource *source;
        const Clock *clock;
        const QStringList *environment;
    };

    explicit ScopeMachine(Parts parts);

    StartAnswer start(Unit &unit) override;
    StartAnswer stop(Unit &unit) override;
    bool hasStartLimit() const override { return false; }
    void timerFired(Unit &unit) override;
    void groupEmptied(Unit &unit) override;
    /// Who has made it does not look after it any more.
    void abandon(Unit &unit);

protected:
    void rest(Unit &unit, bool failed) override;

private:
    using State = ScopeState;
    using Outcome = ServiceResult;

    void enterSignal(Unit &unit, State state, Outcome outcome);
    void enterDead(Unit &unit, Outcome outcome) override;
    void setState(Unit &unit, State state);
    void arm(Unit &unit, quint64 us);

    Parts m_parts;
    UnitProcesses m_processes;
};

} // namespace qd::units
