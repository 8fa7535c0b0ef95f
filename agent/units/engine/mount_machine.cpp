// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/mount_machine.h"

#include "agent/units/engine/canonical_place.h"
#include "agent/units/engine/mount_setters.h"

namespace qd::units {

namespace {

constexpr int kWarning = 4;
constexpr int kMostRetries = 32; ///< of unmounting what is mounted several times over
const QString kMount = QStringLiteral("ExecMount");
const QString kUnmount = QStringLiteral("ExecUnmount");
const QString kRemount = QStringLiteral("ExecRemount");

ActiveState activeStateOf(MountState state)
{
    switch (state) {
    case MountState::Dead:
        return ActiveState::Inactive;
    case MountState::Mounting:
        return ActiveState::Activating;
    case MountState::MountingDone:
    case MountState::Mounted:
        return ActiveState::Active;
    case MountState::Remounting:
    case MountState::RemountingSigterm:
    case MountState::RemountingSigkill:
        return ActiveState::Reloading;
    case MountState::Failed:
        return ActiveState::Failed;
    default:
        return ActiveState::Deactivating;
    }
}

bool isRemounting(MountState state)
{
    return activeStateOf(state) == ActiveState::Reloading;
}

/// Whether a command runs in this state.
bool isUnderWay(MountState state)
{
    return state != MountState::Dead && state != MountState::Mounted && state != MountState::Failed;
}

/// What both calls of /bin/mount have in common, but for -o.
QStringList flagsOf(const MountSettings &mount)
{
    QStringList out;
    if (mount.sloppyOptions)
        out.append(QStringLiteral("-s"));
    if (mount.readWriteOnly)
        out.append(QStringLiteral("-w"));
    if (!mount.type.isEmpty() && mount.type != u"auto")
        out += {QStringLiteral("-t"), mount.type};
    return out;
}

QStringList mountCommand(const MountSettings &mount)
{
    QStringList out{QStringLiteral("/bin/mount"), mount.what, mount.where};
    out += flagsOf(mount);
    if (!mount.options.isEmpty())
        out += {QStringLiteral("-o"), mount.options};
    return out;
}

QStringList remountCommand(const MountSettings &mount)
{
    const QString remount = QStringLiteral("remount");
    return QStringList{
               QStringLiteral("/bin/mount"), mount.what, mount.where, QStringLiteral("-o"),
               mount.options.isEmpty() ? remount : remount + u',' + mount.options} +
           flagsOf(mount);
}

} // namespace

StartAnswer MountMachine::start(Unit &unit)
{
    const State state = unit.mounting.state;
    if (activeStateOf(state) == ActiveState::Deactivating)
        return StartAnswer::NotNow;
    if (state == State::Mounting)
        return StartAnswer::UnderWay;
    unit.invocationId = m_core->freshId();
    unit.result = Outcome::Success;
    unit.mounting.reloadResult = Outcome::Success;
    unit.commands.clear();
    enterMounting(unit);
    return StartAnswer::Begun;
}

StartAnswer MountMachine::stop(Unit &unit)
{
    switch (unit.mounting.state) {
    case State::Mounting:
    case State::MountingDone:
    case State::Remounting: // what runs is ended first
        enterSignal(unit, State::UnmountingSigterm, Outcome::Success);
        return StartAnswer::UnderWay;
    case State::RemountingSigterm:
        setState(unit, State::UnmountingSigterm);
        return StartAnswer::UnderWay;
    case State::RemountingSigkill:
        setState(unit, State::UnmountingSigkill);
        return StartAnswer::UnderWay;
    case State::Mounted:
        unit.mounting.retries = 0;
        enterUnmounting(unit);
        return StartAnswer::Begun;
    default:
        return StartAnswer::UnderWay;
    }
}

StartAnswer MountMachine::reload(Unit &unit)
{
    enterRemounting(unit);
    return StartAnswer::Begun;
}

bool MountMachine::runs(
    Unit &unit, const QString &step, const QString &task, const QStringList &argv)
{
    if (!runOwn(unit, step, task, argv))
        return false;
    arm(unit, unit.mount.timeoutUs);
    return true;
}

void MountMachine::enterMounting(Unit &unit)
{
    const MountSettings &mount = unit.mount;
    if (!isCanonicalPlace(*m_parts.driver, mount.where)) {
        say(unit, 3,
            QStringLiteral("Mount path %1 is not canonical (contains a symlink).")
                .arg(mount.where));
        return enterDeadOrMounted(unit, Outcome::Resources);
    }
    m_parts.driver->makeFolder(mount.where, mount.directoryMode);
    if (isBind(mount))
        m_parts.driver->makeFolder(mount.what, mount.directoryMode);
    if (runs(unit, kMount, QStringLiteral("mount"), mountCommand(mount)))
        setState(unit, State::Mounting);
    else
        enterDeadOrMounted(unit, Outcome::Resources);
}

void MountMachine::enterUnmounting(Unit &unit)
{
    QStringList argv{QStringLiteral("/bin/umount"), unit.mount.where, QStringLiteral("-c")};
    if (unit.mount.lazyUnmount)
        argv.append(QStringLiteral("-l"));
    if (unit.mount.forceUnmount)
        argv.append(QStringLiteral("-f"));
    if (runs(unit, kUnmount, QStringLiteral("umount"), argv))
        setState(unit, State::Unmounting);
    else
        enterDeadOrMounted(unit, Outcome::Resources);
}

void MountMachine::enterRemounting(Unit &unit)
{
    unit.mounting.reloadResult = Outcome::Success;
    if (runs(unit, kRemount, QStringLiteral("remount"), remountCommand(unit.mount)))
        return setState(unit, State::Remounting);
    unit.mounting.reloadResult = Outcome::Resources;
    enterDeadOrMounted(unit, Outcome::Success);
}

void MountMachine::enterMounted(Unit &unit, Outcome outcome)
{
    remember(unit, outcome);
    setState(unit, State::Mounted);
}

void MountMachine::enterDeadOrMounted(Unit &unit, Outcome outcome)
{
    if (unit.mounting.point)
        enterMounted(unit, outcome);
    else
        enterDead(unit, outcome);
}

void MountMachine::enterSignal(Unit &unit, State state, Outcome outcome)
{
    remember(unit, outcome);
    const bool kills = state == State::UnmountingSigkill || state == State::RemountingSigkill;
    if (signalCommand(
            unit, kills ? UnitProcesses::Signal::Kill : UnitProcesses::Signal::Terminate)) {
        arm(unit, unit.mount.timeoutUs);
        return setState(unit, state);
    }
    if (state == State::RemountingSigterm && unit.kill.sendSigkill)
        enterSignal(unit, State::RemountingSigkill, Outcome::Success);
    else if (state == State::RemountingSigterm || state == State::RemountingSigkill)
        enterMounted(unit, Outcome::Success);
    else if (state == State::UnmountingSigterm && unit.kill.sendSigkill)
        enterSignal(unit, State::UnmountingSigkill, Outcome::Success);
    else
        enterDeadOrMounted(unit, Outcome::Success);
}

void MountMachine::rest(Unit &unit, bool failed)
{
    setState(unit, failed ? State::Failed : State::Dead);
}

void MountMachine::setState(Unit &unit, State state)
{
    const ActiveState before = unit.active;
    if (!isUnderWay(state))
        endCommand(unit);
    unit.mounting.state = state;
    unit.active = activeStateOf(state);
    unit.sub = toText(state);
    StateFlags flags;
    flags.reloadFailed = unit.mounting.reloadResult != Outcome::Success;
    m_core->stateChanged(unit, before, flags);
}

/// Before the end of a command counts: the kernel's table has what it did.
void MountMachine::look(Unit &unit)
{
    seen(unit, m_parts.driver->mountAt(unit.mount.where));
}

void MountMachine::commandEnded(Unit &unit, Outcome outcome)
{
    look(unit);
    if (isRemounting(unit.mounting.state))
        unit.mounting.reloadResult = outcome;
    else
        remember(unit, outcome);
}

void MountMachine::stepEnded(Unit &unit, Outcome outcome)
{
    switch (unit.mounting.state) {
    case State::Mounting:
        if (outcome == Outcome::Success) {
            say(unit, 3, QStringLiteral("Mount process finished, but there is no mount."));
            outcome = Outcome::Protocol;
        }
        return enterDead(unit, outcome);
    case State::MountingDone:
        return enterMounted(unit, outcome);
    case State::Remounting:
    case State::RemountingSigterm:
    case State::RemountingSigkill:
        return enterDeadOrMounted(unit, Outcome::Success);
    case State::Unmounting:
        return unmountEnded(unit, outcome);
    case State::UnmountingSigterm:
    case State::UnmountingSigkill:
        return enterDeadOrMounted(unit, outcome);
    default:
        return;
    }
}

void MountMachine::unmountEnded(Unit &unit, Outcome outcome)
{
    MountRuntime &mounting = unit.mounting;
    if (outcome == Outcome::Success && mounting.point) { // there was another one below it
        if (mounting.retries++ < kMostRetries)
            return enterUnmounting(unit);
        say(unit, kWarning,
            QStringLiteral("Mount still present after %1 attempts to unmount, giving up.")
                .arg(kMostRetries));
        return enterMounted(unit, Outcome::Protocol);
    }
    if (outcome == Outcome::ExitCode && !mounting.point) { // somebody else was faster
        unit.result = Outcome::Success;
        return enterDead(unit, Outcome::Success);
    }
    enterDeadOrMounted(unit, outcome);
}

void MountMachine::timerFired(Unit &unit)
{
    const bool kills = unit.kill.sendSigkill;
    switch (unit.mounting.state) {
    case State::Mounting:
    case State::MountingDone:
        say(unit, kWarning, QStringLiteral("Mounting timed out. Terminating."));
        return enterSignal(unit, State::UnmountingSigterm, Outcome::Timeout);
    case State::Remounting:
        say(unit, kWarning, QStringLiteral("Remounting timed out. Terminating remount process."));
        unit.mounting.reloadResult = Outcome::Timeout;
        return enterSignal(unit, State::RemountingSigterm, Outcome::Success);
    case State::Unmounting:
        say(unit, kWarning, QStringLiteral("Unmounting timed out. Terminating."));
        return enterSignal(unit, State::UnmountingSigterm, Outcome::Timeout);
    case State::RemountingSigterm:
        say(unit, kWarning,
            kills ? QStringLiteral("Remounting timed out. Killing.")
                  : QStringLiteral("Remounting timed out. Skipping SIGKILL. Ignoring."));
        return kills ? enterSignal(unit, State::RemountingSigkill, Outcome::Success)
                     : enterDeadOrMounted(unit, Outcome::Success);
    case State::UnmountingSigterm:
        say(unit, kWarning,
            kills ? QStringLiteral("Mount process timed out. Killing.")
                  : QStringLiteral("Mount process timed out. Skipping SIGKILL. Ignoring."));
        return kills ? enterSignal(unit, State::UnmountingSigkill, Outcome::Timeout)
                     : enterDeadOrMounted(unit, Outcome::Timeout);
    case State::RemountingSigkill:
    case State::UnmountingSigkill:
        say(unit, kWarning, QStringLiteral("Mount process still around after SIGKILL. Ignoring."));
        return enterDeadOrMounted(
            unit, isRemounting(unit.mounting.state) ? Outcome::Success : Outcome::Timeout);
    default:
        return;
    }
}

void MountMachine::seen(Unit &unit, const std::optional<MountPoint> &point)
{
    MountRuntime &mounting = unit.mounting;
    if (mounting.point == point)
        return;
    mounting.point = point;
    m_core->changed(unit);
    if (!point && mounting.state == State::Mounted)
        return enterDead(unit, Outcome::Success); // somebody else has unmounted it
    if (!point && mounting.state == State::MountingDone)
        return setState(unit, State::Mounting);
    if (!point)
        return;
    if (mounting.state == State::Mounting)
        return setState(unit, State::MountingDone);
    if (mounting.state == State::Dead || mounting.state == State::Failed) { // or mounted it
        unit.invocationId = m_core->freshId();
        unit.result = Outcome::Success;
        enterMounted(unit, Outcome::Success);
    }
}

} // namespace qd::units
