// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/check.h"

#include <cstdio>
#include <cstdlib>

namespace qd::raft {

void invariantBroken(const char *name, const char *file, int line)
{
    fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, name);
    abort();
}

} // namespace qd::raft
