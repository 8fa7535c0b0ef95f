// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>
#include <optional>
#include <sys/types.h>

/// What /proc tells of processes. A process may end at any moment: then there is nothing.
namespace qd::units {

struct ProcStat {
    char state = '?';
    pid_t parent = 0;
    pid_t processGroup = 0;
    pid_t session = 0;
};

std::optional<ProcStat> procStat(pid_t pid);
/// Every process that can be seen.
QList<pid_t> allProcesses();
/// The children of a process and of its threads, the ended ones that are not reaped as well.
QList<pid_t> procChildren(pid_t pid);
/// A field of /proc/mounts and its like, where "\\040" is a blank.
QString unescapedTableField(const QByteArray &field);
/// A file of /proc/PID, at most 64 KiB of it.
QByteArray procFile(pid_t pid, const char *name);
/// The value of a variable in the environment that the process began with.
QByteArray procEnvironment(pid_t pid, const QByteArray &name);
/// The program that it runs; empty when it may not be known.
QByteArray procProgram(pid_t pid);
/// The command line as one line, quoted for a shell as systemctl shows it; of a kernel thread or a
/// process that has ended, its name in brackets.
QByteArray procCommandLine(pid_t pid);

} // namespace qd::units
