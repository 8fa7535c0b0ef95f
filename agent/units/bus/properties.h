// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/context.h"

#include <QVariantMap>

/// The properties of the objects, with systemd's types to the letter (systemd1-dbus.md 4 and
/// appendix A): a client refuses a whole answer for one wrong type. What the engine does not have
/// is left out or has systemd's default.
namespace qd::units::bus {

QVariantMap managerProperties(const Context &context);
QVariantMap unitProperties(Context &context, const Unit &unit);
/// Of the interface that the unit's type adds.
QVariantMap typeProperties(const Unit &unit);
QVariantMap jobProperties(const Context &context, quint32 id);

/// The part of a unit's properties that PropertiesChanged carries, and the names that it declares
/// outdated.
struct ChangedProperties {
    QVariantMap values;
    QStringList invalidated;
};
ChangedProperties changedUnitProperties(Context &context, const Unit &unit);
ChangedProperties changedTypeProperties(const Unit &unit);

/// "info"
QString logLevel(const Context &context);
/// Error: a D-Bus name.
Result<void> setManagerProperty(Context &context, const QString &property, const QVariant &value);

QVariantMap serviceProperties(const Unit &unit);
QVariantMap pathProperties(const Unit &unit);
ChangedProperties changedPathProperties(const Unit &unit);
QVariantMap timerProperties(const Unit &unit);
ChangedProperties changedTimerProperties(const Unit &unit);

QVariantMap mountProperties(const Unit &unit);
ChangedProperties changedMountProperties(const Unit &unit);
QVariantMap automountProperties(const Unit &unit);
ChangedProperties changedAutomountProperties(const Unit &unit);
QVariantMap swapProperties(const Unit &unit);
ChangedProperties changedSwapProperties(const Unit &unit);
QVariantMap scopeProperties(const Unit &unit);
ChangedProperties changedScopeProperties(const Unit &unit);
QVariantMap socketProperties(const Unit &unit);
ChangedProperties changedSocketProperties(const Unit &unit);

// Blocks that several types have, parts of typeProperties.
/// Execution settings.
void addExecProperties(QVariantMap &out, const Unit &unit);
void addSandboxProperties(QVariantMap &out, const ExecSettings &exec);
/// Those, and the next.
void addProcessProperties(QVariantMap &out, const Unit &unit);
/// How its processes are ended, and its control group.
void addGroupProperties(QVariantMap &out, const Unit &unit);
/// The commands of a unit that is no service, by name.
void addCommandProperties(QVariantMap &out, const Unit &unit, const QStringList &names);

} // namespace qd::units::bus
