// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/check.h"

#include <cstdio>
#include <cstdlib>

namespace qd::raft {

namespace {

InvariantHandler g_handler = nullptr;

} // namespace

void setInvariantHandler(InvariantHandler handler)
{
    g_handler = handler;
}

void invariantBroken(const char *name, const char *file, int line)
{
    if (g_handler != nullptr)
        g_handler(name);
    fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, name);
    abort();
}

} // namespace qd::raft
