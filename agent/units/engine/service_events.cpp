// SPDX-License-Identifier: GPL-3.0-or-later
// What happens to services: ends of processes, empty groups, time-outs.
#include "agent/units/engine/messages.h"
#include "agent/units/engine/service_machine.h"
#include "agent/units/engine/service_rules.h"

namespace qd::units {

namespace {

constexpr int kWarning = 4;

void note(ExecRun &run, const ProcessEnd &end, const Moment &now)
{
    run.stop = now;
    run.code = end.code;
    run.status = end.status;
}

} // namespace

void ServiceMachine::processExecuted(qint32 pid)
{
    Unit *unit = m_pids.value(pid);
    if (unit && unit->run.mainPid == pid && unit->run.state == State::Start &&
        unit->service.type == ServiceType::Exec)
        enterStartPost(*unit);
}

void ServiceMachine::processEnded(qint32 pid, const ProcessEnd &end)
{
    Unit *unit = m_pids.take(pid);
    if (!unit)
        return;
    if (unit->run.mainPid == pid)
        mainEnded(*unit, end);
    else if (unit->run.controlPid == pid)
        controlEnded(*unit, end);
    m_parts.core->changed(*unit);
}

void ServiceMachine::mainEnded(Unit &unit, const ProcessEnd &end)
{
    ServiceRuntime &run = unit.run;
    const bool oneshot = unit.service.type == ServiceType::Oneshot;
    Outcome outcome = resultOf(end, !oneshot, unit.service.success);
    run.mainPid = 0;
    // A daemon may have handed over to another process, and said so in its file.
    if (run.state == State::Running && readPidFile(unit))
        return;
    note(run.main, end, m_parts.core->now());

    QList<ExecCommand> &commands = unit.service.of(ExecKind::Start);
    const int index = run.mainIndex.value_or(0);
    // A reload may have put other commands there.
    const bool isKnown =
        run.mainIndex && index < commands.size() && commands[index].command == run.mainCommand;
    if (isKnown)
        commands[index].run = run.main;
    if (run.mainCommand.ignoreFailure)
        outcome = Outcome::Success;
    if (outcome != Outcome::Success)
        m_parts.core->say(
            &unit, messages::processFailed(unit, QStringLiteral("Main process"), end));
    remember(unit, outcome);

    const bool hasMore = oneshot && isKnown && index + 1 < commands.size();
    if (hasMore && outcome == Outcome::Success && run.state == State::Start) {
        run.mainIndex = index + 1;
        if (!spawnMain(unit, unit.service.timeoutStartUs))
            enterStop(unit, Outcome::Resources);
        return;
    }
    run.mainIndex.reset();
    afterMain(unit, outcome);
}

/// The main process is gone and no other follows it.
void ServiceMachine::afterMain(Unit &unit, Outcome outcome)
{
    const bool controlRuns = unit.run.controlPid > 0;
    switch (unit.run.state) {
    case State::Start:
        if (unit.service.type == ServiceType::Notify) // it never said that it was ready
            enterSignal(
                unit, State::StopSigterm,
                outcome == Outcome::Success ? Outcome::Protocol : outcome);
        else if (unit.service.type != ServiceType::Oneshot)
            enterRunning(unit, outcome);
        else if (outcome == Outcome::Success)
            enterStartPost(unit);
        else
            enterSignal(unit, State::StopSigterm, outcome);
        break;
    case State::Running:
        enterRunning(unit, outcome);
        break;
    case State::StopWatchdog:
    case State::StopSigterm:
    case State::StopSigkill:
        if (!controlRuns)
            enterStopPost(unit, outcome);
        break;
    case State::StopPost:
        if (!controlRuns)
            enterSignal(unit, State::FinalSigterm, outcome);
        break;
    case State::FinalWatchdog:
    case State::FinalSigterm:
    case State::FinalSigkill:
        if (!controlRuns)
            lastKnownEnded(unit, outcome);
        break;
    default: // start-post, reload, stop: their command has to end first
        break;
    }
}

void ServiceMachine::controlEnded(Unit &unit, const ProcessEnd &end)
{
    ServiceRuntime &run = unit.run;
    const ExecKind kind = run.controlKind.value_or(ExecKind::Start);
    Outcome outcome = resultOf(end, kind == ExecKind::Start, unit.service.success);
    run.controlPid = 0;

    QList<ExecCommand> &commands = unit.service.of(kind);
    const int index = run.controlIndex;
    // A reload may have put other commands there.
    const bool isKnown =
        run.controlKind && index < commands.size() && commands[index].command == run.controlCommand;
    if (isKnown)
        note(commands[index].run, end, m_parts.core->now());
    if (run.controlCommand.ignoreFailure)
        outcome = Outcome::Success;
    bool isFine = outcome == Outcome::Success;
    QString who = QStringLiteral("Control process");
    if (run.state == State::Condition) {
        who = QStringLiteral("Condition check process");
        // 1 to 254 say "not now"; 255 and a signal are failures.
        if (outcome == Outcome::ExitCode && end.status < 255) {
            unit.conditionResult = false;
            outcome = Outcome::SkipCondition;
            isFine = true;
        }
    }
    if (!isFine)
        m_parts.core->say(&unit, messages::processFailed(unit, who, end));
    if (run.state != State::Reload)
        remember(unit, outcome);

    if (isKnown && index + 1 < commands.size() && outcome == Outcome::Success)
        return runNextControl(unit);
    run.controlKind.reset();
    afterControl(unit, outcome);
}

/// The last command of a step has ended.
void ServiceMachine::afterControl(Unit &unit, Outcome outcome)
{
    const bool isFine = outcome == Outcome::Success;
    const bool mainRuns = unit.run.mainPid > 0;
    switch (unit.run.state) {
    case State::Condition:
        return isFine ? enterStartPre(unit) : enterSignal(unit, State::StopSigterm, outcome);
    case State::StartPre:
        return isFine ? enterStart(unit) : enterSignal(unit, State::StopSigterm, outcome);
    case State::Start:
        if (unit.service.type != ServiceType::Forking)
            return;
        if (!isFine)
            return enterSignal(unit, State::StopSigterm, outcome);
        if (unit.service.pidFile.isEmpty())
            findMain(unit);
        else if (!readPidFile(unit) && awaitPidFile(unit))
            return;
        return enterStartPost(unit);
    case State::StartPost:
        if (!isFine)
            return enterSignal(unit, State::StopSigterm, outcome);
        if (!readPidFile(unit) && awaitPidFile(unit))
            return;
        return enterRunning(unit, Outcome::Success);
    case State::Reload:
        unit.run.reloadResult = outcome;
        return enterRunning(unit, Outcome::Success);
    case State::Stop:
        return enterSignal(unit, State::StopSigterm, outcome);
    case State::StopWatchdog:
    case State::StopSigterm:
    case State::StopSigkill:
        if (!mainRuns)
            enterStopPost(unit, outcome);
        return;
    case State::StopPost:
        if (!mainRuns)
            enterSignal(unit, State::FinalSigterm, outcome);
        return;
    case State::FinalWatchdog:
    case State::FinalSigterm:
    case State::FinalSigkill:
        if (!mainRuns)
            lastKnownEnded(unit, outcome);
        return;
    default:
        return;
    }
}

/// In the last states: others of the group may live on. systemd lets them; we wait for their end,
/// or for the time-out that kills them, so that a service that is down has no process.
void ServiceMachine::lastKnownEnded(Unit &unit, Outcome outcome)
{
    const KillMode mode = unit.kill.mode;
    const bool mayKill = mode == KillMode::ControlGroup || mode == KillMode::Mixed;
    if (!mayKill || !unit.kill.sendSigkill || m_processes.groupIsEmpty(unit))
        return enterDead(unit, outcome, true);
    remember(unit, outcome);
    if (unit.run.state == State::FinalSigterm && mode == KillMode::Mixed)
        enterSignal(unit, State::FinalSigkill, Outcome::Success);
}

/// Ends of the processes that are known say more than an empty group; it matters where the last
/// process is one that nobody waits for.
void ServiceMachine::groupEmptied(Unit &unit)
{
    ServiceRuntime &run = unit.run;
    if (!m_processes.groupIsEmpty(unit))
        return;
    if (run.mainPid > 0 && !run.mainIndex) { // adopted, and another one's child: nobody tells how
        m_pids.remove(run.mainPid);
        return mainEnded(unit, ProcessEnd{CLD_EXITED, 0});
    }
    if (run.mainPid > 0 || run.controlPid > 0)
        return;
    if (run.awaitsPidFile) // nobody is left who could write it
        return enterStopPost(unit, Outcome::Protocol);
    switch (run.state) {
    case State::Running:
        return enterRunning(unit, Outcome::Success);
    case State::StopWatchdog:
    case State::StopSigterm:
    case State::StopSigkill:
        return enterStopPost(unit, Outcome::Success);
    case State::StopPost:
    case State::FinalWatchdog:
    case State::FinalSigterm:
    case State::FinalSigkill:
        return enterDead(unit, Outcome::Success, true);
    default:
        if (isAtRest(run.state) || run.state == State::Exited)
            m_processes.releaseGroup(unit);
        return;
    }
}

void ServiceMachine::timerFired(Unit &unit)
{
    if (unit.run.awaitsPidFile && m_parts.clock->monotonicMs() < unit.run.deadlineMs) {
        if (!readPidFile(unit))
            return armPidFile(unit);
        unit.run.awaitsPidFile = false;
        armAt(unit, unit.run.deadlineMs);
        return unit.run.state == State::Start ? enterStartPost(unit)
                                              : enterRunning(unit, Outcome::Success);
    }
    switch (unit.run.state) {
    case State::Condition:
    case State::StartPre:
    case State::Start:
    case State::StartPost:
        return startTimedOut(unit);
    case State::Running:
        say(unit, kWarning, QStringLiteral("Service reached runtime time limit. Stopping."));
        return enterStop(unit, Outcome::Timeout);
    case State::Reload:
        say(unit, kWarning, QStringLiteral("Reload operation timed out. Killing reload process."));
        if (unit.run.controlPid > 0)
            m_parts.driver->signalProcess(unit.run.controlPid, SIGKILL);
        unit.run.reloadResult = Outcome::Timeout;
        return enterRunning(unit, Outcome::Success);
    case State::Stop:
        return endByMode(unit, QStringLiteral("Stopping"), unit.service.stopFailure);
    case State::StopPost:
        return endByMode(unit, QStringLiteral("State 'stop-post'"), unit.service.stopFailure);
    case State::StopSigterm:
    case State::FinalSigterm:
        if (unit.service.stopFailure == TimeoutMode::Abort)
            return abortTimedOut(unit);
        [[fallthrough]];
    case State::StopWatchdog:
    case State::FinalWatchdog:
        return killTimedOut(
            unit,
            activeStateOf(unit.run.state) == ActiveState::Deactivating &&
                    int(unit.run.state) < int(State::StopPost)
                ? State::StopSigkill
                : State::FinalSigkill,
            QStringLiteral("State '%1'").arg(toText(unit.run.state)));
    case State::StopSigkill:
        say(unit, kWarning, QStringLiteral("Processes still around after SIGKILL. Ignoring."));
        return enterStopPost(unit, Outcome::Timeout);
    case State::FinalSigkill:
        say(unit, kWarning,
            QStringLiteral("Processes still around after final SIGKILL. Entering failed mode."));
        return enterDead(unit, Outcome::Timeout, true);
    case State::AutoRestart:
        return enterRestart(unit);
    default:
        return;
    }
}

void ServiceMachine::startTimedOut(Unit &unit)
{
    endByMode(
        unit, QStringLiteral("%1 operation").arg(toText(unit.run.state)),
        unit.service.startFailure);
}

/// `what` is not done in time: what runs is ended in the way that Timeout...FailureMode= says.
void ServiceMachine::endByMode(Unit &unit, const QString &what, TimeoutMode mode)
{
    const bool isOver = unit.run.state == State::StopPost;
    const QString late = QStringLiteral("%1 timed out. ").arg(what);
    switch (mode) {
    case TimeoutMode::Terminate:
        say(unit, kWarning, late + QStringLiteral("Terminating."));
        return enterSignal(
            unit, isOver ? State::FinalSigterm : State::StopSigterm, Outcome::Timeout);
    case TimeoutMode::Abort:
        say(unit, kWarning, late + QStringLiteral("Aborting."));
        return enterSignal(
            unit, isOver ? State::FinalWatchdog : State::StopWatchdog, Outcome::Timeout);
    case TimeoutMode::Kill:
        return killTimedOut(unit, isOver ? State::FinalSigkill : State::StopSigkill, what);
    }
}

/// TERM has not helped in time, and it is to be seen where it hangs.
void ServiceMachine::abortTimedOut(Unit &unit)
{
    say(unit, kWarning,
        QStringLiteral("State '%1' timed out. Aborting.").arg(toText(unit.run.state)));
    enterSignal(
        unit, unit.run.state == State::StopSigterm ? State::StopWatchdog : State::FinalWatchdog,
        Outcome::Timeout);
}

/// `what` has not come to its end in time.
void ServiceMachine::killTimedOut(Unit &unit, State next, const QString &what)
{
    if (unit.kill.sendSigkill) {
        say(unit, kWarning, QStringLiteral("%1 timed out. Killing.").arg(what));
        return enterSignal(unit, next, Outcome::Timeout);
    }
    if (next == State::StopSigkill) {
        say(unit, kWarning, QStringLiteral("%1 timed out. Skipping SIGKILL.").arg(what));
        return enterStopPost(unit, Outcome::Timeout);
    }
    say(unit, kWarning,
        QStringLiteral("%1 timed out. Skipping SIGKILL. Entering failed mode.").arg(what));
    enterDead(unit, Outcome::Timeout, false);
}

} // namespace qd::units
