// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/properties.h"
#include "agent/units/bus/wire_types.h"

#include <QMetaType>

namespace qd::units::bus {

namespace {

QVariant us(quint64 value)
{
    return QVariant::fromValue<qulonglong>(value);
}

/// "OnActiveUSec" of OnActiveSec=.
QString nameOf(TimerBase base)
{
    return toText(base).replace(QStringLiteral("Sec"), QStringLiteral("USec"));
}

QVariantMap livingProperties(const Unit &unit)
{
    const TimerRuntime &timing = unit.timing;
    QVariantMap out;
    out[QStringLiteral("NextElapseUSecRealtime")] = us(timing.nextRealtimeUs);
    out[QStringLiteral("NextElapseUSecMonotonic")] = us(timing.nextMonotonicUs);
    out[QStringLiteral("LastTriggerUSec")] = us(timing.lastTrigger.realtimeUs);
    out[QStringLiteral("LastTriggerUSecMonotonic")] = us(timing.lastTrigger.monotonicUs);
    out[QStringLiteral("Result")] = toText(unit.result);
    return out;
}

} // namespace

QVariantMap timerProperties(const Unit &unit)
{
    const TimerSettings &timer = unit.timer;
    QVariantMap out = livingProperties(unit);
    out[QStringLiteral("Unit")] = timer.unit;
    QList<CalendarRow> calendars;
    QList<MonotonicRow> spans;
    for (const TimerValue &value : timer.values) {
        if (value.base == TimerBase::Calendar)
            calendars.append(
                {toText(value.base), unitfile::toText(value.calendar), qulonglong(value.nextUs)});
        else
            spans.append({nameOf(value.base), qulonglong(value.us), qulonglong(value.nextUs)});
    }
    out[QStringLiteral("TimersCalendar")] = QVariant::fromValue(calendars);
    out[QStringLiteral("TimersMonotonic")] = QVariant::fromValue(spans);
    out[QStringLiteral("AccuracyUSec")] = us(timer.accuracyUs);
    out[QStringLiteral("RandomizedDelayUSec")] = us(timer.randomizedDelayUs);
    out[QStringLiteral("FixedRandomDelay")] = timer.fixedRandomDelay;
    out[QStringLiteral("OnClockChange")] = timer.onClockChange;
    out[QStringLiteral("OnTimezoneChange")] = timer.onTimezoneChange;
    out[QStringLiteral("Persistent")] = timer.persistent;
    out[QStringLiteral("RemainAfterElapse")] = timer.remainAfterElapse;
    out[QStringLiteral("WakeSystem")] = timer.wakeSystem;
    return out;
}

ChangedProperties changedTimerProperties(const Unit &unit)
{
    return {
        livingProperties(unit),
        {QStringLiteral("TimersCalendar"), QStringLiteral("TimersMonotonic")}};
}

} // namespace qd::units::bus
