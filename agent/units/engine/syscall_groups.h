// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

namespace qd::units {

/// The members of a group of system calls, such as "@file-system": names, and groups again
/// (systemd.exec(5), SystemCallFilter=). nullptr: there is no such group.
const QStringList *syscallGroup(const QString &name);

/// Whether a system call has that name, on whatever architecture.
bool isSyscall(const QString &name);

} // namespace qd::units
