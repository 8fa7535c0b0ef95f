// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QList>
#include <memory>
#include <sys/types.h>
#include <vector>

namespace qd::units {

/// Which processes belong to which unit (S7): by control group where the engine may make some,
/// else by descent. A group's name is a unit's ControlGroup property, "/system.slice/a.service".
class ProcessGroups {
public:
    virtual ~ProcessGroups() = default;

    /// Makes a group ready. Gives the files to which a process writes "0" to enter it; the caller
    /// closes them. Error: code::io.
    virtual Result<std::vector<int>> prepare(const QString &group) = 0;
    /// A process was started in a group, marked with an invocation id in its environment.
    virtual void started(const QString &group, pid_t pid, const QString &invocationId) = 0;
    /// The process was reaped: its number may come to mean another one.
    virtual void ended(pid_t pid) = 0;
    /// Living processes of the group and of the groups below it.
    virtual QList<qint32> processes(const QString &group) const = 0;
    /// The group of a process that may have ended but was not reaped; empty when unknown.
    virtual QString groupOf(pid_t pid) const = 0;
    /// The group is done with.
    virtual void release(const QString &group) = 0;
    /// For the log: how processes are tracked.
    virtual QString description() const = 0;
};

/// The best that this process may use. `runFolder` remembers the groups between two runs of the
/// engine: what an engine that was killed left running is ended here (empty: nothing is
/// remembered).
std::unique_ptr<ProcessGroups> openProcessGroups(const QString &runFolder);

/// Tracking by descent alone.
std::unique_ptr<ProcessGroups> openProcessTree(const QString &runFolder = {});

} // namespace qd::units
