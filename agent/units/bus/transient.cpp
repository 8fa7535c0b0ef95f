// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/transient.h"

#include "agent/units/bus/errors.h"
#include "shared/unitfile/unit_name.h"
#include "shared/unitfile/values.h"

#include <QMap>

namespace qd::units::bus {

namespace {

/// A percent sign is not a specifier here; a line break would begin an option of its own, and a
/// backslash at the end would take the next one in.
std::optional<QString> literal(const QString &value)
{
    if (value.contains(u'\n') || value.contains(u'\r') || value.endsWith(u'\\'))
        return std::nullopt;
    return QString(value).replace(u'%', QStringLiteral("%%"));
}

/// The option's value for a property's, or nothing for one that is of another type.
std::optional<QString> valueOf(const QVariant &value)
{
    switch (value.typeId()) {
    case QMetaType::Bool:
        return value.toBool() ? QStringLiteral("yes") : QStringLiteral("no");
    case QMetaType::QString:
        return literal(value.toString());
    case QMetaType::QStringList:
        return literal(value.toStringList().join(u' '));
    case QMetaType::Int:
    case QMetaType::UInt:
    case QMetaType::LongLong:
        return value.toString();
    case QMetaType::ULongLong:
        return value.toULongLong() == ~0ULL ? QStringLiteral("infinity") : value.toString();
    default:
        return std::nullopt;
    }
}

/// Where a property of a scope goes in its file: "Unit/After".
const QMap<QString, QString> &options()
{
    static const QMap<QString, QString> all = [] {
        QMap<QString, QString> out;
        for (const char *name :
             {"Description", "Documentation", "DefaultDependencies", "CollectMode", "After",
              "Before", "Wants", "Requires", "Requisite", "BindsTo", "PartOf", "Conflicts",
              "OnFailure", "OnSuccess", "RequiresMountsFor"})
            out.insert(QLatin1String(name), QStringLiteral("Unit/") + QLatin1String(name));
        for (const char *name :
             {"Slice", "KillMode", "KillSignal", "FinalKillSignal", "SendSIGHUP", "SendSIGKILL"})
            out.insert(QLatin1String(name), QStringLiteral("Scope/") + QLatin1String(name));
        out.insert(QStringLiteral("TimeoutStopUSec"), QStringLiteral("Scope/TimeoutStopSec"));
        out.insert(QStringLiteral("RuntimeMaxUSec"), QStringLiteral("Scope/RuntimeMaxSec"));
        return out;
    }();
    return all;
}

Error cannotSet(const QString &property)
{
    return Error{
        error::propertyReadOnly,
        QStringLiteral("Cannot set property %1, or unknown property.").arg(property),
        {},
        nullptr};
}

} // namespace

Result<TransientUnit> readTransientUnit(const QString &unit, const QList<Setting> &properties)
{
    if (!unitfile::isValidName(unit))
        return fail(error::invalidArgs, QStringLiteral("Invalid unit name or type."));
    if (unitfile::nameType(unit) != u"scope")
        return fail(
            error::notSupported,
            QStringLiteral("This engine makes transient units of type scope alone."));
    TransientUnit out;
    QMap<QString, QByteArray> sections;
    for (const Setting &setting : properties) {
        if (setting.name == u"PIDs") {
            const auto pids = qdbus_cast<QList<quint32>>(setting.value);
            for (const quint32 pid : pids)
                out.pids.append(qint32(pid));
            continue;
        }
        if (setting.name == u"AddRef" || setting.name == u"Controller")
            continue; // who holds it is not told of its end
        const QString option = options().value(setting.name);
        auto value = valueOf(setting.value);
        if (option.isEmpty() || !value)
            return fail(cannotSet(setting.name));
        if (setting.name.endsWith(u"USec") && *value != u"infinity")
            *value += QStringLiteral("us");
        sections[option.section(u'/', 0, 0)] +=
            (option.section(u'/', 1) + u'=' + *value).toUtf8() + '\n';
    }
    out.text = "# This is a transient unit file, created programmatically via the bus API.\n";
    for (auto it = sections.cbegin(); it != sections.cend(); ++it)
        out.text += '[' + it.key().toUtf8() + "]\n" + it.value();
    return out;
}

} // namespace qd::units::bus
