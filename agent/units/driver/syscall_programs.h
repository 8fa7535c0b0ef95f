// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/sandbox.h"
#include "shared/base/result.h"

#include <linux/filter.h>
#include <vector>

namespace qd::units {

/// A program of the kernel's that judges each system call; of several, the strictest counts.
using SyscallProgram = std::vector<sock_filter>;

/// The programs for what a unit asks for, in the order in which they are to be installed: the one
/// of SystemCallFilter= is the last, for it may forbid to install another. Compiled by libseccomp,
/// before the fork. code::unsupported: the kernel or the library cannot.
using SyscallPrograms = std::vector<SyscallProgram>;
Result<SyscallPrograms> syscallPrograms(const Sandbox &sandbox);

/// Compiles each once, for it takes tens of milliseconds: services restart, and those of a template
/// are alike. Keeps the newest.
class SyscallCompiler {
public:
    Result<SyscallPrograms> programs(const Sandbox &sandbox);

private:
    struct Kept {
        Sandbox asked; ///< of it, what matters here
        SyscallPrograms programs;
    };
    QList<Kept> m_kept;
};

} // namespace qd::units
