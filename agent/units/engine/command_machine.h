// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/result_machine.h"
#include "agent/units/engine/unit_processes.h"

#include <QHash>

namespace qd::units {

/// What the machines have in common whose units run commands in steps, one process at a time, and
/// have no main process: sockets, mounts, swaps.
class CommandMachine : public ResultMachine {
public:
    struct Parts {
        Core *core;
        Driver *driver;
        const UnitSource *source;
        const Clock *clock;
        const QStringList *environment; ///< of every process
    };

    explicit CommandMachine(Parts parts);

    void processEnded(qint32 pid, const ProcessEnd &end) override;
    Unit *unitOf(qint32 pid) const override { return m_pids.value(pid); }

protected:
    /// Begins a step with the first command of `step` ("ExecStartPre"); `task` names it in the
    /// journal. False when it cannot begin.
    bool runStep(Unit &unit, const QString &step, const QString &task);
    /// The same for a command of the engine's own making, which the unit shows as `step`.
    bool runOwn(Unit &unit, const QString &step, const QString &task, const QStringList &argv);
    bool hasStep(const Unit &unit, const QString &step) const;
    /// A command has ended; before the step goes on or ends.
    virtual void commandEnded(Unit &unit, ServiceResult outcome) { remember(unit, outcome); }
    /// How the journal calls what runs.
    virtual QString commandName() const { return QStringLiteral("Control process"); }
    /// The last command of a step, or one that failed, has ended.
    virtual void stepEnded(Unit &unit, ServiceResult outcome) = 0;
    /// A command of a step that had begun could not be started.
    virtual void stepBroke(Unit &unit) = 0;
    /// No command runs any more that somebody waits for.
    void endCommand(Unit &unit);
    bool signalCommand(Unit &unit, UnitProcesses::Signal signal);
    void enterDead(Unit &unit, ServiceResult outcome) override;
    /// timerFired() after so long; infinity = never.
    void arm(Unit &unit, quint64 us);
    void say(const Unit &unit, int priority, const QString &text);

    Parts m_parts;

private:
    void forgetCommand(Unit &unit);
    bool spawnNext(Unit &unit, const QString &task);

    UnitProcesses m_processes;
    QHash<qint32, Unit *> m_pids;
};

} // namespace qd::units
