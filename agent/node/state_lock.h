// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/paths.h"
#include "shared/base/result.h"

#include <memory>

namespace qd::node {

/// A state folder belongs to one agent at a time: two would write one log. Held as long as this
/// lives; the kernel lets go of it when the process dies, however that happens.
class StateLock {
public:
    /// code::conflict: another agent runs on this folder. The folder must exist.
    static Result<std::unique_ptr<StateLock>> take(const NodePaths &paths);
    ~StateLock();
    StateLock(const StateLock &) = delete;
    StateLock &operator=(const StateLock &) = delete;

private:
    explicit StateLock(int fd)
        : m_fd(fd)
    {
    }
    int m_fd;
};

} // namespace qd::node
