// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"
#include "agent/units/engine/unit.h"

/// The rules of services that need no state machine: what an end means, whether to restart
/// (ch3-systemd.md 5.5; U-29 to U-32).
namespace qd::units {

/// What the end of a process means. A daemon may be ended by TERM, HUP, INT or PIPE; a command
/// (`daemon` false) may not.
ServiceResult resultOf(const ProcessEnd &end, bool daemon, const unitfile::ExitSet &success);
/// Whether a set names this end; never for a process that has not run.
bool contains(const unitfile::ExitSet &set, const ExecRun &run);
/// Whether Restart= and its exceptions start the service again.
bool shallRestart(const ServiceSettings &service, const ServiceRuntime &run);

/// Whether a time-out may be running in this state.
bool mayHaveTimer(ServiceState state);
/// Whether a watchdog may be running in this state.
bool mayHaveWatchdog(ServiceState state);
/// Whether the main process may be alive in this state.
bool mayHaveMain(ServiceState state);
/// Whether a control process may be alive in this state.
bool mayHaveControl(ServiceState state);
/// Dead, failed or waiting for its restart: nothing of the service runs.
bool isAtRest(ServiceState state);
/// On its way down, or down: commands count against TimeoutStopSec=.
bool isStopping(ServiceState state);

} // namespace qd::units
