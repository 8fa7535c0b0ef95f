// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/wire_types.h"
#include "shared/base/result.h"
#include "shared/unitfile/unit_file.h"

#include <QList>

/// Properties that a caller sets, as lines of a unit file (systemd1-dbus.md A.1). Pure.
namespace qd::units::bus {

/// What the file of `unit` says for one of `all` the properties. Error: a D-Bus name, for one that
/// there is not, that is of another type, or that the engine would not act on.
Result<QList<unitfile::Option>>
optionsOf(const QString &unit, const Setting &setting, const QList<Setting> &all);

/// The text of a file with these options.
QByteArray textOf(const QList<unitfile::Option> &options);

} // namespace qd::units::bus
