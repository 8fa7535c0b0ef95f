// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/driver/child.h"
#include "agent/units/engine/driver.h"

namespace qd::units {

/// What a request says about the process to make, looked up and laid out. `toJournal` is the
/// descriptor for output that goes to the journal. What is wrong with it is for the process to end
/// with (ChildPlan::refusal), so that it shows as its exit status.
ChildPlan planChild(const SpawnRequest &request, int toJournal);

/// Whether any of the request's output goes to the journal.
bool wantsJournal(const ExecSettings &exec);

/// Where a bare program name is looked up, as systemd does whatever the unit's PATH says.
QStringList programFolders();

} // namespace qd::units
