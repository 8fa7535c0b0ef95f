// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/properties.h"
#include "agent/units/driver/plan.h"

namespace qd::units::bus {

namespace {

constexpr int kFacility = 3; ///< daemon

void addLimits(QVariantMap &out, const ExecSettings &exec)
{
    for (const QString &key : limitNames()) {
        const auto set = exec.limits.constFind(key);
        const Limit limit = set == exec.limits.cend() ? defaultLimit(key) : *set;
        const QString name = QStringLiteral("Limit") + key;
        out[name] = QVariant::fromValue<qulonglong>(limit.hard);
        out[name + QStringLiteral("Soft")] = QVariant::fromValue<qulonglong>(limit.soft);
    }
}

void addEnvironment(QVariantMap &out, const ExecSettings &exec)
{
    QList<OptionalPath> files;
    for (const EnvironmentFile &file : exec.environmentFiles)
        files.append(OptionalPath{file.path, file.optional});
    out[QStringLiteral("Environment")] = exec.environment;
    out[QStringLiteral("EnvironmentFiles")] = QVariant::fromValue(files);
    out[QStringLiteral("PassEnvironment")] = exec.passEnvironment;
    out[QStringLiteral("UnsetEnvironment")] = exec.unsetEnvironment;
}

void addStreams(QVariantMap &out, const ExecSettings &exec)
{
    out[QStringLiteral("StandardInput")] = exec.standardInput;
    out[QStringLiteral("StandardOutput")] = exec.standardOutput;
    out[QStringLiteral("StandardError")] = exec.standardError;
    out[QStringLiteral("SyslogIdentifier")] = exec.syslogIdentifier;
    out[QStringLiteral("SyslogLevelPrefix")] = exec.syslogLevelPrefix;
    out[QStringLiteral("SyslogLevel")] = exec.syslogLevel;
    out[QStringLiteral("SyslogFacility")] = kFacility;
    out[QStringLiteral("SyslogPriority")] = kFacility * 8 + exec.syslogLevel;
    out[QStringLiteral("LogLevelMax")] = -1;
}

QString workingDirectory(const ExecSettings &exec)
{
    const QString path = exec.workingDirectoryIsHome ? QStringLiteral("~") : exec.workingDirectory;
    return exec.workingDirectoryMayBeMissing ? QLatin1Char('!') + path : path;
}

/// Protections that the engine does not offer are off.
void addProtections(QVariantMap &out)
{
    for (const char *name :
         {"CPUSchedulingResetOnFork", "DynamicUser", "MountAPIVFS", "PrivateUsers", "RemoveIPC",
          "SameProcessGroup", "TTYReset", "TTYVHangup", "TTYVTDisallocate"})
        out[QLatin1String(name)] = false;
    out[QStringLiteral("ExecSearchPath")] = QStringList();
}

void addFolders(QVariantMap &out, const ExecSettings &exec)
{
    for (int i = 0; i < kFolderKinds; ++i) {
        const QString name = toText(FolderKind(i)) + QStringLiteral("Directory");
        out[name] = exec.folders[size_t(i)].names;
        out[name + QStringLiteral("Mode")] = quint32(exec.folders[size_t(i)].mode);
    }
    out[QStringLiteral("RuntimeDirectoryPreserve")] = toText(exec.runtimeKeeping);
}

} // namespace

void addExecProperties(QVariantMap &out, const Unit &unit)
{
    const ExecSettings &exec = unit.exec;
    out[QStringLiteral("User")] = exec.user;
    out[QStringLiteral("Group")] = exec.group;
    out[QStringLiteral("SupplementaryGroups")] = exec.supplementaryGroups;
    out[QStringLiteral("WorkingDirectory")] = workingDirectory(exec);
    out[QStringLiteral("RootDirectory")] = exec.rootDirectory;
    out[QStringLiteral("UMask")] = quint32(exec.umask);
    out[QStringLiteral("Nice")] = exec.nice.value_or(0);
    out[QStringLiteral("OOMScoreAdjust")] = exec.oomScoreAdjust.value_or(0);
    out[QStringLiteral("NonBlocking")] = exec.nonBlocking;
    out[QStringLiteral("IgnoreSIGPIPE")] = exec.ignoreSigpipe;
    addFolders(out, exec);
    addEnvironment(out, exec);
    addStreams(out, exec);
    addLimits(out, exec);
    addProtections(out);
    addSandboxProperties(out, exec);
}

} // namespace qd::units::bus
