// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/core.h"
#include "agent/units/engine/job.h"

/// What the engine says to the journal, in systemd 252's words and with its message ids, so that
/// `journalctl MESSAGE_ID=...` and people find what they know.
namespace qd::units::messages {

/// "hello.service - Say hello", or the id alone when there is no description.
QString named(const Unit &unit);

/// "Starting X...": a job has begun and is not done at once.
LogLine jobBegun(const Unit &unit, const Job &job);
/// "Started X.", "Dependency failed for X." ...; without text when there is nothing to say.
LogLine jobEnded(const Unit &unit, const Job &job, JobResult result);
LogLine jobTimedOut(const Unit &unit, const Job &job);
/// "a.service: Job a.service/start failed with result 'dependency'."
LogLine jobFailed(const Unit &unit, const Job &job, JobResult result);

/// "hello.service: TEXT"
LogLine about(const Unit &unit, int priority, const QString &text);
/// How a service came to its end: "Deactivated successfully.", "Failed with result '...'."
LogLine serviceEnded(const Unit &unit, ServiceResult result);
/// "Main process exited, code=exited, status=1/FAILURE"
LogLine processFailed(const Unit &unit, const QString &who, const ProcessEnd &end);
LogLine restartScheduled(const Unit &unit);
/// "exited", "killed", "dumped"
QString codeName(qint32 code);
/// "1" of an exit, "TERM" of a signal.
QString statusName(const ExecRun &run);

} // namespace qd::units::messages
