// SPDX-License-Identifier: GPL-3.0-or-later
// The processes of services: starting them, with what around them, and signalling them.
#include "agent/units/engine/messages.h"
#include "agent/units/engine/service_machine.h"
#include "agent/units/engine/service_rules.h"
#include "shared/unitfile/environment.h"

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
    const auto environment = unitEnvironment(unit);
    Result<qint32> pid = fail(Error{});
    if (environment) {
        unit.controlGroup = unit.groupPath;
        SpawnRequest request;
        request.unit = unit.id;
        request.controlGroup = unit.controlGroup;
        request.slice = unit.service.slice;
        request.invocationId = unit.invocationId;
        request.command = command.command;
        request.exec = unit.service.exec;
        request.environment = engineEnvironment(unit, kind, isControl);
        request.unitEnvironment = *environment;
        request.mayNotify = unit.service.notifyAccess != NotifyAccess::None;
        pid = m_parts.driver->spawn(request);
    } else {
        say(unit, 4,
            QStringLiteral("Failed to load environment files: ") + environment.error().text());
        pid = fail(environment.error());
    }
    if (!pid) {
        say(unit, 4,
            QStringLiteral("Failed to run '%1' task: %2").arg(taskOf(kind), pid.error().text()));
        return 0;
    }
    m_pids.insert(*pid, &unit);
    command.run = {};
    command.run.pid = *pid;
    command.run.start = m_parts.core->now();
    return *pid;
}

QStringList ServiceMachine::engineEnvironment(const Unit &unit, ExecKind kind, bool isControl) const
{
    QStringList out = *m_parts.environment;
    out.append(variable("INVOCATION_ID", unit.invocationId));
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
    return out + unit.monitorEnvironment;
}

/// PassEnvironment=, then Environment=, then EnvironmentFile= in order: a later one wins.
Result<QStringList> ServiceMachine::unitEnvironment(const Unit &unit) const
{
    const ExecSettings &exec = unit.service.exec;
    QStringList out;
    for (const QString &passed : exec.passEnvironment) {
        for (const QString &assignment : *m_parts.environment) {
            if (assignment.startsWith(passed + u'='))
                out.append(assignment);
        }
    }
    out += exec.environment;
    for (const EnvironmentFile &file : exec.environmentFiles) {
        const auto text = m_parts.source->read(file.path);
        if (text)
            out += unitfile::parseEnvironmentFile(*text);
        else if (!file.optional && text.error().code == code::notFound)
            return fail(code::notFound, QStringLiteral("No such file or directory"));
        else if (!file.optional)
            return fail(text.error());
    }
    return out;
}

/// What KillMode= and the state ask for. True when there is something to wait for.
bool ServiceMachine::sendSignals(Unit &unit, State state)
{
    const KillSettings &kill = unit.service.kill;
    const ServiceRuntime &run = unit.run;
    if (kill.mode == KillMode::None)
        return false;
    const bool isFinal = state == State::StopSigkill || state == State::FinalSigkill;
    const bool isWatchdog = state == State::StopWatchdog;
    const int number = isFinal      ? kill.finalSignal
                       : isWatchdog ? kill.watchdogSignal
                                    : kill.signalNumber;
    const bool hangsUp = kill.sendSighup && !isFinal && !isWatchdog && number != SIGHUP;
    bool waits = false;
    QList<qint32> known;
    for (const qint32 pid : {run.mainPid, run.controlPid}) {
        if (pid <= 0)
            continue;
        known.append(pid);
        if (isFinal)
            sayKilling(unit, pid, number);
        // Even one that is gone is waited for: its end has not been told yet.
        m_parts.driver->signalProcess(pid, number);
        if (hangsUp)
            m_parts.driver->signalProcess(pid, SIGHUP);
        waits = true;
    }
    const bool wholeGroup =
        kill.mode == KillMode::ControlGroup || (kill.mode == KillMode::Mixed && isFinal);
    if (!wholeGroup || unit.controlGroup.isEmpty())
        return waits;
    if (isFinal) {
        for (const qint32 pid : m_parts.driver->processes(unit.controlGroup)) {
            if (!known.contains(pid))
                sayKilling(unit, pid, number);
        }
    }
    if (m_parts.driver->signalGroup(unit.controlGroup, number, known)) {
        if (hangsUp)
            m_parts.driver->signalGroup(unit.controlGroup, SIGHUP, known);
        waits = true;
    }
    return waits;
}

void ServiceMachine::sayKilling(Unit &unit, qint32 pid, int signalNumber)
{
    say(unit, 5,
        QStringLiteral("Killing process %1 (%2) with signal SIG%3.")
            .arg(
                QString::number(pid), m_parts.driver->processName(pid),
                unitfile::signalName(signalNumber)));
}

/// Processes that KillMode= or their own stubbornness has let live.
void ServiceMachine::sayWhatIsLeft(Unit &unit)
{
    if (unit.controlGroup.isEmpty())
        return;
    for (const qint32 pid : m_parts.driver->processes(unit.controlGroup))
        say(unit, 5,
            QStringLiteral("Unit process %1 (%2) remains running after unit stopped.")
                .arg(QString::number(pid), m_parts.driver->processName(pid)));
}

bool ServiceMachine::groupIsEmpty(const Unit &unit) const
{
    return unit.controlGroup.isEmpty() || m_parts.driver->processes(unit.controlGroup).isEmpty();
}

/// Whether the service is alive: its main process, or any where no main process is known.
bool ServiceMachine::isGood(const Unit &unit) const
{
    return unit.run.mainKnown ? unit.run.mainPid > 0 : !groupIsEmpty(unit);
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

/// Gives the group up, unless processes are left in it that nobody may kill.
void ServiceMachine::releaseGroup(Unit &unit)
{
    if (unit.controlGroup.isEmpty() || !groupIsEmpty(unit))
        return;
    m_parts.driver->releaseGroup(unit.controlGroup);
    unit.controlGroup.clear();
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
