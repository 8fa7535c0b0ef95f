// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/properties.h"

#include <sys/mount.h>

namespace qd::units::bus {

namespace {

QStringList texts(const QList<SandboxPath> &paths)
{
    QStringList out;
    for (const SandboxPath &path : paths)
        out.append((path.optional ? QStringLiteral("-") : QString()) + path.path);
    return out;
}

QList<BoundPath> bound(const QList<BindMount> &binds, bool readOnly)
{
    QList<BoundPath> out;
    for (const BindMount &bind : binds) {
        if (bind.readOnly == readOnly)
            out.append(
                {bind.source, bind.target, bind.optional, bind.recursive ? quint64(MS_REC) : 0});
    }
    return out;
}

quint64 propagation(const QString &flags)
{
    if (flags == u"shared")
        return MS_SHARED;
    if (flags == u"slave")
        return MS_SLAVE;
    return flags == u"private" ? MS_PRIVATE : 0;
}

void addFlags(QVariantMap &out, const Sandbox &sandbox)
{
    const auto flag = [&out](const char *name, bool value) { out[QLatin1String(name)] = value; };
    flag("NoNewPrivileges", sandbox.noNewPrivileges);
    flag("PrivateDevices", sandbox.privateDevices);
    flag("PrivateIPC", sandbox.privateIpc);
    flag("PrivateMounts", sandbox.privateMounts);
    flag("PrivateNetwork", sandbox.privateNetwork);
    flag("PrivateTmp", sandbox.privateTmp);
    flag("ProtectClock", sandbox.protectClock);
    flag("ProtectControlGroups", sandbox.protectControlGroups);
    flag("ProtectHostname", sandbox.protectHostname);
    flag("ProtectKernelLogs", sandbox.protectKernelLogs);
    flag("ProtectKernelModules", sandbox.protectKernelModules);
    flag("ProtectKernelTunables", sandbox.protectKernelTunables);
}

void addPaths(QVariantMap &out, const Sandbox &sandbox)
{
    out[QStringLiteral("ReadWritePaths")] = texts(sandbox.readWrite);
    out[QStringLiteral("ReadOnlyPaths")] = texts(sandbox.readOnly);
    out[QStringLiteral("InaccessiblePaths")] = texts(sandbox.inaccessible);
    out[QStringLiteral("ExecPaths")] = texts(sandbox.exec);
    out[QStringLiteral("NoExecPaths")] = texts(sandbox.noExec);
    out[QStringLiteral("BindPaths")] = QVariant::fromValue(bound(sandbox.binds, false));
    out[QStringLiteral("BindReadOnlyPaths")] = QVariant::fromValue(bound(sandbox.binds, true));
    QList<Pair> memory;
    for (const MemoryFolder &folder : sandbox.memory)
        memory.append({folder.path, folder.options});
    out[QStringLiteral("TemporaryFileSystem")] = QVariant::fromValue(memory);
}

template <class Key>
QVariant listed(const Permissions<Key> &list)
{
    return QVariant::fromValue(PermissionList{list.allows, toTexts(list)});
}

void addSyscalls(QVariantMap &out, const SyscallRules &rules)
{
    out[QStringLiteral("SystemCallFilter")] = listed(rules.filter);
    out[QStringLiteral("SystemCallLog")] = listed(rules.log);
    out[QStringLiteral("RestrictAddressFamilies")] = listed(rules.families);
    out[QStringLiteral("SystemCallArchitectures")] = rules.architectures;
    out[QStringLiteral("SystemCallErrorNumber")] = rules.errorNumber;
    out[QStringLiteral("RestrictNamespaces")] = QVariant::fromValue<qulonglong>(rules.namespaces);
    out[QStringLiteral("RestrictRealtime")] = rules.noRealtime;
    out[QStringLiteral("RestrictSUIDSGID")] = rules.noSuidSgid;
    out[QStringLiteral("MemoryDenyWriteExecute")] = rules.noWriteExecute;
    out[QStringLiteral("LockPersonality")] = rules.lockPersonality;
}

} // namespace

void addSandboxProperties(QVariantMap &out, const ExecSettings &exec)
{
    const Sandbox &sandbox = exec.sandbox;
    addFlags(out, sandbox);
    addPaths(out, sandbox);
    addSyscalls(out, sandbox.syscalls);
    out[QStringLiteral("ProtectHome")] = toText(sandbox.home);
    out[QStringLiteral("ProtectSystem")] = toText(sandbox.system);
    out[QStringLiteral("ProtectProc")] = sandbox.protectProc;
    out[QStringLiteral("ProcSubset")] = sandbox.procSubset;
    out[QStringLiteral("MountFlags")] =
        QVariant::fromValue<qulonglong>(propagation(sandbox.mountFlags));
    out[QStringLiteral("CapabilityBoundingSet")] =
        QVariant::fromValue<qulonglong>(boundingSet(sandbox));
    out[QStringLiteral("AmbientCapabilities")] = QVariant::fromValue<qulonglong>(sandbox.ambient);
}

} // namespace qd::units::bus
