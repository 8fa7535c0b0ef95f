// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace qd::node {

/// Large buffers (a snapshot, the answer to a recursive GET) go back to the system when they are
/// done with. Left to itself glibc learns from the first of them to keep the next ones, and an
/// agent with 100,000 keys holds twice the memory that it uses. At the start, once.
void keepHeapSmall();

/// Gives back what lies free between things that stay. It takes some milliseconds.
void returnFreeMemory();

} // namespace qd::node
