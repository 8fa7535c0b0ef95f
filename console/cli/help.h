// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/applet.h"

namespace qd::cli {

/// All commands, or those of a group such as {"store"}.
QString helpOfGroup(const QList<Applet> &applets, const QStringList &group);
/// Usage, arguments, options, examples and exit statuses of one applet.
QString helpOf(const Applet &applet);

} // namespace qd::cli
