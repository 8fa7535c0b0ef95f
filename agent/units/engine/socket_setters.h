// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/setter_kinds.h"

/// The options of [Socket] (ch3-systemd.md 11).
namespace qd::units {

void addSocketSetters(setters::Setters &all);
/// A Listen...= line; false for any other option.
bool addListenLine(Loading &loading, const unitfile::Option &option);
/// What is known once all lines are read: defaults, and why the unit is refused.
void finishSocket(Loading &loading);

} // namespace qd::units
