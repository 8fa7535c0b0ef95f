// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"

namespace qd::units {

/// Makes the folders that a service has for itself, its user's own. 0, else the exit status that
/// stands for the kind that could not be made.
int makeOwnFolders(const ExecSettings &exec);

} // namespace qd::units
