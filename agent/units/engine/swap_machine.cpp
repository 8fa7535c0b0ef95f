// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/swap_machine.h"

namespace qd::units {

namespace {

constexpr int kWarning = 4;

ActiveState activeStateOf(SwapState state)
{
    switch (state) {
    case SwapState::Dead:
        return ActiveState::Inactive;
    case SwapState::Activating:
        return ActiveState::Activating;
    case SwapState::ActivatingDone:
    case SwapState::Active:
        return ActiveState::Active;
    case SwapState::Failed:
        return ActiveState::Failed;
    default:
        return ActiveState::Deactivating;
    }
}

/// "pri=5,discard": Priority= is one more option.
QString optionsOf(const SwapSettings &swap)
{
    QString out = swap.options;
    if (swap.priority)
        out += (out.isEmpty() ? QStringLiteral("pri=%1") : QStringLiteral(",pri=%1"))
                   .arg(*swap.priority);
    return out;
}

} // namespace

StartAnswer SwapMachine::start(Unit &unit)
{
    const State state = unit.swapping.state;
    if (activeStateOf(state) == ActiveState::Deactivating)
        return StartAnswer::NotNow;
    if (state == State::Activating)
        return StartAnswer::UnderWay;
    unit.invocationId = m_core->freshId();
    unit.result = Outcome::Success;
    unit.commands.clear();
    enterActivating(unit);
    return StartAnswer::Begun;
}

StartAnswer SwapMachine::stop(Unit &unit)
{
    switch (unit.swapping.state) {
    case State::Activating:
    case State::ActivatingDone: // what runs is ended first
        enterSignal(unit, State::DeactivatingSigterm, Outcome::Success);
        return StartAnswer::UnderWay;
    case State::Active:
        enterDeactivating(unit);
        return StartAnswer::Begun;
    default:
        return StartAnswer::UnderWay;
    }
}

void SwapMachine::enterActivating(Unit &unit)
{
    QStringList argv{QStringLiteral("/sbin/swapon"), QStringLiteral("--fixpgsz")};
    const QString options = optionsOf(unit.swap);
    if (!options.isEmpty())
        argv += {QStringLiteral("-o"), options};
    argv.append(unit.swap.what);
    if (!runOwn(unit, QStringLiteral("ExecActivate"), QStringLiteral("swapon"), argv))
        return enterDeadOrActive(unit, Outcome::Resources);
    arm(unit, unit.swap.timeoutUs);
    setState(unit, State::Activating);
}

void SwapMachine::enterDeactivating(Unit &unit)
{
    const QStringList argv{QStringLiteral("/sbin/swapoff"), unit.swap.what};
    if (!runOwn(unit, QStringLiteral("ExecDeactivate"), QStringLiteral("swapoff"), argv))
        return enterDeadOrActive(unit, Outcome::Resources);
    arm(unit, unit.swap.timeoutUs);
    setState(unit, State::Deactivating);
}

void SwapMachine::enterActive(Unit &unit, Outcome outcome)
{
    remember(unit, outcome);
    setState(unit, State::Active);
}

void SwapMachine::enterDeadOrActive(Unit &unit, Outcome outcome)
{
    if (unit.swapping.area)
        enterActive(unit, outcome);
    else
        enterDead(unit, outcome);
}

void SwapMachine::enterSignal(Unit &unit, State state, Outcome outcome)
{
    remember(unit, outcome);
    using Signal = UnitProcesses::Signal;
    const bool kills = state == State::DeactivatingSigkill;
    if (signalCommand(unit, kills ? Signal::Kill : Signal::Terminate)) {
        arm(unit, unit.swap.timeoutUs);
        return setState(unit, state);
    }
    if (!kills && unit.kill.sendSigkill)
        enterSignal(unit, State::DeactivatingSigkill, Outcome::Success);
    else
        enterDeadOrActive(unit, Outcome::Success);
}

void SwapMachine::rest(Unit &unit, bool failed)
{
    setState(unit, failed ? State::Failed : State::Dead);
}

void SwapMachine::setState(Unit &unit, State state)
{
    const ActiveState before = unit.active;
    if (state == State::Dead || state == State::Failed || state == State::Active)
        endCommand(unit);
    unit.swapping.state = state;
    unit.active = activeStateOf(state);
    unit.sub = toText(state);
    m_core->stateChanged(unit, before, {});
}

void SwapMachine::commandEnded(Unit &unit, Outcome outcome)
{
    // The kernel's table has what it did.
    seen(unit, m_parts.driver->swapAt(unit.swap.what));
    CommandMachine::commandEnded(unit, outcome);
}

void SwapMachine::stepEnded(Unit &unit, Outcome outcome)
{
    switch (unit.swapping.state) {
    case State::Activating:
    case State::ActivatingDone:
        if (outcome == Outcome::Success || unit.swapping.area)
            return enterActive(unit, outcome);
        return enterDead(unit, outcome);
    case State::Deactivating:
    case State::DeactivatingSigterm:
    case State::DeactivatingSigkill:
        return enterDeadOrActive(unit, outcome);
    default:
        return;
    }
}

void SwapMachine::timerFired(Unit &unit)
{
    switch (unit.swapping.state) {
    case State::Activating:
    case State::ActivatingDone:
        say(unit, kWarning, QStringLiteral("Activation timed out. Stopping."));
        return enterSignal(unit, State::DeactivatingSigterm, Outcome::Timeout);
    case State::Deactivating:
        say(unit, kWarning, QStringLiteral("Deactivation timed out. Stopping."));
        return enterSignal(unit, State::DeactivatingSigterm, Outcome::Timeout);
    case State::DeactivatingSigterm:
        if (unit.kill.sendSigkill) {
            say(unit, kWarning, QStringLiteral("Swap process timed out. Killing."));
            return enterSignal(unit, State::DeactivatingSigkill, Outcome::Timeout);
        }
        say(unit, kWarning, QStringLiteral("Swap process timed out. Skipping SIGKILL. Ignoring."));
        return enterDeadOrActive(unit, Outcome::Timeout);
    case State::DeactivatingSigkill:
        say(unit, kWarning, QStringLiteral("Swap process still around after SIGKILL. Ignoring."));
        return enterDeadOrActive(unit, Outcome::Timeout);
    default:
        return;
    }
}

void SwapMachine::seen(Unit &unit, const std::optional<SwapArea> &area)
{
    SwapRuntime &swapping = unit.swapping;
    if (swapping.area == area)
        return;
    swapping.area = area;
    m_core->changed(unit);
    if (!area) {
        if (swapping.state == State::Active) // somebody else has switched it off
            enterDead(unit, Outcome::Success);
        return;
    }
    if (swapping.state == State::Activating)
        return setState(unit, State::ActivatingDone);
    if (swapping.state == State::Dead || swapping.state == State::Failed) { // or on
        unit.invocationId = m_core->freshId();
        unit.result = Outcome::Success;
        enterActive(unit, Outcome::Success);
    }
}

} // namespace qd::units
