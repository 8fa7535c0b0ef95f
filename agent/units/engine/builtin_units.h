// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/unit_source.h"

namespace qd::units {

/// The targets that other units count on, for a node that has no files for them: sysinit.target,
/// basic.target, multi-user.target ... (ch3-systemd.md 6.3). What the source finds comes first.
FoundUnit findUnit(const UnitSource &source, const QString &name);

/// "reboot" for reboot.target: what becomes of the machine when it is reached; empty for others.
QString powerVerb(const QString &unit);

} // namespace qd::units
