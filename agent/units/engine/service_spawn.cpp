// SPDX-License-Identifier: GPL-3.0-or-later
// The processes of services: starting them, with what around them, and signalling them.
#include "agent/units/engine/messages.h"
#include "agent/units/engine/service_machine.h"
#include "agent/units/engine/service_rules.h"

namespace qd::units {

namespace {

QString variable(const char *name, const QString &value)
{
    return QLatin1String(name) + u'=' + value;
}

/// "exec-condition", "start-pre" ...: how systemd calls a step when it cannot begin it.
QString taskOf(ExecKind kind)
{
    static const QStringList names =
        QStringLiteral("exec-condition start-pre start start-post reload stop stop-post")
            .split(u' ');
    return names.value(int(kind));
}

/// Whether a stream of its processes is the socket that it was started for.
bool readsFromSocket(const ExecSettings &exec)
{
    const QString socket = QStringLiteral("socket");
    return exec.standardInput == socket || exec.standardOutput == socket ||
           exec.standardError == socket;
}

/// The connection that it was started for, or else all that its sockets listen on (U-46).
void passSockets(const Unit &unit, SpawnRequest &request)
{
    if (unit.connection.id != 0) {
        request.connection = unit.connection.id;
        return;
    }
    for (const Unit *socket : unit.of(Dependency::TriggeredBy).list()) {
        if (socket->type == UnitType::Socket && !socket->socket.accept)
            request.sockets.append(socket->id);
    }
}

} // namespace

/// Begins a step: its first command runs and the service is in `state`. False when it cannot.
bool ServiceMachine::runControl(Unit &unit, ExecKind kind, State state)
{
    forgetControl(unit);
    unit.run.controlKind = kind;
    unit.run.controlIndex = 0;
    if (!spawnControl(unit))
        return false;
    const quint64 limit =
        isStopping(state) ? unit.service.timeoutStopUs : unit.service.timeoutStartUs;
    arm(unit, limit);
    setState(unit, state);
    return true;
}

bool ServiceMachine::spawnControl(Unit &unit)
{
    ServiceRuntime &run = unit.run;
    const ExecKind kind = *run.controlKind;
    ExecCommand &command = unit.service.of(kind)[run.controlIndex];
    const qint32 pid = spawn(unit, command, kind, true);
    run.controlPid = pid;
    run.controlCommand = command.command;
    if (pid == 0)
        run.controlKind.reset();
    return pid > 0;
}

void ServiceMachine::runNextControl(Unit &unit)
{
    ++unit.run.controlIndex;
    const State state = unit.run.state;
    if (spawnControl(unit)) {
        arm(unit, isStopping(state) ? unit.service.timeoutStopUs : unit.service.timeoutStartUs);
        m_parts.core->changed(unit);
    } else if (state == State::StopPost) {
        enterDead(unit, Outcome::Resources, true);
    } else if (state == State::Reload) {
        unit.run.reloadResult = Outcome::Resources;
        enterRunning(unit, Outcome::Success);
    } else {
        enterSignal(unit, State::StopSigterm, Outcome::Resources);
    }
}

bool ServiceMachine::spawnMain(Unit &unit, quint64 timeoutUs)
{
    ServiceRuntime &run = unit.run;
    ExecCommand &command = unit.service.of(ExecKind::Start)[*run.mainIndex];
    const qint32 pid = spawn(unit, command, ExecKind::Start, false);
    if (pid == 0) {
        run.mainIndex.reset();
        return false;
    }
    run.mainPid = pid;
    run.mainKnown = true;
    run.mainCommand = command.command;
    run.main = command.run;
    arm(unit, timeoutUs);
    m_parts.core->changed(unit);
    return true;
}

/// The pid, or 0 when there is no process; why is in the journal then.
qint32 ServiceMachine::spawn(Unit &unit, ExecCommand &command, ExecKind kind, bool isControl)
{
    SpawnRequest request;
    request.environment = engineEnvironment(unit, kind, isControl);
    request.mayNotify = unit.service.notifyAccess != NotifyAccess::None;
    request.staysPrivileged = unit.service.permissionsStartOnly && kind != ExecKind::Start;
    if (kind == ExecKind::Start || readsFromSocket(unit.exec))
        passSockets(unit, request);
    const auto pid = m_processes.spawn(unit, command, std::move(request), taskOf(kind));
    if (pid)
        m_pids.insert(*pid, &unit);
    return pid.value_or(0);
}

QStringList ServiceMachine::engineEnvironment(const Unit &unit, ExecKind kind, bool isControl) const
{
    QStringList out;
    const ServiceRuntime &run = unit.run;
    if (isControl && run.mainPid > 0)
        out.append(variable("MAINPID", QString::number(run.mainPid)));
    if (unit.service.watchdogUs > 0 && kind == ExecKind::Start)
        out.append(variable("WATCHDOG_USEC", QString::number(unit.service.watchdogUs)));
    if (kind == ExecKind::Stop || kind == ExecKind::StopPost) {
        out.append(variable("SERVICE_RESULT", toText(run.result)));
        if (run.main.stop.isSet()) {
            out.append(variable("EXIT_CODE", messages::codeName(run.main.code)));
            out.append(variable("EXIT_STATUS", messages::statusName(run.main)));
        }
    }
    if (!unit.connection.source.isEmpty()) {
        out.append(variable("REMOTE_ADDR", unit.connection.source));
        out.append(variable("REMOTE_PORT", unit.connection.remotePort));
    }
    return out + unit.monitorEnvironment;
}

/// What KillMode= and the state ask for. True when there is something to wait for.
bool ServiceMachine::sendSignals(Unit &unit, State state)
{
    using Signal = UnitProcesses::Signal;
    const bool isFinal = state == State::StopSigkill || state == State::FinalSigkill;
    const bool isWatchdog = state == State::StopWatchdog;
    QList<qint32> known;
    for (const qint32 pid : {unit.run.mainPid, unit.run.controlPid}) {
        if (pid > 0)
            known.append(pid);
    }
    return m_processes.signal(
        unit,
        isFinal      ? Signal::Kill
        : isWatchdog ? Signal::Watchdog
                     : Signal::Terminate,
        known);
}

/// Whether the service is alive: its main process, or any where no main process is known.
bool ServiceMachine::isGood(const Unit &unit) const
{
    return unit.run.mainKnown ? unit.run.mainPid > 0 : !m_processes.groupIsEmpty(unit);
}

/// A daemon that went to the background is the only one left in its group, or stays unknown (U-28).
void ServiceMachine::findMain(Unit &unit)
{
    const QList<qint32> left = m_parts.driver->processes(unit.controlGroup);
    if (left.size() != 1)
        return;
    adoptMain(unit, left.first());
}

void ServiceMachine::forgetMain(Unit &unit)
{
    if (unit.run.mainPid > 0)
        m_pids.remove(unit.run.mainPid);
    unit.run.mainPid = 0;
    unit.run.mainIndex.reset();
}

void ServiceMachine::forgetControl(Unit &unit)
{
    if (unit.run.controlPid > 0)
        m_pids.remove(unit.run.controlPid);
    unit.run.controlPid = 0;
    unit.run.controlKind.reset();
}

void ServiceMachine::arm(Unit &unit, quint64 us)
{
    if (us == unitfile::kInfinity)
        return armAt(unit, std::numeric_limits<qint64>::max());
    armAt(unit, m_parts.clock->monotonicMs() + qint64((us + 999) / 1000));
}

void ServiceMachine::armAt(Unit &unit, qint64 deadlineMs)
{
    unit.run.deadlineMs = deadlineMs;
    if (deadlineMs == std::numeric_limits<qint64>::max())
        m_parts.driver->cancelTimer(unit.id);
    else
        m_parts.driver->armTimer(unit.id, deadlineMs);
}

/// RuntimeMaxSec= counts from the start, whatever reloads came since.
void ServiceMachine::armRuntime(Unit &unit)
{
    const quint64 max = unit.service.runtimeMaxUs;
    if (max == unitfile::kInfinity)
        return arm(unit, max);
    armAt(unit, qint64((unit.activeEnter.monotonicUs + max + 999) / 1000));
}

} // namespace qd::units
