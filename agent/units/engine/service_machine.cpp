// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/service_machine.h"

#include "agent/units/engine/messages.h"
#include "agent/units/engine/own_folders.h"
#include "agent/units/engine/service_rules.h"

namespace qd::units {

StartAnswer ServiceMachine::start(Unit &unit)
{
    ServiceRuntime &run = unit.run;
    if (isStopping(run.state))
        return StartAnswer::NotNow;
    // The restart comes by itself; a start job waits for it.
    if (run.state == State::AutoRestart)
        return StartAnswer::NotNow;
    if (run.state != State::Dead && run.state != State::Failed)
        return StartAnswer::UnderWay;

    unit.invocationId = m_parts.core->freshId();
    run.result = Outcome::Success;
    run.reloadResult = Outcome::Success;
    run.mainKnown = false;
    run.forbidRestart = false;
    run.statusText.clear();
    run.awaitsPidFile = false;
    run.main = {};
    for (QList<ExecCommand> &commands : unit.service.commands) {
        for (ExecCommand &command : commands)
            command.run = {};
    }
    if (run.flushRestarts) {
        run.restarts = 0;
        run.flushRestarts = false;
    }
    enterCondition(unit);
    return StartAnswer::Begun;
}

StartAnswer ServiceMachine::stop(Unit &unit)
{
    ServiceRuntime &run = unit.run;
    run.forbidRestart = true; // U-35
    if (isStopping(run.state))
        return StartAnswer::UnderWay;
    switch (run.state) {
    case State::AutoRestart:
        if (m_parts.core->hasStopJob(unit))
            cleanUp(unit, false); // what was kept for the restart
        setState(unit, State::Dead);
        return StartAnswer::UnderWay;
    case State::Running:
    case State::Exited:
        enterStop(unit, Outcome::Success);
        return StartAnswer::Begun;
    default: // something runs on the way up: no ExecStop=, straight to the signals (U-14)
        enterSignal(unit, State::StopSigterm, Outcome::Success);
        return StartAnswer::UnderWay;
    }
}

StartAnswer ServiceMachine::reload(Unit &unit)
{
    enterReload(unit);
    return StartAnswer::Begun;
}

void ServiceMachine::refuseStart(Unit &unit)
{
    if (unit.run.result == Outcome::SkipCondition)
        unit.run.result = Outcome::Success; // of the last start; this one is none
    enterDead(unit, Outcome::StartLimitHit, false);
}

void ServiceMachine::resetFailed(Unit &unit)
{
    if (unit.run.state == State::Failed)
        setState(unit, State::Dead);
    unit.run.result = Outcome::Success;
    unit.run.reloadResult = Outcome::Success;
    unit.run.restarts = 0;
    unit.run.flushRestarts = false;
    m_parts.core->changed(unit);
}

bool ServiceMachine::willRestart(const Unit &unit) const
{
    return unit.type == UnitType::Service &&
           (unit.run.willRestart || unit.run.state == State::AutoRestart);
}

/// The first failure is the one that is reported.
void ServiceMachine::remember(Unit &unit, Outcome outcome)
{
    if (unit.run.result == Outcome::Success)
        unit.run.result = outcome;
}

void ServiceMachine::enterCondition(Unit &unit)
{
    if (unit.service.of(ExecKind::Condition).isEmpty())
        return enterStartPre(unit);
    if (!runControl(unit, ExecKind::Condition, State::Condition))
        enterDead(unit, Outcome::Resources, true);
}

void ServiceMachine::enterStartPre(Unit &unit)
{
    if (unit.service.of(ExecKind::StartPre).isEmpty())
        return enterStart(unit);
    // What ExecCondition= may have left in the background goes, too.
    if (!runControl(unit, ExecKind::StartPre, State::StartPre))
        enterSignal(unit, State::FinalSigterm, Outcome::Resources);
}

void ServiceMachine::enterStart(Unit &unit)
{
    const ServiceSettings &service = unit.service;
    forgetControl(unit);
    forgetMain(unit);
    if (service.of(ExecKind::Start).isEmpty()) {
        setState(unit, State::Start); // so that nobody misses that it was activating
        return enterStartPost(unit);
    }
    if (service.type == ServiceType::Forking) {
        if (!runControl(unit, ExecKind::Start, State::Start))
            enterSignal(unit, State::StopSigterm, Outcome::Resources);
        return;
    }
    unit.run.mainIndex = 0;
    const bool isReadyAtOnce =
        service.type == ServiceType::Simple || service.type == ServiceType::Idle;
    if (!spawnMain(unit, isReadyAtOnce ? unitfile::kInfinity : service.timeoutStartUs))
        return enterSignal(unit, State::StopSigterm, Outcome::Resources);
    if (isReadyAtOnce)
        enterStartPost(unit);
    else
        setState(unit, State::Start);
}

void ServiceMachine::enterStartPost(Unit &unit)
{
    forgetControl(unit);
    armWatchdog(unit);
    if (unit.service.of(ExecKind::StartPost).isEmpty())
        return enterRunning(unit, Outcome::Success);
    if (!runControl(unit, ExecKind::StartPost, State::StartPost))
        enterStop(unit, Outcome::Resources);
}

void ServiceMachine::enterRunning(Unit &unit, Outcome outcome)
{
    remember(unit, outcome);
    forgetControl(unit);
    if (unit.run.result != Outcome::Success)
        return enterSignal(unit, State::StopSigterm, outcome); // no ExecStop= (U-37)
    if (isGood(unit)) {
        setState(unit, State::Running);
        armRuntime(unit);
    } else if (unit.service.remainAfterExit) {
        setState(unit, State::Exited);
    } else {
        enterStop(unit, Outcome::Success);
    }
}

void ServiceMachine::enterReload(Unit &unit)
{
    unit.run.reloadResult = Outcome::Success;
    if (unit.service.of(ExecKind::Reload).isEmpty())
        return enterRunning(unit, Outcome::Success);
    if (runControl(unit, ExecKind::Reload, State::Reload))
        return;
    unit.run.reloadResult = Outcome::Resources;
    enterRunning(unit, Outcome::Success);
}

void ServiceMachine::enterStop(Unit &unit, Outcome outcome)
{
    remember(unit, outcome);
    forgetControl(unit);
    if (unit.service.of(ExecKind::Stop).isEmpty())
        return enterSignal(unit, State::StopSigterm, Outcome::Success);
    if (!runControl(unit, ExecKind::Stop, State::Stop))
        enterSignal(unit, State::StopSigterm, Outcome::Resources);
}

/// Sends what the state stands for and waits; when there is nobody to wait for, goes on at once.
void ServiceMachine::enterSignal(Unit &unit, State state, Outcome outcome)
{
    remember(unit, outcome);
    if (sendSignals(unit, state)) {
        const bool aborts = state == State::StopWatchdog || state == State::FinalWatchdog;
        const quint64 stopUs = unit.service.timeoutStopUs;
        arm(unit, aborts ? unit.service.timeoutAbortUs.value_or(stopUs) : stopUs);
        return setState(unit, state);
    }
    const bool sendsKill = unit.kill.sendSigkill;
    if ((state == State::StopSigterm || state == State::StopWatchdog) && sendsKill)
        enterSignal(unit, State::StopSigkill, Outcome::Success);
    else if (
        state == State::StopSigterm || state == State::StopWatchdog || state == State::StopSigkill)
        enterStopPost(unit, Outcome::Success);
    else if (state == State::FinalSigterm && sendsKill)
        enterSignal(unit, State::FinalSigkill, Outcome::Success);
    else
        enterDead(unit, Outcome::Success, true);
}

void ServiceMachine::enterStopPost(Unit &unit, Outcome outcome)
{
    remember(unit, outcome);
    forgetControl(unit);
    if (unit.service.of(ExecKind::StopPost).isEmpty())
        return enterSignal(unit, State::FinalSigterm, Outcome::Success);
    if (!runControl(unit, ExecKind::StopPost, State::StopPost))
        enterSignal(unit, State::FinalSigterm, Outcome::Resources);
}

void ServiceMachine::enterDead(Unit &unit, Outcome outcome, bool mayRestart)
{
    ServiceRuntime &run = unit.run;
    remember(unit, outcome);
    m_parts.core->say(&unit, messages::serviceEnded(unit, run.result));
    m_processes.sayWhatIsLeft(unit);
    const bool isFine = run.result == Outcome::Success || run.result == Outcome::SkipCondition;
    // A stop that is asked for already is not undone by a restart.
    run.willRestart =
        mayRestart && !m_parts.core->hasStopJob(unit) && shallRestart(unit.service, run);
    cleanUp(unit, run.willRestart);
    setState(unit, isFine ? State::Dead : State::Failed);
    if (run.willRestart) {
        run.willRestart = false;
        arm(unit, unit.service.restartUs);
        setState(unit, State::AutoRestart);
    } else {
        run.flushRestarts = true; // at the next start: until then it can be seen
    }
    run.forbidRestart = false;
}

/// What was made for the run that has ended.
void ServiceMachine::cleanUp(const Unit &unit, bool willRestart) const
{
    const FolderKeeping keeping = unit.exec.runtimeKeeping;
    if (keeping == FolderKeeping::No || (keeping == FolderKeeping::Restart && !willRestart)) {
        for (const QString &folder : ownFolders(unit.exec, FolderKind::Runtime))
            m_parts.driver->removeFolder(folder);
    }
    m_parts.driver->unitEnded(unit.id, willRestart);
}

void ServiceMachine::enterRestart(Unit &unit)
{
    if (m_parts.core->hasStopJob(unit))
        return;
    const auto job = m_parts.core->addJob(JobType::Restart, unit, JobMode::Replace);
    if (!job) {
        say(unit, 4, QStringLiteral("Failed to schedule restart job: ") + job.error().message);
        return enterDead(unit, Outcome::Resources, false);
    }
    ++unit.run.restarts;
    unit.run.flushRestarts = false;
    m_parts.core->say(&unit, messages::restartScheduled(unit));
    m_parts.core->changed(unit);
}

void ServiceMachine::setState(Unit &unit, State state)
{
    const ActiveState before = unit.active;
    unit.run.awaitsPidFile = false;
    unit.run.state = state;
    unit.active = activeStateOf(state);
    unit.sub = toText(state);
    if (!mayHaveTimer(state))
        m_parts.driver->cancelTimer(unit.id);
    if (!mayHaveWatchdog(state) && unit.service.watchdogUs > 0)
        m_parts.driver->cancelTimer(kWatchdog + unit.id);
    if (!mayHaveMain(state))
        forgetMain(unit);
    if (!mayHaveControl(state))
        forgetControl(unit);
    if (isAtRest(state) || state == State::Exited)
        m_processes.releaseGroup(unit);
    StateFlags flags;
    flags.willRestart = unit.run.willRestart;
    flags.reloadFailed = unit.run.reloadResult != Outcome::Success;
    flags.skipped = unit.run.result == Outcome::SkipCondition;
    m_parts.core->stateChanged(unit, before, flags);
}

void ServiceMachine::say(Unit &unit, int priority, const QString &text)
{
    m_parts.core->say(&unit, messages::about(unit, priority, text));
}

} // namespace qd::units
