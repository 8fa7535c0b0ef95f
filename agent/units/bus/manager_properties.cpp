// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/errors.h"
#include "agent/units/bus/properties.h"

#include <QSysInfo>
#include <algorithm>

namespace qd::units::bus {

namespace {

constexpr quint64 kSecondUs = 1'000'000;

QVariant us(quint64 value)
{
    return QVariant::fromValue<qulonglong>(value);
}

quint32 failedUnits(const QList<const Unit *> &units)
{
    return quint32(std::count_if(units.begin(), units.end(), [](const Unit *unit) {
        return unit->active == ActiveState::Failed;
    }));
}

QString systemState(const Context &context, quint32 failed)
{
    if (context.stopping)
        return QStringLiteral("stopping");
    if (!context.finished.isSet())
        return QStringLiteral("starting");
    return failed > 0 ? QStringLiteral("degraded") : QStringLiteral("running");
}

void addMoment(QVariantMap &out, const QString &name, const Moment &moment)
{
    out[name] = us(moment.realtimeUs);
    out[name + QStringLiteral("Monotonic")] = us(moment.monotonicUs);
}

/// Stages of a machine's start. The engine's own stand for all; a machine's before it are unknown.
void addMoments(QVariantMap &out, const Context &context)
{
    for (const char *name : {"FirmwareTimestamp", "LoaderTimestamp", "InitRDTimestamp"})
        addMoment(out, QLatin1String(name), {});
    for (const char *name :
         {"KernelTimestamp", "UserspaceTimestamp", "GeneratorsStartTimestamp",
          "GeneratorsFinishTimestamp", "UnitsLoadStartTimestamp", "UnitsLoadFinishTimestamp",
          "UnitsLoadTimestamp"})
        addMoment(out, QLatin1String(name), context.started);
    addMoment(out, QStringLiteral("FinishTimestamp"), context.finished);
    // By these two systemd-analyze knows a machine, whose start had a kernel's part, from a
    // container.
    for (const char *name : {"SecurityStartTimestamp", "SecurityFinishTimestamp"})
        addMoment(out, QLatin1String(name), context.isContainer ? Moment() : context.started);
}

void addDefaults(QVariantMap &out)
{
    out[QStringLiteral("DefaultStandardOutput")] = QStringLiteral("journal");
    out[QStringLiteral("DefaultStandardError")] = QStringLiteral("inherit");
    out[QStringLiteral("DefaultTimeoutStartUSec")] = us(90 * kSecondUs);
    out[QStringLiteral("DefaultTimeoutStopUSec")] = us(90 * kSecondUs);
    out[QStringLiteral("DefaultTimeoutAbortUSec")] = us(90 * kSecondUs);
    out[QStringLiteral("DefaultTimerAccuracyUSec")] = us(60 * kSecondUs);
    out[QStringLiteral("DefaultRestartUSec")] = us(kSecondUs / 10);
    out[QStringLiteral("DefaultStartLimitIntervalUSec")] = us(10 * kSecondUs);
    out[QStringLiteral("DefaultStartLimitBurst")] = 5U;
}

const QStringList &logLevels()
{
    static const QStringList all =
        QStringLiteral("emerg alert crit err warning notice info debug").split(u' ');
    return all;
}

} // namespace

QString logLevel(const Context &context)
{
    return logLevels().value(context.manager.logLevel());
}

Result<void> setManagerProperty(Context &context, const QString &property, const QVariant &value)
{
    if (property != u"LogLevel")
        return fail(
            error::propertyReadOnly,
            QStringLiteral("Property '%1' is not writable.").arg(property));
    bool isNumber = false;
    const int number = value.toString().toInt(&isNumber);
    const qsizetype level = isNumber ? number : logLevels().indexOf(value.toString());
    if (level < 0 || level >= logLevels().size())
        return fail(
            error::invalidArgs, QStringLiteral("Invalid log level '%1'").arg(value.toString()));
    context.manager.setLogLevel(int(level));
    return {};
}

QVariantMap managerProperties(const Context &context)
{
    const QList<const Unit *> units = context.manager.units();
    const quint32 failed = failedUnits(units);
    qsizetype names = 0;
    for (const Unit *unit : units)
        names += unit->names.size();
    const auto jobs = quint32(context.manager.jobs().size());
    QVariantMap out;
    // The first word is the systemd whose interface this is; the rest says who speaks.
    out[QStringLiteral("Version")] = QStringLiteral("252 (quarterdeck " QD_VERSION ")");
    out[QStringLiteral("Features")] = QString();
    out[QStringLiteral("Tainted")] = QString();
    out[QStringLiteral("Virtualization")] = QString();
    const QString machine = QSysInfo::currentCpuArchitecture();
    out[QStringLiteral("Architecture")] =
        machine == QLatin1String("x86_64") ? QStringLiteral("x86-64") : machine;
    out[QStringLiteral("SystemState")] = systemState(context, failed);
    out[QStringLiteral("NNames")] = quint32(names);
    out[QStringLiteral("NFailedUnits")] = failed;
    out[QStringLiteral("NJobs")] = jobs;
    out[QStringLiteral("NInstalledJobs")] = jobs;
    out[QStringLiteral("NFailedJobs")] = context.manager.failedJobs();
    out[QStringLiteral("Progress")] = context.finished.isSet() ? 1.0 : 0.0;
    out[QStringLiteral("Environment")] = context.manager.environment();
    out[QStringLiteral("UnitPath")] = context.manager.unitFolders();
    out[QStringLiteral("ControlGroup")] = QString();
    out[QStringLiteral("LogLevel")] = logLevel(context);
    out[QStringLiteral("LogTarget")] = QStringLiteral("journal");
    out[QStringLiteral("ConfirmSpawn")] = false;
    out[QStringLiteral("ShowStatus")] = false;
    out[QStringLiteral("ServiceWatchdogs")] = true;
    out[QStringLiteral("ExitCode")] = QVariant::fromValue<uchar>(0);
    addMoments(out, context);
    addDefaults(out);
    return out;
}

} // namespace qd::units::bus
