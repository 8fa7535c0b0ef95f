// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/errors.h"
#include "agent/units/bus/methods.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/peer_pid.h"
#include "agent/units/bus/transient.h"

#include <QFile>
#include <QSaveFile>
#include <unistd.h>

namespace qd::units::bus {

namespace {

QString fileOf(const Context &context, const QString &unit)
{
    return context.transientFolder + u'/' + unit;
}

Result<void> writeFile(const QString &path, const QByteArray &text)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
        return fail(
            error::failed, QStringLiteral("cannot write %1: %2").arg(path, file.errorString()));
    return {};
}

/// 0 is who calls. Neither the first process nor this one belongs to a scope.
Result<QList<qint32>> scopeProcesses(const Call &call, QList<qint32> pids)
{
    for (qint32 &pid : pids) {
        if (pid == 0)
            pid = peerPid(call.connection()).value_or(0);
        if (pid <= 1 || pid == getpid())
            return fail(
                error::invalidArgs,
                QStringLiteral("Process %1 is a manager process, refusing.").arg(pid));
    }
    return pids;
}

/// The unit first, then those that it brings along.
Result<QList<TransientUnit>> readUnits(const Call &call)
{
    const auto made = readTransientUnit(call.text(0), call.as<QList<Setting>>(2));
    if (!made)
        return fail(made.error());
    const auto others = readAuxiliaries(call.argument(3));
    if (!others)
        return fail(others.error());
    return QList<TransientUnit>{*made} + *others;
}

Result<void> writeFiles(Context &context, const QList<TransientUnit> &units)
{
    for (const TransientUnit &unit : units) {
        const bool isNew = !context.transientFolder.isEmpty() && context.manager.isFree(unit.name);
        if (!isNew)
            return fail(
                error::unitExists,
                QStringLiteral("Unit %1 was already loaded or has a fragment file.")
                    .arg(unit.name));
    }
    for (const TransientUnit &unit : units) {
        if (auto written = writeFile(fileOf(context, unit.name), unit.text); !written)
            return written;
    }
    return {};
}

TransientStart startOf(const TransientUnit &unit)
{
    TransientStart out;
    out.unit = unit.name;
    out.pids = unit.pids;
    for (auto it = unit.streams.cbegin(); it != unit.streams.cend(); ++it)
        out.streams.insert(it.key(), it.value().fileDescriptor());
    return out;
}

Result<JobId> startTransient(Context &context, const Call &call, JobMode mode)
{
    auto units = readUnits(call);
    if (!units)
        return fail(units.error());
    for (TransientUnit &unit : *units) {
        const auto pids = scopeProcesses(call, unit.pids);
        if (!pids)
            return fail(pids.error());
        unit.pids = *pids;
    }
    if (auto written = writeFiles(context, *units); !written)
        return fail(written.error());
    QList<TransientStart> starts;
    for (const TransientUnit &unit : std::as_const(*units))
        starts.append(startOf(unit));
    auto job = context.manager.startTransient(starts, mode);
    for (const TransientUnit &unit : std::as_const(*units)) {
        if (!job)
            QFile::remove(fileOf(context, unit.name));
        else if (unit.isHeld)
            context.hold(call, unit.name);
    }
    return job;
}

} // namespace

void forgetTransient(const Context &context, const QString &unit)
{
    if (!context.transientFolder.isEmpty())
        QFile::remove(fileOf(context, unit));
}

Methods transientMethods(Context &context)
{
    Methods out;
    out.insert(
        QStringLiteral("StartTransientUnit"),
        {"ssa(sv)a(sa(sv))", "o", [&context](const Call &call) {
             const auto mode = jobModeFrom(call.text(1));
             if (!mode)
                 return call.fail(
                     error::invalidArgs, QStringLiteral("Job mode %1 invalid").arg(call.text(1)));
             const auto job = startTransient(context, call, *mode);
             if (job)
                 call.reply({QVariant::fromValue(QDBusObjectPath(jobPath(*job)))});
             else
                 call.fail(onBus(job.error()));
         }});
    // Both were systemd's before 228.
    out.insert(
        QStringLiteral("CreateSnapshot"),
        {"sb", "o", [&context](const Call &call) {
             const auto made = context.manager.createSnapshot(call.text(0), call.flag(1));
             if (made)
                 call.reply({QVariant::fromValue(QDBusObjectPath(unitPath(*made)))});
             else
                 call.fail(onBus(made.error()));
         }});
    out.insert(
        QStringLiteral("RemoveSnapshot"),
        {"s", "", [&context](const Call &call) {
             finish(call, context.manager.removeSnapshot(call.text(0)));
         }});
    out.insert(QStringLiteral("AbandonScope"), {"s", "", [&context](const Call &call) {
                                                    finish(
                                                        call,
                                                        context.manager.abandonScope(call.text(0)));
                                                }});
    return out;
}

Methods ownScopeMethods(Context &context)
{
    Methods out = ownTypeMethods(context);
    out.insert(QStringLiteral("Abandon"), {"", "", [&context](const Call &call) {
                                               const QString unit =
                                                   unitOfPath(call.path()).value_or(QString());
                                               finish(call, context.manager.abandonScope(unit));
                                           }});
    return out;
}

} // namespace qd::units::bus
