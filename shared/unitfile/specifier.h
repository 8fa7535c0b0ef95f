// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QString>

/// `%n`, `%i`, `%H` ... in the values of a unit (ch3-systemd.md 7; S83 and following).
namespace qd::unitfile {

/// What specifiers stand for. The node's part is filled by whoever runs the unit.
struct SpecifierContext {
    QString unit;     ///< the full name
    QString fragment; ///< path of the unit file, for %y and %Y
    QString machineId, bootId, hostName, kernel, architecture;
    QString runtimeDir = QStringLiteral("/run");
    QString stateDir = QStringLiteral("/var/lib");
    QString cacheDir = QStringLiteral("/var/cache");
    QString logDir = QStringLiteral("/var/log");
    QString configDir = QStringLiteral("/etc");
    QString tempDir = QStringLiteral("/tmp");
    QString persistentTempDir = QStringLiteral("/var/tmp");
    QString user = QStringLiteral("root");
    QString userId = QStringLiteral("0");
    QString group = QStringLiteral("root");
    QString groupId = QStringLiteral("0");
    QString home = QStringLiteral("/root");
    QString shell = QStringLiteral("/bin/sh");
    QMap<QString, QString> osRelease; ///< keys of /etc/os-release
};

/// `text` with each specifier replaced. Error: an unknown one (a letter or digit after `%` that
/// stands for nothing), or an instance that cannot be unescaped.
Result<QString> expandSpecifiers(const QString &text, const SpecifierContext &context);

} // namespace qd::unitfile
