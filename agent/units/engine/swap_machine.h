// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/command_machine.h"

namespace qd::units {

/// Swaps: what swapon and swapoff are asked for, and what the kernel's table says that became of
/// it, whoever did it (ch3-systemd.md 14).
class SwapMachine : public CommandMachine {
public:
    using CommandMachine::CommandMachine;

    StartAnswer start(Unit &unit) override;
    StartAnswer stop(Unit &unit) override;
    void timerFired(Unit &unit) override;
    /// What the kernel's table has of the unit's file now; nothing when it is not in use.
    void seen(Unit &unit, const std::optional<SwapArea> &area);

protected:
    void rest(Unit &unit, bool failed) override;
    void stepEnded(Unit &unit, ServiceResult outcome) override;
    void stepBroke(Unit &) override {} // each step is one command
    void commandEnded(Unit &unit, ServiceResult outcome) override;
    QString commandName() const override { return QStringLiteral("Swap process"); }

private:
    using State = SwapState;
    using Outcome = ServiceResult;

    void enterActivating(Unit &unit);
    void enterDeactivating(Unit &unit);
    void enterActive(Unit &unit, Outcome outcome);
    void enterDeadOrActive(Unit &unit, Outcome outcome);
    void enterSignal(Unit &unit, State state, Outcome outcome);
    void setState(Unit &unit, State state);
};

} // namespace qd::units
