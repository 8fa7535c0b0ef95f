// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/wire_types.h"
#include "shared/base/result.h"

/// Units that are made over the bus and have a file only as long as they live
/// (StartTransientUnit; systemd1-dbus.md A.1).
namespace qd::units::bus {

struct TransientUnit {
    QByteArray text;    ///< of its file
    QList<qint32> pids; ///< that a scope begins with
};

/// What the properties ask for. Error: a D-Bus name, for a property that cannot be set.
Result<TransientUnit> readTransientUnit(const QString &unit, const QList<Setting> &properties);

} // namespace qd::units::bus
