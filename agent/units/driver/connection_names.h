// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"

namespace qd::units {

/// What a connection is called: the part of its service's name, and who is at its other end. The
/// id stays 0. Nothing when it is over already.
std::optional<Connection> nameConnection(int file);

} // namespace qd::units
