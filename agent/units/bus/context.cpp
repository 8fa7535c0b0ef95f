// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/context.h"

#include "agent/units/bus/errors.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/engine/errors.h"

namespace qd::units::bus {

Result<void> Context::hold(const Call &call, const QString &unit)
{
    auto done = manager.ref(unit);
    if (!done)
        return done;
    references.add(call.client(), unit);
    referencesChanged();
    return done;
}

void Context::letGo(const Call &call, const QString &unit)
{
    if (references.remove(call.client(), unit))
        manager.unref(unit);
    referencesChanged();
}

void Context::clientIsGone(const QString &client)
{
    const QStringList held = references.takeAll(client);
    for (const QString &unit : held)
        manager.unref(unit);
    referencesChanged();
}

Error onBus(const Error &error)
{
    static const QHash<QString, QString> names{
        {units::error::noSuchUnit, error::noSuchUnit},
        {units::error::noSuchJob, error::noSuchJob},
        {units::error::noSuchProcess, kService + QStringLiteral(".NoSuchProcess")},
        {units::error::unitExists, error::unitExists},
        {units::error::loadFailed, error::loadFailed},
        {units::error::badSetting, error::badUnitSetting},
        {units::error::masked, error::unitMasked},
        {units::error::onlyByDependency, kService + QStringLiteral(".OnlyByDependency")},
        {units::error::noIsolation, kService + QStringLiteral(".NoIsolation")},
        {units::error::notApplicable, kService + QStringLiteral(".JobTypeNotApplicable")},
        {units::error::destructive, kService + QStringLiteral(".TransactionIsDestructive")},
        {units::error::jobsConflicting, kService + QStringLiteral(".TransactionJobsConflicting")},
        {units::error::orderIsCyclic, kService + QStringLiteral(".TransactionOrderIsCyclic")},
        {code::badInput, error::invalidArgs},
        {code::unsupported, error::notSupported},
        {code::notFound, error::fileNotFound}};
    Error out = error;
    if (!error.code.contains(QLatin1String("org.freedesktop.")))
        out.code = names.value(error.code, error::failed);
    return out;
}

UnitRow rowOf(const Context &context, const Unit &unit)
{
    UnitRow row;
    row.name = unit.id;
    row.description = unit.description();
    row.load = toText(unit.load);
    row.active = toText(unit.active);
    row.sub = unit.sub;
    row.path = QDBusObjectPath(unitPath(unit.id));
    if (const auto job = context.manager.job(unit.job); unit.job != 0 && job) {
        row.job = job->id;
        row.jobType = toText(job->type);
        row.jobPath = QDBusObjectPath(jobPath(job->id));
    }
    return row;
}

} // namespace qd::units::bus
