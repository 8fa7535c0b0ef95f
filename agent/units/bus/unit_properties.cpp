// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/properties.h"

namespace qd::units::bus {

namespace {

void addMoment(QVariantMap &out, const QString &name, const Moment &moment)
{
    out[name] = QVariant::fromValue<qulonglong>(moment.realtimeUs);
    out[name + QStringLiteral("Monotonic")] = QVariant::fromValue<qulonglong>(moment.monotonicUs);
}

void addMoments(QVariantMap &out, const Unit &unit)
{
    addMoment(out, QStringLiteral("StateChangeTimestamp"), unit.stateChange);
    addMoment(out, QStringLiteral("InactiveExitTimestamp"), unit.inactiveExit);
    addMoment(out, QStringLiteral("ActiveEnterTimestamp"), unit.activeEnter);
    addMoment(out, QStringLiteral("ActiveExitTimestamp"), unit.activeExit);
    addMoment(out, QStringLiteral("InactiveEnterTimestamp"), unit.inactiveEnter);
    addMoment(out, QStringLiteral("ConditionTimestamp"), unit.conditionTime);
    addMoment(out, QStringLiteral("AssertTimestamp"), unit.assertTime);
}

QVariant jobOf(const Unit &unit)
{
    JobRef job;
    job.id = unit.job;
    job.path = QDBusObjectPath(jobPath(unit.job));
    return QVariant::fromValue(job);
}

/// What changes as the unit lives, and nothing that needs the disk.
QVariantMap livingProperties(const Unit &unit)
{
    QVariantMap out;
    out[QStringLiteral("ActiveState")] = toText(unit.active);
    out[QStringLiteral("SubState")] = unit.sub;
    out[QStringLiteral("FreezerState")] = QStringLiteral("running");
    out[QStringLiteral("Job")] = jobOf(unit);
    out[QStringLiteral("ConditionResult")] = unit.conditionResult;
    out[QStringLiteral("AssertResult")] = unit.assertResult;
    out[QStringLiteral("InvocationID")] = QByteArray::fromHex(unit.invocationId.toLatin1());
    out[QStringLiteral("ActivationDetails")] = QVariant::fromValue(QList<Pair>());
    addMoments(out, unit);
    return out;
}

QVariant conditionsOf(const QList<Condition> &conditions)
{
    QList<ConditionRow> rows;
    for (const Condition &condition : conditions) {
        ConditionRow row;
        row.type = condition.type;
        row.trigger = condition.trigger;
        row.negate = condition.negate;
        row.parameter = condition.parameter;
        row.state = condition.result;
        rows.append(row);
    }
    return QVariant::fromValue(rows);
}

void addDependencies(QVariantMap &out, const Unit &unit)
{
    for (int kind = 0; kind < kDependencies; ++kind)
        out[toText(Dependency(kind))] = unit.dependencyNames(Dependency(kind));
    for (const char *name : {"CanClean", "JoinsNamespaceOf", "Markers", "Refs", "SliceOf"})
        out[QLatin1String(name)] = QStringList();
}

void addSettings(QVariantMap &out, const UnitSettings &settings)
{
    out[QStringLiteral("RequiresMountsFor")] = settings.requiresMountsFor;
    out[QStringLiteral("Documentation")] = settings.documentation;
    out[QStringLiteral("DefaultDependencies")] = settings.defaultDependencies;
    out[QStringLiteral("RefuseManualStart")] = settings.refuseManualStart;
    out[QStringLiteral("RefuseManualStop")] = settings.refuseManualStop;
    out[QStringLiteral("AllowIsolate")] = settings.allowIsolate;
    out[QStringLiteral("IgnoreOnIsolate")] = settings.ignoreOnIsolate;
    out[QStringLiteral("StopWhenUnneeded")] = settings.stopWhenUnneeded;
    out[QStringLiteral("Conditions")] = conditionsOf(settings.conditions);
    out[QStringLiteral("Asserts")] = conditionsOf(settings.asserts);
    out[QStringLiteral("StartLimitIntervalUSec")] =
        QVariant::fromValue<qulonglong>(settings.startLimitIntervalUs);
    out[QStringLiteral("StartLimitBurst")] = quint32(settings.startLimitBurst);
    out[QStringLiteral("JobTimeoutUSec")] = QVariant::fromValue<qulonglong>(settings.jobTimeoutUs);
    out[QStringLiteral("JobRunningTimeoutUSec")] =
        QVariant::fromValue<qulonglong>(settings.jobRunningTimeoutUs);
    out[QStringLiteral("OnFailureJobMode")] = toText(settings.onFailureJobMode);
    out[QStringLiteral("OnSuccessJobMode")] = toText(settings.onSuccessJobMode);
    for (const char *name :
         {"FailureAction", "SuccessAction", "StartLimitAction", "JobTimeoutAction"})
        out[QLatin1String(name)] = QStringLiteral("none");
    out[QStringLiteral("CollectMode")] =
        settings.collectsFailed ? QStringLiteral("inactive-or-failed") : QStringLiteral("inactive");
}

} // namespace

QVariantMap unitProperties(Context &context, const Unit &unit)
{
    QVariantMap out = livingProperties(unit);
    addDependencies(out, unit);
    addSettings(out, unit.settings);
    out[QStringLiteral("Id")] = unit.id;
    out[QStringLiteral("Names")] = unit.names;
    out[QStringLiteral("Following")] = QString();
    out[QStringLiteral("Description")] = unit.description();
    out[QStringLiteral("LoadState")] = toText(unit.load);
    Pair loadError;
    if (!unit.loadError.code.isEmpty())
        loadError = Pair{onBus(unit.loadError).code, unit.loadError.message};
    out[QStringLiteral("LoadError")] = QVariant::fromValue(loadError);
    out[QStringLiteral("FragmentPath")] = unit.fragmentPath;
    out[QStringLiteral("SourcePath")] = QString();
    out[QStringLiteral("DropInPaths")] = unit.dropInPaths;
    out[QStringLiteral("UnitFileState")] = unit.transient ? QStringLiteral("transient")
                                           : unit.fragmentPath.isEmpty()
                                               ? QString()
                                               : context.fileState(unit.id);
    // There are no presets here, and what no preset speaks of is meant to be enabled.
    const QString state = out.value(QStringLiteral("UnitFileState")).toString();
    const bool hasPreset = state.startsWith(u"enabled") || state == u"disabled";
    out[QStringLiteral("UnitFilePreset")] = hasPreset ? QStringLiteral("enabled") : QString();
    out[QStringLiteral("NeedDaemonReload")] = context.manager.needsReload(unit.id);
    out[QStringLiteral("Transient")] = unit.transient;
    out[QStringLiteral("Perpetual")] = unit.perpetual;
    const bool loaded = unit.load == LoadState::Loaded;
    out[QStringLiteral("CanStart")] = loaded && !unit.settings.refuseManualStart;
    out[QStringLiteral("CanStop")] = !unit.settings.refuseManualStop && !unit.perpetual;
    out[QStringLiteral("CanReload")] = context.manager.canReload(unit.id);
    out[QStringLiteral("CanIsolate")] = unit.settings.allowIsolate;
    out[QStringLiteral("CanFreeze")] = false;
    return out;
}

ChangedProperties changedUnitProperties(Context &, const Unit &unit)
{
    return {livingProperties(unit), {QStringLiteral("Conditions"), QStringLiteral("Asserts")}};
}

QVariantMap jobProperties(const Context &context, quint32 id)
{
    QVariantMap out;
    const auto job = context.manager.job(id);
    if (!job)
        return out;
    out[QStringLiteral("Id")] = id;
    out[QStringLiteral("Unit")] =
        QVariant::fromValue(UnitRef{job->unit, QDBusObjectPath(unitPath(job->unit))});
    out[QStringLiteral("JobType")] = toText(job->type);
    out[QStringLiteral("State")] = toText(job->state);
    out[QStringLiteral("ActivationDetails")] = QVariant::fromValue(QList<Pair>());
    return out;
}

} // namespace qd::units::bus
