// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusArgument>
#include <QDBusObjectPath>
#include <QMetaType>
#include <QString>
#include <QStringList>
#include <QVariantMap>

/// The structs of org.freedesktop.systemd1, each with its D-Bus signature. A client checks types:
/// one that is wrong costs the whole answer (systemd1-dbus.md 4).
namespace qd::units::bus {

/// (ssssssouso): a row of list-units.
struct UnitRow {
    QString name, description, load, active, sub, following;
    QDBusObjectPath path;
    quint32 job = 0;
    QString jobType;
    QDBusObjectPath jobPath{QStringLiteral("/")};
};

/// (usssoo): a row of list-jobs.
struct JobRow {
    quint32 id = 0;
    QString unit, type, state;
    QDBusObjectPath path, unitPath;
};

/// (ss)
struct Pair {
    QString first, second;
};

/// (sss): what happened to a link.
struct FileChange {
    QString type; ///< symlink or unlink
    QString path, source;
};

/// (sus): a process of a unit.
struct ProcessRow {
    QString cgroup;
    quint32 pid = 0;
    QString command;
};

/// (uo): a unit's job.
struct JobRef {
    quint32 id = 0;
    QDBusObjectPath path{QStringLiteral("/")};
};

/// (so): a job's unit.
struct UnitRef {
    QString name;
    QDBusObjectPath path;
};

/// (sbbsi): type, trigger, negate, parameter, last result.
struct ConditionRow {
    QString type;
    bool trigger = false, negate = false;
    QString parameter;
    qint32 state = 0;
};

/// (sasbttttuii): a command line and how its last run went.
struct ExecRow {
    QString path;
    QStringList argv;
    bool ignoreFailure = false;
    qulonglong startRealtime = 0, startMonotonic = 0, stopRealtime = 0, stopMonotonic = 0;
    quint32 pid = 0;
    qint32 code = 0, status = 0;
};

/// (sasasttttuii): the same with its flags by name.
struct ExecExRow {
    ExecRow row;
    QStringList flags;
};

/// (aiai): exit statuses and signals.
struct ExitSet {
    QList<int> statuses, signalNumbers;
};

/// (sst) and (stt): a timer's base, its value, and when it is due next.
struct CalendarRow {
    QString base, expression;
    qulonglong next = 0;
};
struct MonotonicRow {
    QString base;
    qulonglong value = 0, next = 0;
};

/// (sb): a path and whether it may be missing.
struct OptionalPath {
    QString path;
    bool optional = false;
};

/// (bas): whether what is named is allowed, else forbidden.
struct PermissionList {
    bool allows = false;
    QStringList names;
};

/// (ssbt): what is bound where, whether it may be missing, and MS_REC.
struct BoundPath {
    QString source;
    QString target;
    bool optional = false;
    quint64 flags = 0;
};

/// (sv): a property that a caller sets.
struct Setting {
    QString name;
    QVariant value;
};

/// (uosos), EnqueueUnitJob's row: id, path, unit, unit path, type.
struct QueuedJob {
    quint32 id = 0;
    QDBusObjectPath path;
    QString unit;
    QDBusObjectPath unitPath;
    QString type;
};

/// a{sv}: an object's properties in the order in which systemd sends them as far as it matters:
/// systemctl takes ExecMainPID for MainPID when it comes later, and shows commands as they come.
struct Properties {
    QVariantMap values;
};

/// Makes the types known to QtDBus; call once before the first message. Calling it again is no
/// harm.
void registerWireTypes();

} // namespace qd::units::bus

#define QD_WIRE_TYPE(Type)                                                                         \
    QDBusArgument &operator<<(QDBusArgument &out, const qd::units::bus::Type &value);              \
    const QDBusArgument &operator>>(const QDBusArgument &in, qd::units::bus::Type &value);         \
    Q_DECLARE_METATYPE(qd::units::bus::Type)

QD_WIRE_TYPE(UnitRow)
QD_WIRE_TYPE(JobRow)
QD_WIRE_TYPE(Pair)
QD_WIRE_TYPE(FileChange)
QD_WIRE_TYPE(ProcessRow)
QD_WIRE_TYPE(JobRef)
QD_WIRE_TYPE(UnitRef)
QD_WIRE_TYPE(ConditionRow)
QD_WIRE_TYPE(ExecRow)
QD_WIRE_TYPE(ExecExRow)
QD_WIRE_TYPE(ExitSet)
QD_WIRE_TYPE(CalendarRow)
QD_WIRE_TYPE(MonotonicRow)
QD_WIRE_TYPE(OptionalPath)
QD_WIRE_TYPE(PermissionList)
QD_WIRE_TYPE(BoundPath)
QD_WIRE_TYPE(Setting)
QD_WIRE_TYPE(QueuedJob)
QD_WIRE_TYPE(Properties)
#undef QD_WIRE_TYPE
