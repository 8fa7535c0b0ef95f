// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <sys/types.h>

namespace qd::cloudconfig {

/// Whose a new file is; -1: whoever writes it.
struct Owner {
    uid_t user = uid_t(-1);
    gid_t group = gid_t(-1);
};

/// Of "user" or "user:group", by names or numbers; a user alone: with its own group. Empty: nobody
/// is said. code::notFound: no such user or group.
Result<Owner> ownerOf(const QString &text);

} // namespace qd::cloudconfig
