// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/syscall_rules.h"

#include <QList>
#include <QString>
#include <array>
#include <optional>

/// What the processes of a unit may see and do: systemd.exec(5), "Sandboxing", "Capabilities".
/// Options that are not here have no effect.
namespace qd::units {

enum class ProtectSystem { No, Yes, Full, Strict };
enum class ProtectHome { No, Yes, ReadOnly, Tmpfs };

/// A path of ReadWritePaths= and its like; "-/x" may be missing, "+/x" is below RootDirectory=.
struct SandboxPath {
    QString path;
    bool optional = false;
    bool operator==(const SandboxPath &) const = default;
};

/// BindPaths= and BindReadOnlyPaths=.
struct BindMount {
    QString source;
    QString target;
    bool optional = false;
    bool recursive = true;
    bool readOnly = false;
    bool operator==(const BindMount &) const = default;
};

/// TemporaryFileSystem=.
struct MemoryFolder {
    QString path;
    QString options;
    bool operator==(const MemoryFolder &) const = default;
};

struct Sandbox {
    bool noNewPrivileges = false;
    bool privateTmp = false;
    bool privateDevices = false;
    bool privateNetwork = false;
    bool privateIpc = false;
    bool privateMounts = false;
    bool protectHostname = false;
    bool protectClock = false;
    bool protectKernelTunables = false;
    bool protectKernelModules = false;
    bool protectKernelLogs = false;
    bool protectControlGroups = false;
    ProtectSystem system = ProtectSystem::No;
    ProtectHome home = ProtectHome::No;
    QString protectProc = QStringLiteral("default");
    QString procSubset = QStringLiteral("all");
    QString mountFlags; ///< shared, slave, private; empty: as the other options want it
    QList<SandboxPath> readWrite;
    QList<SandboxPath> readOnly;
    QList<SandboxPath> inaccessible;
    QList<SandboxPath> exec;
    QList<SandboxPath> noExec;
    QList<BindMount> binds;
    QList<MemoryFolder> memory;
    quint64 capabilities = ~quint64(0); ///< CapabilityBoundingSet=, by number
    quint64 ambient = 0;
    SyscallRules syscalls;

    bool operator==(const Sandbox &) const = default;
};

/// The capabilities that stay when what other options forbid is gone.
quint64 boundingSet(const Sandbox &sandbox);
/// "CAP_SYS_ADMIN" and its number; nothing when there is none with that name.
std::optional<int> capabilityFrom(const QString &name);
QString capabilityName(int number);
inline constexpr int kCapabilities = 41;
/// A set of all that there are.
inline constexpr quint64 kAllCapabilities = (quint64(1) << kCapabilities) - 1;

QString toText(ProtectSystem system);
QString toText(ProtectHome home);

} // namespace qd::units
