// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Invariants that stay on in release builds: a broken one means that going on could lose or fork
/// data, so the process ends with the invariant's name (anchors-engines.md 1.7, point 16).
namespace qd::raft {

[[noreturn]] void invariantBroken(const char *name, const char *file, int line);

/// Called first when an invariant is broken, on the thread that broke it; may leave by throwing
/// (the simulator reports its seed). Without one, or when it returns, the process ends. Tests only.
using InvariantHandler = void (*)(const char *name);
void setInvariantHandler(InvariantHandler handler);

} // namespace qd::raft

#define QD_INVARIANT(condition, name)                                                              \
    do {                                                                                           \
        if (!(condition)) [[unlikely]]                                                             \
            ::qd::raft::invariantBroken(name, __FILE__, __LINE__);                                 \
    } while (false)
