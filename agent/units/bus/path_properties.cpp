// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/properties.h"
#include "agent/units/bus/wire_types.h"

#include <QMetaType>

namespace qd::units::bus {

QVariantMap pathProperties(const Unit &unit)
{
    const PathSettings &path = unit.path;
    QList<Pair> lines;
    for (const PathLine &line : path.lines)
        lines.append({toText(line.kind), line.path});
    return {
        {QStringLiteral("Unit"), path.unit},
        {QStringLiteral("Paths"), QVariant::fromValue(lines)},
        {QStringLiteral("MakeDirectory"), path.makeDirectory},
        {QStringLiteral("DirectoryMode"), quint32(path.directoryMode)},
        {QStringLiteral("TriggerLimitIntervalUSec"),
         QVariant::fromValue<qulonglong>(path.triggerLimitIntervalUs)},
        {QStringLiteral("TriggerLimitBurst"), quint32(path.triggerLimitBurst)},
        {QStringLiteral("Result"), toText(unit.result)}};
}

ChangedProperties changedPathProperties(const Unit &unit)
{
    return {{{QStringLiteral("Result"), toText(unit.result)}}, {}};
}

} // namespace qd::units::bus
