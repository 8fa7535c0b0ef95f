// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/unit_progress.h"

#include <algorithm>

namespace qd::cli {
namespace {

using Target = Unit::Target;

bool isOneOf(const QString &word, std::initializer_list<const char *> words)
{
    return std::any_of(words.begin(), words.end(), [&word](const char *each) {
        return word == QLatin1String(each);
    });
}

bool runs(const Unit &unit)
{
    return !isOneOf(unit.activeState, {"", "inactive", "failed"});
}

/// A started unit is under way until its engine says how it went: a oneshot ends as inactive. A
/// state may be older than the wish; it counts when there was a run, or nothing to be done.
Progress started(const Earlier &before, const Unit &now)
{
    if (now.global && now.desired == Target::Launched)
        return Progress::Done; // each node starts its own
    if (!now.loadState.isEmpty() && now.loadState != QLatin1String("loaded"))
        return Progress::Failed;
    const bool wasWanted = before.unit.desired == Target::Launched;
    const bool isOver = wasWanted || isNewOutcome(before.unit, now);
    if (isOver && !now.startError.isEmpty())
        return now.startResult == QLatin1String("skipped") ? Progress::Done : Progress::Failed;
    if (now.current != Target::Launched)
        return Progress::Pending;
    if (now.activeState == QLatin1String("active"))
        return Progress::Done;
    const bool asItWas = wasWanted && before.unit.current == Target::Launched;
    if (!before.ran && !asItWas && !isNewRun(before.unit, now) && !isNewOutcome(before.unit, now))
        return Progress::Pending;
    if (now.activeState == QLatin1String("failed"))
        return Progress::Failed;
    return now.activeState == QLatin1String("inactive") ? Progress::Done : Progress::Pending;
}

} // namespace

QString unitName(const QString &word)
{
    const QString type = word.section(QLatin1Char('.'), -1);
    const bool full = word.contains(QLatin1Char('.')) &&
                      isOneOf(
                          type, {"service", "socket", "target", "timer", "mount", "automount",
                                 "path", "swap", "slice", "scope", "device"});
    return full ? word : word + QStringLiteral(".service");
}

QStringList unitNames(const QStringList &words)
{
    QStringList out;
    for (const QString &word : words)
        out.append(unitName(word));
    return out;
}

bool isNewRun(const Unit &before, const Unit &now)
{
    return !now.invocationId.isEmpty() && now.invocationId != before.invocationId;
}

bool isNewOutcome(const Unit &before, const Unit &now)
{
    return now.startEnded.isValid() && now.startEnded != before.startEnded;
}

Progress progressOf(const QString &verb, const Earlier &before, const Unit &now)
{
    const auto when = [](bool done) { return done ? Progress::Done : Progress::Pending; };
    if (verb == QLatin1String("start"))
        return started(before, now);
    if (verb == QLatin1String("load"))
        return when(now.global || now.current != Target::Inactive);
    if (verb == QLatin1String("stop"))
        return when(now.global || (now.current != Target::Launched && !runs(now)));
    return when(now.global || now.current == Target::Inactive);
}

QString machineOf(const Unit &unit)
{
    return unit.machineName.isEmpty() ? unit.machineId.left(8) : unit.machineName;
}

Tone toneOf(const Unit &unit)
{
    if (unit.activeState == QLatin1String("active"))
        return Tone::Good;
    if (unit.activeState == QLatin1String("failed"))
        return Tone::Bad;
    return unit.activeState.endsWith(QLatin1String("ing")) ? Tone::Warning : Tone::Plain;
}

QString sentenceOf(const Unit &unit)
{
    const QString where = machineOf(unit);
    if (unit.global)
        return QStringLiteral("%1 is global: it is %2 on every node that fits")
            .arg(
                unit.name, unit.desired == Target::Launched ? QStringLiteral("started")
                           : unit.desired == Target::Loaded ? QStringLiteral("loaded")
                                                            : QStringLiteral("inactive"));
    if (where.isEmpty())
        return unit.reason.isEmpty() || unit.desired == Target::Inactive
                   ? QStringLiteral("%1 is not on any node").arg(unit.name)
                   : QStringLiteral("%1 is not on any node: %2").arg(unit.name, unit.reason);
    if (!unit.startError.isEmpty() && !runs(unit))
        return QStringLiteral("%1 was not started on %2: %3")
            .arg(unit.name, where, unit.startError);
    const bool rests = unit.activeState == QLatin1String("inactive");
    if (rests && unit.current == Target::Launched && !unit.invocationId.isEmpty())
        return QStringLiteral("%1 has come to its end on %2").arg(unit.name, where);
    const QString state = unit.activeState.isEmpty() ? QStringLiteral("scheduled")
                          : rests                    ? QStringLiteral("loaded, not running,")
                                                     : unit.activeState;
    return QStringLiteral("%1 is %2 on %3").arg(unit.name, state, where);
}

} // namespace qd::cli
