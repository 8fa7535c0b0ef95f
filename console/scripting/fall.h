// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <csignal>

/// The engine has no memory limit of its own and a stack that some built-ins overrun: a script's
/// process then falls by a signal. What it fell for is told to the supervisor by which signal.
namespace qd::scripting::fall {

inline constexpr int forMemory = SIGUSR1;
inline constexpr int forDepth = SIGUSR2;

/// Bounds this process's address space to what it uses now and `memoryMiB` more; from now on it
/// falls by forMemory when that is used up.
Result<void> limitMemory(int memoryMiB);

/// In the script's thread: from now on the process falls by forDepth when this thread's stack is
/// used up.
void watchStackOfThisThread();

/// What to tell the user of a process that ended by this signal.
QString explain(int signalNumber, int memoryMiB);

} // namespace qd::scripting::fall
