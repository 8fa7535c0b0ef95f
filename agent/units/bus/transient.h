// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/wire_types.h"
#include "shared/base/result.h"

#include <QDBusUnixFileDescriptor>
#include <QMap>

/// Units that are made over the bus and have a file only as long as they live
/// (StartTransientUnit; systemd1-dbus.md A.1).
namespace qd::units::bus {

struct TransientUnit {
    QString name;
    QByteArray text;                            ///< of its file
    QList<qint32> pids;                         ///< that a scope begins with
    bool isHeld = false;                        ///< who asks for it wants to look at its end
    QMap<int, QDBusUnixFileDescriptor> streams; ///< of a service: 0 input, 1 output, 2 errors
};

/// What the properties ask for. Error: a D-Bus name, for a property that cannot be set.
Result<TransientUnit> readTransientUnit(const QString &unit, const QList<Setting> &properties);

/// The units that StartTransientUnit brings along: a timer's service.
Result<QList<TransientUnit>> readAuxiliaries(const QVariant &argument);

} // namespace qd::units::bus
