// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/core.h"

/// What timers and paths have in common: a unit that they start.
namespace qd::units {

/// The unit that `unit` triggers; null when it is not in memory.
Unit *triggeredOf(const Unit &unit);
/// Whether what `unit` is to trigger can be started at all; else the journal says `name` is not
/// loaded.
bool triggeredIsLoaded(Core &core, const Unit &unit, const QString &name);
/// Queues the start of what `unit` triggers; false, and a line in the journal, when that fails.
bool startTriggeredUnit(Core &core, const Unit &unit);

} // namespace qd::units
