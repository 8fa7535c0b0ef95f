// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/setter_kinds.h"

namespace qd::units {

/// The options of Sandbox in a section that has processes ("Service/").
void addSandboxSetters(setters::Setters &all, const QString &section);

/// "CAP_CHOWN ~..." added to what a set is by earlier lines; `initial` is what it is without any.
/// Unknown names are left out.
quint64 addedCapabilities(quint64 before, quint64 initial, const QString &value);

} // namespace qd::units
