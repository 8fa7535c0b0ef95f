// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/host/node_host.h"

#include <QStringList>
#include <sys/types.h>

/// The parts of a node that only Linux has: namespaces, control groups, mounts, the first process.
namespace qd::host {

/// Field 22 of /proc/PID/stat: clock ticks after boot at which the process began; 0 when it is
/// gone.
quint64 startTime(pid_t pid);

/// For a user who is not root: a user namespace in which he is. Does nothing for root.
Result<void> enterUserNamespace();

/// Moves this process into a control group of the node's own in every hierarchy where it may.
/// Returns the groups' folders; empty when there are none (the unit engine then tracks by
/// subreaper).
QStringList enterControlGroups(const QString &name);
void leaveControlGroups(const QStringList &groups);

/// The node's first process: mounts, host name, then unit engine and agent until SIGTERM.
int runFirstProcess(const NodeSpec &spec, const QStringList &controlGroups);

} // namespace qd::host
