// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"

#include <optional>
#include <sys/types.h>
#include <vector>

/// The machine's users and groups. A name that is none never means root (U-26).
namespace qd::units {

/// By name, or by number (then an entry of the user database is not needed).
std::optional<UserInfo> findUser(const QString &nameOrId);
std::optional<gid_t> findGroup(const QString &nameOrId);
/// The groups that the user database puts a user in, `primary` among them.
std::vector<gid_t> groupsOf(const QString &user, gid_t primary);

} // namespace qd::units
