// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/unit_progress.h"

namespace qd::cli {
namespace {

using Target = Unit::Target;

/// A started unit is under way until its engine says how it went: a oneshot ends as inactive.
Progress started(const Unit &unit)
{
    if (unit.activeState == QLatin1String("failed"))
        return Progress::Failed;
    if (unit.global && unit.desired == Target::Launched)
        return Progress::Done; // each node starts its own
    const bool settled = unit.activeState == QLatin1String("active") ||
                         unit.activeState == QLatin1String("inactive");
    return unit.current == Target::Launched && settled ? Progress::Done : Progress::Pending;
}

} // namespace

Progress progressOf(const QString &verb, const Unit &unit)
{
    const auto when = [](bool done) { return done ? Progress::Done : Progress::Pending; };
    if (verb == QLatin1String("start"))
        return started(unit);
    if (verb == QLatin1String("load"))
        return when(unit.global || unit.current != Target::Inactive);
    if (verb == QLatin1String("stop"))
        return when(unit.global || unit.current != Target::Launched);
    return when(unit.global || unit.current == Target::Inactive);
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
    const QString state = unit.activeState.isEmpty() ? QStringLiteral("scheduled")
                          : unit.activeState == QLatin1String("inactive")
                              ? QStringLiteral("loaded, not running,")
                              : unit.activeState;
    return QStringLiteral("%1 is %2 on %3").arg(unit.name, state, where);
}

} // namespace qd::cli
