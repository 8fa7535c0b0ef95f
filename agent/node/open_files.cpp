// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/open_files.h"

#include "shared/base/log.h"

#include <cerrno>
#include <cstring>
#include <sys/resource.h>

namespace qd::node {

void raiseOpenFileLimit()
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
            return;
    }
    qCWarning(lcNode) << "the limit of open files stays as it is:" << strerror(errno);
}

} // namespace qd::node
