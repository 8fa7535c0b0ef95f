// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QStringList>
#include <sys/types.h>

/// Running other programs from a command-line tool or from a node's first process. These calls
/// block: neither has an event loop.
namespace qd::host {

struct Finished {
    int exitCode = 0; ///< 128 + signal when a signal ended it
    QString output;   ///< standard output
    QString errors;   ///< standard error
};

/// Runs `command` to its end, at most `timeoutMs`; then it is killed and the answer is
/// code::deadline.
Result<Finished> runToEnd(const QStringList &command, int timeoutMs);

/// Starts `command` with standard output and error appended to `logFile`; it leads a session of its
/// own when `detached`. The caller reaps it.
Result<pid_t> start(const QStringList &command, const QString &logFile, bool detached);

/// Whether a process with this id lives (a zombie does not).
bool isAlive(pid_t pid);

/// Waits until `pid` is gone, at most `timeoutMs`.
bool awaitGone(pid_t pid, int timeoutMs);

} // namespace qd::host
