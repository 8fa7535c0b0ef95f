// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/automount_machine.h"

#include "agent/units/engine/canonical_place.h"

#include "agent/units/engine/messages.h"
#include "agent/units/engine/triggering.h"

namespace qd::units {

namespace {

constexpr int kError = 3;
constexpr int kInfo = 6;

ActiveState activeStateOf(AutomountState state)
{
    switch (state) {
    case AutomountState::Dead:
        return ActiveState::Inactive;
    case AutomountState::Failed:
        return ActiveState::Failed;
    default:
        return ActiveState::Active;
    }
}

/// Whether it will not come any more by itself.
bool isUnhappy(MountState state)
{
    switch (state) {
    case MountState::Dead:
    case MountState::Failed:
    case MountState::Unmounting:
    case MountState::UnmountingSigterm:
    case MountState::UnmountingSigkill:
    case MountState::RemountingSigterm:
    case MountState::RemountingSigkill:
        return true;
    default:
        return false;
    }
}

} // namespace

StartAnswer AutomountMachine::start(Unit &unit)
{
    const auto say = [&](const QString &text) {
        m_core->say(&unit, messages::about(unit, kError, text));
    };
    Condition isMounted;
    isMounted.type = QStringLiteral("ConditionPathIsMountPoint");
    isMounted.parameter = unit.automount.where;
    if (m_driver->test(isMounted)) {
        say(QStringLiteral("Path %1 is already a mount point, refusing start.")
                .arg(unit.automount.where));
        return StartAnswer::Failed;
    }
    if (!triggeredIsLoaded(*m_core, unit, unit.automount.mount))
        return StartAnswer::Failed;
    unit.invocationId = m_core->freshId();
    unit.result = ServiceResult::Success;
    if (!isCanonicalPlace(*m_driver, unit.automount.where)) {
        say(QStringLiteral("Mount path %1 is not canonical (contains a symlink).")
                .arg(unit.automount.where));
        enterDead(unit, ServiceResult::Resources);
        return StartAnswer::Begun;
    }
    m_driver->makeFolder(unit.automount.where, unit.automount.directoryMode);
    if (const auto armed = m_driver->openAutomount(unit.id, unit.automount); !armed) {
        say(QStringLiteral("Failed to initialize automounter: ") + armed.error().message);
        enterDead(unit, ServiceResult::Resources);
        return StartAnswer::Begun;
    }
    setState(unit, State::Waiting);
    return StartAnswer::Begun;
}

void AutomountMachine::rest(Unit &unit, bool failed)
{
    setState(unit, failed ? State::Failed : State::Dead);
}

void AutomountMachine::setState(Unit &unit, State state)
{
    const ActiveState before = unit.active;
    if (state == State::Dead || state == State::Failed) {
        answer(unit, unit.automounting.comers, false);
        answer(unit, unit.automounting.expirations, false);
        m_driver->closeAutomount(unit.id);
    }
    unit.automounting.state = state;
    unit.active = activeStateOf(state);
    unit.sub = toText(state);
    m_core->stateChanged(unit, before, {});
}

void AutomountMachine::answer(Unit &unit, QList<quint32> &tokens, bool done)
{
    const QList<quint32> all = std::exchange(tokens, {});
    for (const quint32 token : all)
        m_driver->answerAutomount(unit.id, token, done);
}

void AutomountMachine::asked(Unit &unit, const AutomountRequest &request)
{
    AutomountRuntime &run = unit.automounting;
    if (run.state != State::Waiting && run.state != State::Running)
        return m_driver->answerAutomount(unit.id, request.token, false);
    if (request.isExpiration) {
        run.expirations.append(request.token);
        Unit *mount = triggeredOf(unit);
        if (!mount || !m_core->addJob(JobType::Stop, *mount, JobMode::Replace))
            answer(unit, run.expirations, false);
        return;
    }
    m_core->say(
        &unit, messages::about(
                   unit, kInfo,
                   QStringLiteral("Got automount request for %1, triggered by %2 (%3)")
                       .arg(unit.automount.where)
                       .arg(request.pid)
                       .arg(m_driver->processName(request.pid))));
    run.comers.append(request.token);
    enterRunning(unit);
}

void AutomountMachine::enterRunning(Unit &unit)
{
    AutomountRuntime &run = unit.automounting;
    if (m_core->hasStopJob(unit))
        return answer(unit, run.comers, false);
    const Unit *mount = triggeredOf(unit);
    if (mount && mount->mounting.point) { // it came between the question and now
        answer(unit, run.comers, true);
    } else if (!startTriggeredUnit(*m_core, unit)) {
        return enterDead(unit, ServiceResult::Resources);
    }
    setState(unit, State::Running);
}

void AutomountMachine::broken(Unit &unit)
{
    if (isInactiveOrFailed(unit.active))
        return;
    m_core->say(
        &unit, messages::about(
                   unit, kError,
                   QStringLiteral("Got hangup/error on autofs pipe from kernel. Likely our "
                                  "automount point has been unmounted by someone or something "
                                  "else?")));
    enterDead(unit, ServiceResult::Unmounted);
}

void AutomountMachine::triggeredChanged(Unit &unit, Unit &other)
{
    AutomountRuntime &run = unit.automounting;
    const bool isArmed = run.state == State::Waiting || run.state == State::Running;
    if (other.load != LoadState::Loaded || other.type != UnitType::Mount || !isArmed)
        return;
    if (other.startLimit.hit && isInactiveOrFailed(other.active))
        return enterDead(unit, ServiceResult::MountStartLimitHit);
    if (other.job != 0)
        return;
    const MountState state = other.mounting.state;
    if (state == MountState::Mounted || state == MountState::Remounting) {
        answer(unit, run.comers, true);
        if (run.state != State::Running)
            setState(unit, State::Running);
    }
    if (state != MountState::Unmounting) // that is still to be seen
        answer(unit, run.expirations, state == MountState::Dead);
    if (isUnhappy(state)) {
        answer(unit, run.comers, false);
        if (run.state != State::Waiting)
            setState(unit, State::Waiting);
    }
}

} // namespace qd::units
