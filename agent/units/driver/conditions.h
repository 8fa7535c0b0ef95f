// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"

namespace qd::units {

/// Whether what Condition...= or Assert...= asks for is so on this machine now, its negation left
/// aside (ch3-systemd.md 5.2). A kind that is not known here does not hold.
bool holds(const Condition &condition);

/// Whether there is a device at a path: a node, or a folder of /sys.
bool isDevice(const QString &path);

} // namespace qd::units
