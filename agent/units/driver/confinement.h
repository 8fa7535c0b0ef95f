// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/driver/mount_plan.h"
#include "agent/units/driver/syscall_programs.h"

namespace qd::units {

/// What a new process shuts itself into, laid out before the fork.
struct Confinement {
    bool ownMounts = false;
    MountPlan mounts;
    bool ownNetwork = false;
    bool ownIpc = false;
    bool ownHostname = false;
    quint64 bounding = kAllCapabilities;
    quint64 ambient = 0;
    bool noNewPrivileges = false;
    std::vector<SyscallProgram> filters;
};

/// The part of a confinement that must come before the process becomes its user, and the part that
/// must come after. Both run in the new process and call nothing but the kernel. An exit status of
/// exit_status.h, with errno; 0: done.
int confineBefore(const Confinement &confinement);
int confineAfter(const Confinement &confinement);
/// Before setuid(): what ambient capabilities are made of must outlive it.
int keepCapabilities(const Confinement &confinement);

} // namespace qd::units
