// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/wire_types.h"

#include <QDBusMetaType>
#include <QDBusVariant>
#include <algorithm>

using namespace qd::units::bus;

namespace {

template <class... Fields>
void put(QDBusArgument &out, const Fields &...fields)
{
    out.beginStructure();
    (void)(out << ... << fields);
    out.endStructure();
}

template <class... Fields>
void take(const QDBusArgument &in, Fields &...fields)
{
    in.beginStructure();
    (void)(in >> ... >> fields);
    in.endStructure();
}

} // namespace

// Each type once: its fields in the order of its signature.
#define QD_WIRE_FIELDS(Type, ...)                                                                  \
    QDBusArgument &operator<<(QDBusArgument &out, const Type &v)                                   \
    {                                                                                              \
        put(out, __VA_ARGS__);                                                                     \
        return out;                                                                                \
    }                                                                                              \
    const QDBusArgument &operator>>(const QDBusArgument &in, Type &v)                              \
    {                                                                                              \
        take(in, __VA_ARGS__);                                                                     \
        return in;                                                                                 \
    }

QD_WIRE_FIELDS(
    UnitRow, v.name, v.description, v.load, v.active, v.sub, v.following, v.path, v.job, v.jobType,
    v.jobPath)
QD_WIRE_FIELDS(JobRow, v.id, v.unit, v.type, v.state, v.path, v.unitPath)
QD_WIRE_FIELDS(Pair, v.first, v.second)
QD_WIRE_FIELDS(FileChange, v.type, v.path, v.source)
QD_WIRE_FIELDS(ProcessRow, v.cgroup, v.pid, v.command)
QD_WIRE_FIELDS(JobRef, v.id, v.path)
QD_WIRE_FIELDS(UnitRef, v.name, v.path)
QD_WIRE_FIELDS(ConditionRow, v.type, v.trigger, v.negate, v.parameter, v.state)
QD_WIRE_FIELDS(
    ExecRow, v.path, v.argv, v.ignoreFailure, v.startRealtime, v.startMonotonic, v.stopRealtime,
    v.stopMonotonic, v.pid, v.code, v.status)
QD_WIRE_FIELDS(
    ExecExRow, v.row.path, v.row.argv, v.flags, v.row.startRealtime, v.row.startMonotonic,
    v.row.stopRealtime, v.row.stopMonotonic, v.row.pid, v.row.code, v.row.status)
QD_WIRE_FIELDS(ExitSet, v.statuses, v.signalNumbers)
QD_WIRE_FIELDS(CalendarRow, v.base, v.expression, v.next)
QD_WIRE_FIELDS(MonotonicRow, v.base, v.value, v.next)
QD_WIRE_FIELDS(OptionalPath, v.path, v.optional)
QD_WIRE_FIELDS(PermissionList, v.allows, v.names)
QD_WIRE_FIELDS(BoundPath, v.source, v.target, v.optional, v.flags)
QD_WIRE_FIELDS(QueuedJob, v.id, v.path, v.unit, v.unitPath, v.type)
#undef QD_WIRE_FIELDS

QDBusArgument &operator<<(QDBusArgument &out, const Setting &v)
{
    put(out, v.name, QDBusVariant(v.value));
    return out;
}

const QDBusArgument &operator>>(const QDBusArgument &in, Setting &v)
{
    QDBusVariant value;
    take(in, v.name, value);
    v.value = value.variant();
    return in;
}

namespace {

/// Where a property stands among the others: plain ones first, then those of the main process, then
/// the commands in the order in which they run.
int rankOf(const QString &name)
{
    static const QStringList commands{
        QStringLiteral("ExecCondition"), QStringLiteral("ExecStartPre"),
        QStringLiteral("ExecStart"),     QStringLiteral("ExecStartPost"),
        QStringLiteral("ExecReload"),    QStringLiteral("ExecStop"),
        QStringLiteral("ExecStopPost")};
    if (name.startsWith(QStringLiteral("ExecMain")))
        return 1;
    const bool extended = name.endsWith(QStringLiteral("Ex"));
    const qsizetype at = commands.indexOf(extended ? name.chopped(2) : name);
    return at < 0 ? 0 : int(2 + 2 * at + (extended ? 1 : 0));
}

} // namespace

QDBusArgument &operator<<(QDBusArgument &out, const Properties &v)
{
    QStringList names = v.values.keys();
    std::stable_sort(names.begin(), names.end(), [](const QString &a, const QString &b) {
        return rankOf(a) < rankOf(b);
    });
    out.beginMap(QMetaType::fromType<QString>(), QMetaType::fromType<QDBusVariant>());
    for (const QString &name : std::as_const(names)) {
        out.beginMapEntry();
        out << name << QDBusVariant(v.values.value(name));
        out.endMapEntry();
    }
    out.endMap();
    return out;
}

const QDBusArgument &operator>>(const QDBusArgument &in, Properties &v)
{
    in >> v.values;
    return in;
}

namespace qd::units::bus {

template <class... Types>
void registerEach()
{
    ((qDBusRegisterMetaType<Types>(), qDBusRegisterMetaType<QList<Types>>()), ...);
}

void registerWireTypes()
{
    registerEach<
        UnitRow, JobRow, Pair, FileChange, ProcessRow, JobRef, UnitRef, ConditionRow, ExecRow,
        ExecExRow, ExitSet, CalendarRow, MonotonicRow, OptionalPath, PermissionList, BoundPath,
        Setting, QueuedJob, Properties>();
}

} // namespace qd::units::bus
