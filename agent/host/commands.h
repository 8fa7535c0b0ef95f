// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

namespace qd::host {

/// `quarterdeckd host --dir DIR`: becomes the node of that folder. Exit status.
int hostCommand(const QStringList &words);

/// `quarterdeckd local up|down|crash|start|restart-agent|shell ...`. Exit status: 0 done, 1 failed,
/// 2 usage, 3 an address is taken.
int localCommand(const QStringList &words);

} // namespace qd::host
