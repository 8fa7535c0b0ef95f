// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/command_machine.h"

namespace qd::units {

/// Mounts: what /bin/mount and /bin/umount are asked for, and what the kernel's table says that
/// became of it, whoever did it (ch3-systemd.md 12).
class MountMachine : public CommandMachine {
public:
    using CommandMachine::CommandMachine;

    StartAnswer start(Unit &unit) override;
    StartAnswer stop(Unit &unit) override;
    StartAnswer reload(Unit &unit);
    void timerFired(Unit &unit) override;
    /// What the kernel's table has at the unit's place now; nothing when it is no mount point.
    void seen(Unit &unit, const std::optional<MountPoint> &point);

protected:
    void rest(Unit &unit, bool failed) override;
    void stepEnded(Unit &unit, ServiceResult outcome) override;
    void stepBroke(Unit &) override {} // each step is one command
    void commandEnded(Unit &unit, ServiceResult outcome) override;
    QString commandName() const override { return QStringLiteral("Mount process"); }

private:
    using State = MountState;
    using Outcome = ServiceResult;

    void enterMounting(Unit &unit);
    void enterMounted(Unit &unit, Outcome outcome);
    void enterDeadOrMounted(Unit &unit, Outcome outcome);
    void enterUnmounting(Unit &unit);
    void enterRemounting(Unit &unit);
    void enterSignal(Unit &unit, State state, Outcome outcome);
    void setState(Unit &unit, State state);
    bool runs(Unit &unit, const QString &step, const QString &task, const QStringList &argv);
    void look(Unit &unit);
    void unmountEnded(Unit &unit, Outcome outcome);
};

} // namespace qd::units
