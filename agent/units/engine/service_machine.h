// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/unit_machine.h"
#include "agent/units/engine/unit_processes.h"

#include <QHash>

namespace qd::units {

/// Names of timers that are not a service's own time-out.
inline const QString kWatchdog = QStringLiteral("watchdog/");

/// Services: their walk through the states, driven by jobs, ends of processes and time-outs
/// (ch3-systemd.md 5.1, 5.2; U-22 to U-42). One machine for all services; what it knows of one is
/// in its Unit.
class ServiceMachine : public UnitMachine {
public:
    struct Parts {
        Core *core;
        Driver *driver;
        const UnitSource *source;
        const Clock *clock;
        const QStringList *environment; ///< of every service
    };

    explicit ServiceMachine(Parts parts)
        : m_parts(parts)
        , m_processes({parts.core, parts.driver, parts.source, parts.environment})
    {
    }

    StartAnswer start(Unit &unit) override;
    StartAnswer stop(Unit &unit) override;
    StartAnswer reload(Unit &unit);
    /// It was started too often: it fails without having run.
    void refuseStart(Unit &unit) override;
    void resetFailed(Unit &unit) override;
    /// Whether it is about to start again by itself.
    bool willRestart(const Unit &unit) const;
    Unit *unitOf(qint32 pid) const override { return m_pids.value(pid); }

    void processExecuted(qint32 pid);
    void processEnded(qint32 pid, const ProcessEnd &end) override;
    /// `sender` is a process of the unit's group.
    void notified(Unit &unit, qint32 sender, const QByteArray &message);
    void groupEmptied(Unit &unit) override;
    void watchdogFired(Unit &unit);
    void timerFired(Unit &unit) override;

private:
    using State = ServiceState;
    using Outcome = ServiceResult;

    // The states, one after another (service_machine.cpp).
    void enterCondition(Unit &unit);
    void enterStartPre(Unit &unit);
    void enterStart(Unit &unit);
    void enterStartPost(Unit &unit);
    void enterRunning(Unit &unit, Outcome outcome);
    void enterReload(Unit &unit);
    void enterStop(Unit &unit, Outcome outcome);
    void enterSignal(Unit &unit, State state, Outcome outcome);
    void enterStopPost(Unit &unit, Outcome outcome);
    void enterDead(Unit &unit, Outcome outcome, bool mayRestart);
    void cleanUp(const Unit &unit, bool willRestart) const;
    void enterRestart(Unit &unit);
    void setState(Unit &unit, State state);
    void remember(Unit &unit, Outcome outcome);

    // Ends and time-outs (service_events.cpp).
    void mainEnded(Unit &unit, const ProcessEnd &end);
    void afterMain(Unit &unit, Outcome outcome);
    void controlEnded(Unit &unit, const ProcessEnd &end);
    void afterControl(Unit &unit, Outcome outcome);
    void lastKnownEnded(Unit &unit, Outcome outcome);
    void startTimedOut(Unit &unit);
    void endByMode(Unit &unit, const QString &what, TimeoutMode mode);
    void abortTimedOut(Unit &unit);
    void killTimedOut(Unit &unit, State next, const QString &what);

    // What services tell of themselves (service_notify.cpp).
    bool listensTo(const Unit &unit, qint32 sender) const;
    void takeState(Unit &unit, const QByteArray &name, const QByteArray &value);
    void armWatchdog(Unit &unit);
    bool readPidFile(Unit &unit);
    bool awaitPidFile(Unit &unit);
    void armPidFile(Unit &unit);
    void adoptMain(Unit &unit, qint32 pid);

    // Processes (service_spawn.cpp).
    bool runControl(Unit &unit, ExecKind kind, State state);
    bool spawnControl(Unit &unit);
    void runNextControl(Unit &unit);
    bool spawnMain(Unit &unit, quint64 timeoutUs);
    qint32 spawn(Unit &unit, ExecCommand &command, ExecKind kind, bool isControl);
    QStringList engineEnvironment(const Unit &unit, ExecKind kind, bool isControl) const;
    bool sendSignals(Unit &unit, State state);
    bool isGood(const Unit &unit) const;
    void forgetMain(Unit &unit);
    void forgetControl(Unit &unit);
    void findMain(Unit &unit);
    void arm(Unit &unit, quint64 us);
    void armAt(Unit &unit, qint64 deadlineMs);
    void armRuntime(Unit &unit);
    void say(Unit &unit, int priority, const QString &text);

    Parts m_parts;
    UnitProcesses m_processes;
    QHash<qint32, Unit *> m_pids;
};

} // namespace qd::units
