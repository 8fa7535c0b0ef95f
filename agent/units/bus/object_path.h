// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>

/// The names under which systemd's manager is known on D-Bus, and its object paths
/// (systemd1-dbus.md 3).
namespace qd::units::bus {

inline const QString kService = QStringLiteral("org.freedesktop.systemd1");
inline const QString kRootPath = QStringLiteral("/org/freedesktop/systemd1");
inline const QString kManagerInterface = QStringLiteral("org.freedesktop.systemd1.Manager");
inline const QString kUnitInterface = QStringLiteral("org.freedesktop.systemd1.Unit");
inline const QString kJobInterface = QStringLiteral("org.freedesktop.systemd1.Job");
inline const QString kPropertiesInterface = QStringLiteral("org.freedesktop.DBus.Properties");

/// The object path of a unit: each byte outside [A-Za-z0-9], and a digit in first place, becomes
/// `_` and two hex digits.
QString unitPath(const QString &unit);
/// The unit name that a path stands for; nothing when it is not below `.../unit/`.
std::optional<QString> unitOfPath(const QString &path);
/// The object path of a job; "/" for 0, which is no job.
QString jobPath(quint32 id);
std::optional<quint32> jobOfPath(const QString &path);
/// The interface that a unit's type adds: `hello.service` -> `org.freedesktop.systemd1.Service`.
QString typeInterface(const QString &unit);

} // namespace qd::units::bus
