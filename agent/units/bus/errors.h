// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

/// Errors as D-Bus knows them: inside this folder an Error's code is the D-Bus name
/// (systemd1-dbus.md 7). The message is shown to a person as it is.
namespace qd::units::bus::error {

inline const QString noSuchUnit = QStringLiteral("org.freedesktop.systemd1.NoSuchUnit");
inline const QString noUnitForPid = QStringLiteral("org.freedesktop.systemd1.NoUnitForPID");
inline const QString noSuchJob = QStringLiteral("org.freedesktop.systemd1.NoSuchJob");
inline const QString unitExists = QStringLiteral("org.freedesktop.systemd1.UnitExists");
inline const QString unitMasked = QStringLiteral("org.freedesktop.systemd1.UnitMasked");
inline const QString loadFailed = QStringLiteral("org.freedesktop.systemd1.LoadFailed");
inline const QString badUnitSetting = QStringLiteral("org.freedesktop.systemd1.BadUnitSetting");
inline const QString fileNotFound = QStringLiteral("org.freedesktop.DBus.Error.FileNotFound");
inline const QString invalidArgs = QStringLiteral("org.freedesktop.DBus.Error.InvalidArgs");
inline const QString notSupported = QStringLiteral("org.freedesktop.DBus.Error.NotSupported");
inline const QString accessDenied = QStringLiteral("org.freedesktop.DBus.Error.AccessDenied");
inline const QString failed = QStringLiteral("org.freedesktop.DBus.Error.Failed");
inline const QString unknownMethod = QStringLiteral("org.freedesktop.DBus.Error.UnknownMethod");
inline const QString unknownObject = QStringLiteral("org.freedesktop.DBus.Error.UnknownObject");
inline const QString unknownInterface =
    QStringLiteral("org.freedesktop.DBus.Error.UnknownInterface");
inline const QString unknownProperty = QStringLiteral("org.freedesktop.DBus.Error.UnknownProperty");
inline const QString propertyReadOnly =
    QStringLiteral("org.freedesktop.DBus.Error.PropertyReadOnly");

} // namespace qd::units::bus::error
