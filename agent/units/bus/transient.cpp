// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/transient.h"

#include "agent/units/bus/errors.h"
#include "agent/units/bus/transient_options.h"
#include "shared/unitfile/unit_name.h"

namespace qd::units::bus {

namespace {

bool mayBeTransient(const QString &unit)
{
    static const QStringList types{QStringLiteral("service"), QStringLiteral("scope"),
                                   QStringLiteral("timer"),   QStringLiteral("path"),
                                   QStringLiteral("socket"),  QStringLiteral("mount"),
                                   QStringLiteral("slice")};
    return types.contains(unitfile::nameType(unit));
}

/// A descriptor of the caller's for a standard stream of the service.
bool takeStream(TransientUnit &unit, const Setting &setting)
{
    static const QMap<QString, int> streams{
        {QStringLiteral("StandardInputFileDescriptor"), 0},
        {QStringLiteral("StandardOutputFileDescriptor"), 1},
        {QStringLiteral("StandardErrorFileDescriptor"), 2}};
    const auto stream = streams.constFind(setting.name);
    if (stream == streams.constEnd())
        return false;
    const auto file = setting.value.value<QDBusUnixFileDescriptor>();
    if (file.isValid())
        unit.streams.insert(*stream, file);
    return file.isValid();
}

/// What is said about the unit's making and not in its file.
bool takeAside(TransientUnit &unit, const Setting &setting)
{
    const bool isScope = unitfile::nameType(unit.name) == u"scope";
    if (setting.name == u"PIDs" && isScope) {
        for (const quint32 pid : qdbus_cast<QList<quint32>>(setting.value))
            unit.pids.append(qint32(pid));
        return true;
    }
    if (setting.name == u"AddRef") {
        unit.isHeld = setting.value.toBool();
        return true;
    }
    return (setting.name == u"Controller" && isScope) || takeStream(unit, setting);
}

} // namespace

Result<TransientUnit> readTransientUnit(const QString &unit, const QList<Setting> &properties)
{
    if (!unitfile::isValidName(unit) || unitfile::nameKind(unit) == unitfile::NameKind::Template)
        return fail(error::invalidArgs, QStringLiteral("Invalid unit name or type."));
    if (!mayBeTransient(unit))
        return fail(
            error::invalidArgs, QStringLiteral("Unit type %1 does not support transient units.")
                                    .arg(unitfile::nameType(unit)));
    TransientUnit out;
    out.name = unit;
    QList<unitfile::Option> options;
    for (const Setting &setting : properties) {
        if (takeAside(out, setting))
            continue;
        const auto read = optionsOf(unit, setting, properties);
        if (!read)
            return fail(read.error());
        options += *read;
    }
    out.text = textOf(options);
    return out;
}

Result<QList<TransientUnit>> readAuxiliaries(const QVariant &argument)
{
    QList<TransientUnit> out;
    const auto in = argument.value<QDBusArgument>();
    std::optional<Error> wrong;
    in.beginArray();
    while (!in.atEnd()) {
        QString name;
        QList<Setting> properties;
        in.beginStructure();
        in >> name >> properties;
        in.endStructure();
        const auto unit = readTransientUnit(name, properties);
        if (unit)
            out.append(*unit);
        else if (!wrong)
            wrong = unit.error();
    }
    in.endArray();
    if (wrong)
        return fail(*wrong);
    return out;
}

} // namespace qd::units::bus
