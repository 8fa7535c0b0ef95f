// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/heap.h"

#include <malloc.h>

namespace qd::node {

void keepHeapSmall()
{
    // What is set is not learned any more (mallopt(3)).
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    // The threads beside the main one allocate little: heaps of their own would be mostly holes.
    mallopt(M_ARENA_MAX, 1);
}

void returnFreeMemory()
{
    malloc_trim(1024 * 1024);
}

} // namespace qd::node
