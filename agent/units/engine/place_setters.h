// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/setter_kinds.h"

/// The options of [Automount], [Swap] and [Scope] (ch3-systemd.md 13, 14).
namespace qd::units {

void addPlaceSetters(setters::Setters &all);
void finishAutomount(Loading &loading);
void finishSwap(Loading &loading, const std::optional<SwapArea> &area);
/// The dependencies on their targets, unless DefaultDependencies=no.
void addAutomountDependencies(Loading &loading);
void addSwapDependencies(Loading &loading);

} // namespace qd::units
