// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/unitfile/specifier.h"

#include <QStringList>

namespace qd::units {

/// What `%m`, `%b`, `%H` ... stand for on this machine, for the user who runs the engine.
unitfile::SpecifierContext machineSpecifiers();

/// When the first process of this machine, or container, began: microseconds of the monotonic
/// clock. What OnBootSec= counts from, whenever the engine itself was started.
quint64 bootUs();

/// The environment of every service, as systemd sets it: PATH and the language of
/// /etc/locale.conf or /etc/default/locale.
QStringList serviceEnvironment();

} // namespace qd::units
