// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/path_machine.h"

#include "agent/units/engine/messages.h"
#include "agent/units/engine/triggering.h"

namespace qd::units {

namespace {

ActiveState activeStateOf(PathState state)
{
    switch (state) {
    case PathState::Dead:
        return ActiveState::Inactive;
    case PathState::Failed:
        return ActiveState::Failed;
    default:
        return ActiveState::Active;
    }
}

bool isEdge(PathKind kind)
{
    return kind == PathKind::Changed || kind == PathKind::Modified;
}

} // namespace

StartAnswer PathMachine::start(Unit &unit)
{
    if (!triggeredIsLoaded(*m_parts.core, unit, unit.path.unit))
        return StartAnswer::Failed;
    unit.invocationId = m_parts.core->freshId();
    unit.result = Outcome::Success;
    for (const PathLine &line : std::as_const(unit.path.lines)) {
        // What is to exist some day is not made by who waits for it.
        if (unit.path.makeDirectory && line.kind != PathKind::Exists &&
            line.kind != PathKind::ExistsGlob)
            m_parts.driver->makeFolder(line.path, unit.path.directoryMode);
    }
    enterWaiting(unit, Occasion::Start);
    return StartAnswer::Begun;
}

bool PathMachine::exists(const PathLine &line) const
{
    const QString kind = line.kind == PathKind::ExistsGlob ? QStringLiteral("PathExistsGlob")
                         : line.kind == PathKind::DirectoryNotEmpty
                             ? QStringLiteral("DirectoryNotEmpty")
                             : QStringLiteral("PathExists");
    Condition condition;
    condition.type = QStringLiteral("Condition") + kind;
    condition.parameter = line.path;
    return m_parts.driver->test(condition);
}

bool PathMachine::isMet(Unit &unit, Occasion occasion) const
{
    bool met = false;
    for (PathLine &line : unit.path.lines) {
        const bool there = exists(line);
        if (isEdge(line.kind))
            met = met || (occasion == Occasion::Event && there != line.existed);
        else
            met = met || there;
        line.existed = there;
    }
    return met;
}

void PathMachine::enterWaiting(Unit &unit, Occasion occasion)
{
    const Unit *triggered = triggeredOf(unit);
    if (triggered && !isInactiveOrFailed(triggered->active))
        return setState(unit, State::Running);
    // Watched first, so that nothing is missed between the look and the watch.
    m_parts.driver->watchPaths(unit.id, unit.path.lines);
    if (isMet(unit, occasion))
        return enterRunning(unit);
    setState(unit, State::Waiting);
}

void PathMachine::enterRunning(Unit &unit)
{
    if (m_parts.core->hasStopJob(unit))
        return;
    const PathSettings &path = unit.path;
    if (!unit.watching.limit.pass(
            m_parts.clock->monotonicMs(), path.triggerLimitIntervalUs, path.triggerLimitBurst)) {
        m_parts.core->say(
            &unit, messages::about(
                       unit, 4, QStringLiteral("Trigger limit hit, refusing further activation.")));
        return enterDead(unit, Outcome::TriggerLimitHit);
    }
    if (!startTriggeredUnit(*m_parts.core, unit))
        return enterDead(unit, Outcome::Resources);
    setState(unit, State::Running);
}

void PathMachine::rest(Unit &unit, bool failed)
{
    setState(unit, failed ? State::Failed : State::Dead);
}

void PathMachine::setState(Unit &unit, State state)
{
    const ActiveState before = unit.active;
    if (state != State::Waiting)
        m_parts.driver->unwatchPaths(unit.id);
    unit.watching.state = state;
    unit.active = activeStateOf(state);
    unit.sub = toText(state);
    m_parts.core->stateChanged(unit, before, {});
}

void PathMachine::reloaded(Unit &unit)
{
    if (unit.watching.state == State::Waiting)
        enterWaiting(unit, Occasion::Start);
}

void PathMachine::pathChanged(Unit &unit, bool touched)
{
    if (unit.watching.state != State::Waiting)
        return;
    if (touched)
        enterRunning(unit);
    else
        enterWaiting(unit, Occasion::Event);
}

void PathMachine::triggeredChanged(Unit &unit, Unit &other)
{
    if (other.load != LoadState::Loaded || !isActiveOrReloading(unit.active))
        return;
    const bool ended = isInactiveOrFailed(other.active);
    // A unit that may not start any more would be started for ever.
    if (other.startLimit.hit && ended)
        return enterDead(unit, Outcome::UnitStartLimitHit);
    if (unit.watching.state == State::Running && ended)
        enterWaiting(unit, Occasion::TriggeredEnded);
    else if (unit.watching.state == State::Waiting && !ended)
        setState(unit, State::Running);
}

} // namespace qd::units
