// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/context.h"

/// What the objects do when they are called (systemd1-dbus.md 5; appendix A.1, A.3, A.6). The
/// tables refer to the context, which must outlive them.
namespace qd::units::bus {

/// Manager: units, processes, signals.
Methods unitListMethods(Context &context);
/// Manager: jobs and what makes them.
Methods jobMethods(Context &context);
/// Manager: files, links, the default target.
Methods unitFileMethods(Context &context);
/// Manager: itself: reload, environment.
Methods lifeMethods(Context &context);

/// Of a unit's own object; its path tells which.
Methods transientMethods(Context &context);
/// Its file goes when a transient unit is gone.
void forgetTransient(const Context &context, const QString &unit);

Methods ownUnitMethods(Context &context);
/// Of the interface that a unit's type adds.
Methods ownTypeMethods(Context &context);
/// Of a job's own object.
Methods ownScopeMethods(Context &context);
Methods ownJobMethods(Context &context);

/// Parts that Manager's methods and a unit's own share. Each answers the call.
void startJob(Context &context, const Call &call, JobRequest request, const QString &mode);
void killUnit(Context &context, const Call &call, const QString &unit, int firstArgument);
void listProcesses(Context &context, const Call &call, const QString &unit);
void enqueueJob(
    Context &context, const Call &call, const QString &unit, const QString &type,
    const QString &mode);
/// Answers with nothing, or with the error.
void finish(const Call &call, const Result<void> &done);

} // namespace qd::units::bus
