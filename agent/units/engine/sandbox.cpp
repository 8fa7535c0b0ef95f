// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/sandbox.h"

#include <linux/capability.h>

namespace qd::units {

namespace {

constexpr std::array<const char *, kCapabilities> kNames{
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore"};

constexpr quint64 bit(int number)
{
    return quint64(1) << number;
}

} // namespace

quint64 boundingSet(const Sandbox &sandbox)
{
    quint64 out = sandbox.capabilities & kAllCapabilities;
    if (sandbox.privateDevices)
        out &= ~(bit(CAP_MKNOD) | bit(CAP_SYS_RAWIO));
    if (sandbox.protectKernelModules)
        out &= ~bit(CAP_SYS_MODULE);
    if (sandbox.protectKernelLogs)
        out &= ~bit(CAP_SYSLOG);
    if (sandbox.protectClock)
        out &= ~(bit(CAP_SYS_TIME) | bit(CAP_WAKE_ALARM));
    return out;
}

std::optional<int> capabilityFrom(const QString &name)
{
    for (int i = 0; i < kCapabilities; ++i) {
        if (name.compare(capabilityName(i), Qt::CaseInsensitive) == 0)
            return i;
    }
    return std::nullopt;
}

QString capabilityName(int number)
{
    return QStringLiteral("cap_") + QLatin1String(kNames[size_t(number)]);
}

QString toText(ProtectSystem system)
{
    static const QStringList all{
        QStringLiteral("no"), QStringLiteral("yes"), QStringLiteral("full"),
        QStringLiteral("strict")};
    return all.at(int(system));
}

QString toText(ProtectHome home)
{
    static const QStringList all{
        QStringLiteral("no"), QStringLiteral("yes"), QStringLiteral("read-only"),
        QStringLiteral("tmpfs")};
    return all.at(int(home));
}

} // namespace qd::units
