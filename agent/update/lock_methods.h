// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/update/rebooter.h"
#include "shared/rpc/methods.h"

namespace qd::update {

/// rebootlock.* of the control protocol. `machineId` is who is meant when nobody is named.
void addLockMethods(rpc::Methods &methods, Rebooter &rebooter, const QString &machineId);

} // namespace qd::update
