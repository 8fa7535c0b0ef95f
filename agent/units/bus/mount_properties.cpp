// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/properties.h"

#include <QMetaType>

namespace qd::units::bus {

namespace {

/// What is mounted counts before what is to be.
QVariantMap livingProperties(const Unit &unit)
{
    const auto &point = unit.mounting.point;
    QVariantMap out;
    out[QStringLiteral("What")] = point ? point->what : unit.mount.what;
    out[QStringLiteral("Options")] = point ? point->options : unit.mount.options;
    out[QStringLiteral("Type")] = point ? point->type : unit.mount.type;
    out[QStringLiteral("ControlPID")] = quint32(unit.command.pid);
    out[QStringLiteral("Result")] = toText(unit.result);
    out[QStringLiteral("UID")] = ~0U;
    out[QStringLiteral("GID")] = ~0U;
    return out;
}

QStringList commandNames()
{
    return {
        QStringLiteral("ExecMount"), QStringLiteral("ExecUnmount"), QStringLiteral("ExecRemount")};
}

} // namespace

QVariantMap mountProperties(const Unit &unit)
{
    const MountSettings &mount = unit.mount;
    QVariantMap out = livingProperties(unit);
    out[QStringLiteral("Where")] = mount.where;
    out[QStringLiteral("TimeoutUSec")] = QVariant::fromValue<qulonglong>(mount.timeoutUs);
    out[QStringLiteral("DirectoryMode")] = quint32(mount.directoryMode);
    out[QStringLiteral("SloppyOptions")] = mount.sloppyOptions;
    out[QStringLiteral("LazyUnmount")] = mount.lazyUnmount;
    out[QStringLiteral("ForceUnmount")] = mount.forceUnmount;
    out[QStringLiteral("ReadWriteOnly")] = mount.readWriteOnly;
    addCommandProperties(out, unit, commandNames());
    addProcessProperties(out, unit);
    return out;
}

ChangedProperties changedMountProperties(const Unit &unit)
{
    return {livingProperties(unit), commandNames()};
}

} // namespace qd::units::bus
