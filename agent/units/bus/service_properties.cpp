// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/properties.h"

#include <QMetaType>
#include <algorithm>

namespace qd::units::bus {

namespace {

constexpr qulonglong kUnknown = ~0ULL;

QVariant us(quint64 value)
{
    return QVariant::fromValue<qulonglong>(value);
}

ExecRow rowOf(const ExecCommand &command)
{
    ExecRow row;
    row.path = command.command.path;
    row.argv = command.command.argv;
    row.ignoreFailure = command.command.ignoreFailure;
    row.startRealtime = command.run.start.realtimeUs;
    row.startMonotonic = command.run.start.monotonicUs;
    row.stopRealtime = command.run.stop.realtimeUs;
    row.stopMonotonic = command.run.stop.monotonicUs;
    row.pid = quint32(command.run.pid);
    row.code = command.run.code;
    row.status = command.run.status;
    return row;
}

void addCommands(QVariantMap &out, const ServiceSettings &service)
{
    for (int kind = 0; kind < kExecKinds; ++kind) {
        QList<ExecRow> rows;
        QList<ExecExRow> withFlags;
        for (const ExecCommand &command : service.of(ExecKind(kind))) {
            rows.append(rowOf(command));
            withFlags.append(ExecExRow{rowOf(command), command.command.flagNames()});
        }
        const QString name = toText(ExecKind(kind));
        out[name] = QVariant::fromValue(rows);
        out[name + QStringLiteral("Ex")] = QVariant::fromValue(withFlags);
    }
}

QStringList commandNames()
{
    QStringList out;
    for (int kind = 0; kind < kExecKinds; ++kind) {
        out.append(toText(ExecKind(kind)));
        out.append(toText(ExecKind(kind)) + QStringLiteral("Ex"));
    }
    return out;
}

QVariantMap livingProperties(const Unit &unit)
{
    const ServiceRuntime &run = unit.run;
    QVariantMap out;
    out[QStringLiteral("MainPID")] = quint32(run.mainPid);
    out[QStringLiteral("ControlPID")] = quint32(run.controlPid);
    out[QStringLiteral("StatusText")] = run.statusText;
    out[QStringLiteral("StatusErrno")] = 0;
    out[QStringLiteral("Result")] = toText(run.result);
    out[QStringLiteral("ReloadResult")] = toText(run.reloadResult);
    out[QStringLiteral("CleanResult")] = toText(ServiceResult::Success);
    out[QStringLiteral("NRestarts")] = quint32(run.restarts);
    out[QStringLiteral("UID")] = ~0U;
    out[QStringLiteral("GID")] = ~0U;
    out[QStringLiteral("ExecMainStartTimestamp")] = us(run.main.start.realtimeUs);
    out[QStringLiteral("ExecMainStartTimestampMonotonic")] = us(run.main.start.monotonicUs);
    out[QStringLiteral("ExecMainExitTimestamp")] = us(run.main.stop.realtimeUs);
    out[QStringLiteral("ExecMainExitTimestampMonotonic")] = us(run.main.stop.monotonicUs);
    out[QStringLiteral("ExecMainPID")] = quint32(run.main.pid);
    out[QStringLiteral("ExecMainCode")] = int(run.main.code);
    out[QStringLiteral("ExecMainStatus")] = int(run.main.status);
    return out;
}

QVariant exitSet(const unitfile::ExitSet &set)
{
    ExitSet out;
    out.statuses = set.statuses.values();
    out.signalNumbers = set.signalNumbers.values();
    std::sort(out.statuses.begin(), out.statuses.end());
    std::sort(out.signalNumbers.begin(), out.signalNumbers.end());
    return QVariant::fromValue(out);
}

void addServiceSettings(QVariantMap &out, const ServiceSettings &service)
{
    out[QStringLiteral("Type")] = toText(service.type);
    out[QStringLiteral("ExitType")] = QStringLiteral("main");
    out[QStringLiteral("Restart")] = toText(service.restart);
    out[QStringLiteral("RemainAfterExit")] = service.remainAfterExit;
    out[QStringLiteral("GuessMainPID")] = true;
    out[QStringLiteral("RootDirectoryStartOnly")] = false;
    out[QStringLiteral("PIDFile")] = service.pidFile;
    out[QStringLiteral("BusName")] = QString();
    out[QStringLiteral("NotifyAccess")] = toText(service.notifyAccess);
    out[QStringLiteral("OOMPolicy")] = QStringLiteral("stop");
    out[QStringLiteral("TimeoutStartFailureMode")] = toText(service.startFailure);
    out[QStringLiteral("TimeoutStopFailureMode")] = toText(service.stopFailure);
    out[QStringLiteral("RestartUSec")] = us(service.restartUs);
    out[QStringLiteral("TimeoutStartUSec")] = us(service.timeoutStartUs);
    out[QStringLiteral("TimeoutStopUSec")] = us(service.timeoutStopUs);
    out[QStringLiteral("TimeoutAbortUSec")] =
        us(service.timeoutAbortUs.value_or(service.timeoutStopUs));
    out[QStringLiteral("RuntimeMaxUSec")] = us(service.runtimeMaxUs);
    out[QStringLiteral("RuntimeRandomizedExtraUSec")] = us(0);
    out[QStringLiteral("WatchdogUSec")] = us(service.watchdogUs);
    out[QStringLiteral("WatchdogTimestamp")] = us(0);
    out[QStringLiteral("WatchdogTimestampMonotonic")] = us(0);
    out[QStringLiteral("FileDescriptorStoreMax")] = 0U;
    out[QStringLiteral("NFileDescriptorStore")] = 0U;
    out[QStringLiteral("SuccessExitStatus")] = exitSet(service.success);
    out[QStringLiteral("RestartPreventExitStatus")] = exitSet(service.restartPrevent);
    out[QStringLiteral("RestartForceExitStatus")] = exitSet(service.restartForce);
}

void addKillSettings(QVariantMap &out, const KillSettings &kill)
{
    out[QStringLiteral("KillMode")] = toText(kill.mode);
    out[QStringLiteral("KillSignal")] = kill.signalNumber;
    out[QStringLiteral("RestartKillSignal")] = kill.signalNumber;
    out[QStringLiteral("FinalKillSignal")] = kill.finalSignal;
    out[QStringLiteral("SendSIGKILL")] = kill.sendSigkill;
    out[QStringLiteral("SendSIGHUP")] = kill.sendSighup;
    out[QStringLiteral("WatchdogSignal")] = kill.watchdogSignal;
}

/// The engine sets and counts no resources yet: everything is unknown or unlimited.
void addControlGroup(QVariantMap &out, const Unit &unit, const QString &slice)
{
    out[QStringLiteral("ControlGroup")] = unit.controlGroup;
    out[QStringLiteral("Slice")] = slice;
    for (const char *name :
         {"MemoryCurrent",     "MemoryAvailable",    "MemoryMin",          "MemoryLow",
          "MemoryHigh",        "MemoryMax",          "MemorySwapMax",      "MemoryLimit",
          "CPUUsageNSec",      "TasksCurrent",       "TasksMax",           "CPUWeight",
          "CPUShares",         "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec", "IOWeight",
          "BlockIOWeight",     "IOReadBytes",        "IOReadOperations",   "IOWriteBytes",
          "IOWriteOperations", "IPIngressBytes",     "IPIngressPackets",   "IPEgressBytes",
          "IPEgressPackets"}) {
        const bool floor = qstrcmp(name, "MemoryMin") == 0 || qstrcmp(name, "MemoryLow") == 0;
        out[QLatin1String(name)] = us(floor ? 0 : kUnknown);
    }
    for (const char *name :
         {"CPUAccounting", "MemoryAccounting", "IOAccounting", "BlockIOAccounting",
          "TasksAccounting", "IPAccounting", "Delegate"})
        out[QLatin1String(name)] = false;
    out[QStringLiteral("DelegateControllers")] = QStringList();
    out[QStringLiteral("DisableControllers")] = QStringList();
    out[QStringLiteral("DevicePolicy")] = QStringLiteral("auto");
}

} // namespace

void addProcessProperties(QVariantMap &out, const Unit &unit)
{
    addGroupProperties(out, unit);
    addExecProperties(out, unit);
}

void addGroupProperties(QVariantMap &out, const Unit &unit)
{
    addKillSettings(out, unit.kill);
    addControlGroup(out, unit, unit.slice);
}

void addCommandProperties(QVariantMap &out, const Unit &unit, const QStringList &names)
{
    for (const QString &name : names) {
        QList<ExecRow> rows;
        for (const ExecCommand &command : unit.commands.value(name))
            rows.append(rowOf(command));
        out[name] = QVariant::fromValue(rows);
    }
}

QVariantMap serviceProperties(const Unit &unit)
{
    QVariantMap out = livingProperties(unit);
    addCommands(out, unit.service);
    addServiceSettings(out, unit.service);
    addProcessProperties(out, unit);
    return out;
}

QVariantMap typeProperties(const Unit &unit)
{
    QVariantMap out;
    switch (unit.type) {
    case UnitType::Service:
        return serviceProperties(unit);
    case UnitType::Socket:
        return socketProperties(unit);
    case UnitType::Mount:
        return mountProperties(unit);
    case UnitType::Automount:
        return automountProperties(unit);
    case UnitType::Swap:
        return swapProperties(unit);
    case UnitType::Scope:
        return scopeProperties(unit);
    case UnitType::Timer:
        return timerProperties(unit);
    case UnitType::Path:
        return pathProperties(unit);
    case UnitType::Snapshot:
        out[QStringLiteral("Cleanup")] = unit.snapshot.cleanup;
        return out;
    case UnitType::Device:
        out[QStringLiteral("SysFSPath")] = QString(); // not looked up
        return out;
    case UnitType::Slice:
        addControlGroup(out, unit, QString());
        return out;
    default:
        return out;
    }
}

ChangedProperties changedTypeProperties(const Unit &unit)
{
    switch (unit.type) {
    case UnitType::Service:
        return {livingProperties(unit), commandNames()};
    case UnitType::Socket:
        return changedSocketProperties(unit);
    case UnitType::Mount:
        return changedMountProperties(unit);
    case UnitType::Automount:
        return changedAutomountProperties(unit);
    case UnitType::Swap:
        return changedSwapProperties(unit);
    case UnitType::Scope:
        return changedScopeProperties(unit);
    case UnitType::Timer:
        return changedTimerProperties(unit);
    case UnitType::Path:
        return changedPathProperties(unit);
    default:
        return {};
    }
}

} // namespace qd::units::bus
