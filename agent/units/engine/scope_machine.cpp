// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/scope_machine.h"

#include "agent/units/engine/messages.h"

namespace qd::units {

namespace {

constexpr int kWarning = 4;

ActiveState activeStateOf(ScopeState state)
{
    switch (state) {
    case ScopeState::Dead:
        return ActiveState::Inactive;
    case ScopeState::Running:
    case ScopeState::Abandoned:
        return ActiveState::Active;
    case ScopeState::Failed:
        return ActiveState::Failed;
    default:
        return ActiveState::Deactivating;
    }
}

} // namespace

ScopeMachine::ScopeMachine(Parts parts)
    : ResultMachine(parts.core)
    , m_parts(parts)
    , m_processes({parts.core, parts.driver, parts.source, parts.environment})
{
}

StartAnswer ScopeMachine::start(Unit &unit)
{
    if (activeStateOf(unit.scoped.state) == ActiveState::Deactivating)
        return StartAnswer::NotNow;
    if (unit.scoped.pids.isEmpty()) { // those of an earlier life are none of a new one
        m_core->say(
            &unit, messages::about(unit, kWarning, QStringLiteral("Scope has no PIDs. Refusing.")));
        return StartAnswer::Failed;
    }
    unit.invocationId = m_core->freshId();
    unit.result = Outcome::Success;
    const QList<qint32> pids = std::exchange(unit.scoped.pids, {});
    unit.controlGroup = unit.groupPath;
    const auto taken = m_parts.driver->adoptProcesses(unit.controlGroup, pids, unit.invocationId);
    if (!taken) {
        m_core->say(
            &unit, messages::about(
                       unit, kWarning,
                       QStringLiteral("Failed to add PIDs to scope's control group: ") +
                           taken.error().message));
        enterDead(unit, Outcome::Resources);
        return StartAnswer::Begun;
    }
    arm(unit, unit.scope.runtimeMaxUs);
    setState(unit, State::Running);
    return StartAnswer::Begun;
}

StartAnswer ScopeMachine::stop(Unit &unit)
{
    if (activeStateOf(unit.scoped.state) == ActiveState::Deactivating)
        return StartAnswer::UnderWay;
    enterSignal(unit, State::StopSigterm, Outcome::Success);
    return StartAnswer::Begun;
}

void ScopeMachine::abandon(Unit &unit)
{
    if (unit.scoped.state == State::Running)
        setState(unit, State::Abandoned);
}

void ScopeMachine::enterSignal(Unit &unit, State state, Outcome outcome)
{
    remember(unit, outcome);
    using Signal = UnitProcesses::Signal;
    const bool kills = state == State::StopSigkill;
    if (m_processes.signal(unit, kills ? Signal::Kill : Signal::Terminate, {})) {
        arm(unit, unit.scope.timeoutStopUs);
        return setState(unit, state);
    }
    if (!kills && unit.kill.sendSigkill)
        enterSignal(unit, State::StopSigkill, Outcome::Success);
    else
        enterDead(unit, Outcome::Success);
}

void ScopeMachine::enterDead(Unit &unit, Outcome outcome)
{
    m_processes.sayWhatIsLeft(unit);
    m_processes.releaseGroup(unit);
    m_parts.driver->cancelTimer(unit.id);
    ResultMachine::enterDead(unit, outcome);
}

void ScopeMachine::rest(Unit &unit, bool failed)
{
    setState(unit, failed ? State::Failed : State::Dead);
}

void ScopeMachine::setState(Unit &unit, State state)
{
    const ActiveState before = unit.active;
    unit.scoped.state = state;
    unit.active = activeStateOf(state);
    unit.sub = toText(state);
    m_core->stateChanged(unit, before, {});
}

void ScopeMachine::groupEmptied(Unit &unit)
{
    if (!isInactiveOrFailed(unit.active) && m_processes.groupIsEmpty(unit))
        enterDead(unit, Outcome::Success);
}

void ScopeMachine::timerFired(Unit &unit)
{
    const auto say = [&](const char *text) {
        m_core->say(&unit, messages::about(unit, kWarning, QLatin1String(text)));
    };
    switch (unit.scoped.state) {
    case State::Running:
        say("Scope reached runtime time limit. Stopping.");
        return enterSignal(unit, State::StopSigterm, Outcome::Timeout);
    case State::StopSigterm:
        if (unit.kill.sendSigkill) {
            say("Stopping timed out. Killing.");
            return enterSignal(unit, State::StopSigkill, Outcome::Timeout);
        }
        say("Stopping timed out. Skipping SIGKILL.");
        return enterDead(unit, Outcome::Timeout);
    case State::StopSigkill:
        say("Still around after SIGKILL. Ignoring.");
        return enterDead(unit, Outcome::Timeout);
    default:
        return;
    }
}

void ScopeMachine::arm(Unit &unit, quint64 us)
{
    if (us == unitfile::kInfinity)
        m_parts.driver->cancelTimer(unit.id);
    else
        m_parts.driver->armTimer(unit.id, m_parts.clock->monotonicMs() + qint64((us + 999) / 1000));
}

} // namespace qd::units
