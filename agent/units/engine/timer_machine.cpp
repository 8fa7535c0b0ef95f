// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/timer_machine.h"

#include "agent/units/engine/messages.h"
#include "agent/units/engine/triggering.h"

#include <QCryptographicHash>
#include <QtEndian>
#include <algorithm>

namespace qd::units {

namespace {

constexpr quint64 kMinuteUs = 60 * unitfile::kSecond;

/// Values whose base is a single moment of the timer's or the machine's life.
bool comesOnce(TimerBase base)
{
    return base == TimerBase::Active || base == TimerBase::Boot || base == TimerBase::Startup;
}

bool followsUnit(TimerBase base)
{
    return base == TimerBase::UnitActive || base == TimerBase::UnitInactive;
}

ActiveState activeStateOf(TimerState state)
{
    switch (state) {
    case TimerState::Dead:
        return ActiveState::Inactive;
    case TimerState::Failed:
        return ActiveState::Failed;
    default:
        return ActiveState::Active;
    }
}

/// The same number for the same text, in whichever process.
quint64 numberOf(const QString &text)
{
    const QByteArray hash = QCryptographicHash::hash(text.toUtf8(), QCryptographicHash::Sha256);
    return qFromLittleEndian<quint64>(hash.constData());
}

/// `us` after `base`; infinity stays infinity.
quint64 after(quint64 base, quint64 us)
{
    return us >= unitfile::kInfinity - base ? unitfile::kInfinity : base + us;
}

} // namespace

quint64 coalesced(quint64 us, quint64 accuracyUs, quint64 offsetUs)
{
    const quint64 latest = after(us, accuracyUs);
    if (us == unitfile::kInfinity || accuracyUs <= 1)
        return us;
    for (const quint64 step :
         {kMinuteUs, 10 * unitfile::kSecond, unitfile::kSecond, unitfile::kSecond / 4}) {
        quint64 at = latest / step * step + offsetUs % step;
        if (at >= latest) {
            if (at < step)
                return latest;
            at -= step;
        }
        if (at >= us)
            return at;
    }
    return latest;
}

TimerMachine::TimerMachine(Parts parts, const Node &node)
    : ResultMachine(parts.core)
    , m_parts(parts)
    , m_node(node)
    , m_offsetUs(numberOf(node.id) % kMinuteUs)
{
}

StartAnswer TimerMachine::start(Unit &unit)
{
    if (!triggeredIsLoaded(*m_parts.core, unit, unit.timer.unit))
        return StartAnswer::Failed;
    unit.invocationId = m_parts.core->freshId();
    unit.timing.lastTrigger = {};
    unit.result = Outcome::Success;
    for (TimerValue &value : unit.timer.values) {
        if (value.base == TimerBase::Active)
            value.spent = false;
    }
    recallStamp(unit);
    enterWaiting(unit, false);
    return StartAnswer::Begun;
}

/// With Persistent=, what was missed counts from the last time that is known; the first start ever
/// is such a time.
void TimerMachine::recallStamp(Unit &unit)
{
    if (!unit.timer.persistent)
        return;
    const quint64 now = quint64(m_parts.clock->wallUs());
    const auto stamp = m_parts.driver->timerStamp(unit.id);
    if (!stamp) {
        m_parts.driver->setTimerStamp(unit.id, now);
        return;
    }
    // One that lies in the future was written before the clock was set.
    if (*stamp < now)
        unit.timing.lastTrigger.realtimeUs = *stamp;
}

std::optional<quint64> TimerMachine::baseOf(const Unit &unit, TimerBase base) const
{
    const Unit *triggered = triggeredOf(unit);
    const quint64 now = m_parts.core->now().monotonicUs;
    const auto orNothing = [](quint64 us) { return us > 0 ? std::optional(us) : std::nullopt; };
    const quint64 last = unit.timing.lastTrigger.monotonicUs;
    switch (base) {
    case TimerBase::Active:
        return isActiveOrReloading(unit.active) ? unit.inactiveExit.monotonicUs : now;
    case TimerBase::Boot:
        return m_node.bootUs;
    case TimerBase::Startup:
        return m_node.startUs;
    case TimerBase::UnitActive:
        return orNothing(std::max(triggered ? triggered->inactiveExit.monotonicUs : 0, last));
    case TimerBase::UnitInactive:
        return orNothing(std::max(triggered ? triggered->inactiveEnter.monotonicUs : 0, last));
    case TimerBase::Calendar:
        break;
    }
    return std::nullopt;
}

std::optional<quint64> TimerMachine::nextOfCalendar(const Unit &unit, const TimerValue &value) const
{
    quint64 from = quint64(m_parts.clock->wallUs());
    if (unit.timing.lastTrigger.realtimeUs > 0)
        from = unit.timing.lastTrigger.realtimeUs;
    else if (unit.inactiveExit.isSet() && isActiveOrReloading(unit.active))
        from = unit.inactiveExit.realtimeUs;
    const auto next =
        unitfile::nextElapse(value.calendar, qint64(from), QTimeZone::systemTimeZone());
    return next ? std::optional(quint64(*next)) : std::nullopt;
}

std::optional<quint64> TimerMachine::nextOf(Unit &unit, TimerValue &value, bool clockChanged) const
{
    if (value.base == TimerBase::Calendar)
        return nextOfCalendar(unit, value);
    const auto base = baseOf(unit, value.base);
    if (!base)
        return std::nullopt;
    const quint64 next = after(*base, value.us);
    const bool isPast = next <= m_parts.core->now().monotonicUs;
    if (isPast && unit.timing.lastTrigger.isSet() && !clockChanged && comesOnce(value.base)) {
        value.spent = true;
        return std::nullopt;
    }
    return next;
}

void TimerMachine::enterWaiting(Unit &unit, bool clockChanged)
{
    TimerRuntime &timing = unit.timing;
    timing.nextMonotonicUs = timing.nextRealtimeUs = unitfile::kInfinity;
    bool staysAround = false; // something may make it due again
    for (TimerValue &value : unit.timer.values) {
        staysAround = staysAround || followsUnit(value.base);
        const auto next = value.spent ? std::nullopt : nextOf(unit, value, clockChanged);
        value.nextUs = next.value_or(0);
        quint64 &earliest =
            value.base == TimerBase::Calendar ? timing.nextRealtimeUs : timing.nextMonotonicUs;
        earliest = std::min(earliest, next.value_or(unitfile::kInfinity));
    }
    const bool isDue = timing.nextMonotonicUs != unitfile::kInfinity ||
                       timing.nextRealtimeUs != unitfile::kInfinity;
    if (isDue || unit.timer.onClockChange || unit.timer.onTimezoneChange) {
        timing.nextMonotonicUs = delayed(unit, timing.nextMonotonicUs);
        timing.nextRealtimeUs = delayed(unit, timing.nextRealtimeUs);
        arm(unit);
        return setState(unit, State::Waiting);
    }
    if (unit.timer.remainAfterElapse || staysAround)
        return setState(unit, State::Elapsed);
    enterDead(unit, Outcome::Success);
}

quint64 TimerMachine::delayed(const Unit &unit, quint64 us)
{
    const quint64 most = unit.timer.randomizedDelayUs;
    if (most == 0 || us == unitfile::kInfinity)
        return us;
    // A fixed delay is the same for this timer on this node each time.
    const quint64 number =
        unit.timer.fixedRandomDelay ? numberOf(m_node.id + u'/' + unit.id) : m_parts.random->next();
    return after(us, number % most);
}

/// One wake-up for whichever clock is due first. When the wall clock is set it is armed anew.
void TimerMachine::arm(Unit &unit)
{
    const Moment now = m_parts.core->now();
    const quint64 next = unit.timing.nextRealtimeUs;
    const quint64 left = next > now.realtimeUs ? next - now.realtimeUs : 0;
    const quint64 realtime = next == unitfile::kInfinity ? next : after(now.monotonicUs, left);
    quint64 earliest = unitfile::kInfinity;
    for (const quint64 due : {unit.timing.nextMonotonicUs, realtime}) {
        // What is due already waits for nobody.
        const quint64 wake =
            due <= now.monotonicUs ? due : coalesced(due, unit.timer.accuracyUs, m_offsetUs);
        earliest = std::min(earliest, wake);
    }
    if (earliest == unitfile::kInfinity)
        return m_parts.driver->cancelTimer(unit.id);
    m_parts.driver->armTimer(unit.id, qint64((earliest + 999) / 1000));
}

void TimerMachine::enterRunning(Unit &unit)
{
    if (m_parts.core->hasStopJob(unit))
        return;
    if (!startTriggeredUnit(*m_parts.core, unit))
        return enterDead(unit, Outcome::Resources);
    unit.timing.lastTrigger = m_parts.core->now();
    if (unit.timer.persistent)
        m_parts.driver->setTimerStamp(unit.id, unit.timing.lastTrigger.realtimeUs);
    setState(unit, State::Running);
}

void TimerMachine::rest(Unit &unit, bool failed)
{
    setState(unit, failed ? State::Failed : State::Dead);
}

void TimerMachine::setState(Unit &unit, State state)
{
    const ActiveState before = unit.active;
    if (state != State::Waiting) {
        m_parts.driver->cancelTimer(unit.id);
        unit.timing.nextMonotonicUs = unit.timing.nextRealtimeUs = unitfile::kInfinity;
    }
    unit.timing.state = state;
    unit.active = activeStateOf(state);
    unit.sub = toText(state);
    m_parts.core->stateChanged(unit, before, {});
}

void TimerMachine::timerFired(Unit &unit)
{
    if (unit.timing.state == State::Waiting)
        enterRunning(unit);
}

void TimerMachine::triggeredChanged(Unit &unit, Unit &other)
{
    if (other.load != LoadState::Loaded)
        return;
    for (TimerValue &value : unit.timer.values) {
        if (followsUnit(value.base))
            value.spent = false;
    }
    switch (unit.timing.state) {
    case State::Waiting:
    case State::Elapsed:
        return enterWaiting(unit, false);
    case State::Running:
        if (isInactiveOrFailed(other.active))
            enterWaiting(unit, false);
        return;
    case State::Dead:
    case State::Failed:
        return;
    }
}

void TimerMachine::reloaded(Unit &unit)
{
    if (unit.timing.state == State::Waiting || unit.timing.state == State::Elapsed)
        enterWaiting(unit, false);
}

void TimerMachine::clockChanged(Unit &unit)
{
    if (unit.timing.state != State::Waiting)
        return;
    // A clock that was set back makes the last time one of the future: it counts as now.
    quint64 &last = unit.timing.lastTrigger.realtimeUs;
    last = std::min(last, quint64(m_parts.clock->wallUs()));
    if (unit.timer.onClockChange)
        return enterRunning(unit);
    enterWaiting(unit, true);
}

} // namespace qd::units
