// SPDX-License-Identifier: GPL-3.0-or-later
// Properties of automounts, swaps and scopes.
#include "agent/units/bus/properties.h"

#include <QMetaType>

namespace qd::units::bus {

namespace {

QVariant us(quint64 value)
{
    return QVariant::fromValue<qulonglong>(value);
}

QStringList swapCommands()
{
    return {QStringLiteral("ExecActivate"), QStringLiteral("ExecDeactivate")};
}

} // namespace

ChangedProperties changedAutomountProperties(const Unit &unit)
{
    return {{{QStringLiteral("Result"), toText(unit.result)}}, {}};
}

QVariantMap automountProperties(const Unit &unit)
{
    const AutomountSettings &automount = unit.automount;
    QVariantMap out = changedAutomountProperties(unit).values;
    out[QStringLiteral("Where")] = automount.where;
    out[QStringLiteral("ExtraOptions")] = automount.extraOptions;
    out[QStringLiteral("DirectoryMode")] = quint32(automount.directoryMode);
    out[QStringLiteral("TimeoutIdleUSec")] = us(automount.timeoutIdleUs);
    return out;
}

ChangedProperties changedSwapProperties(const Unit &unit)
{
    const auto &area = unit.swapping.area;
    QVariantMap out;
    out[QStringLiteral("What")] = unit.swap.what;
    out[QStringLiteral("Options")] = unit.swap.options;
    out[QStringLiteral("Priority")] = area ? area->priority : unit.swap.priority.value_or(-1);
    out[QStringLiteral("ControlPID")] = quint32(unit.command.pid);
    out[QStringLiteral("Result")] = toText(unit.result);
    out[QStringLiteral("UID")] = ~0U;
    out[QStringLiteral("GID")] = ~0U;
    return {out, swapCommands()};
}

QVariantMap swapProperties(const Unit &unit)
{
    QVariantMap out = changedSwapProperties(unit).values;
    out[QStringLiteral("TimeoutUSec")] = us(unit.swap.timeoutUs);
    addCommandProperties(out, unit, swapCommands());
    addProcessProperties(out, unit);
    return out;
}

ChangedProperties changedScopeProperties(const Unit &unit)
{
    return {
        {{QStringLiteral("Controller"), QString()},
         {QStringLiteral("Result"), toText(unit.result)}},
        {}};
}

QVariantMap scopeProperties(const Unit &unit)
{
    QVariantMap out = changedScopeProperties(unit).values;
    out[QStringLiteral("TimeoutStopUSec")] = us(unit.scope.timeoutStopUs);
    out[QStringLiteral("RuntimeMaxUSec")] = us(unit.scope.runtimeMaxUs);
    out[QStringLiteral("RuntimeRandomizedExtraUSec")] = us(0);
    out[QStringLiteral("OOMPolicy")] = QStringLiteral("continue");
    addGroupProperties(out, unit);
    return out;
}

} // namespace qd::units::bus
