// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/statistics.h"
#include "shared/model/raft_status.h"

namespace qd::node {

/// What was done to the store, an operation a row, in etcd's order; the rates are of the time that
/// has passed since `before`.
QList<StoreOperation>
operationsOf(const store::Statistics &now, const store::Statistics &before, double seconds);

} // namespace qd::node
