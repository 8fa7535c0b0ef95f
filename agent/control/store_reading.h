// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"
#include "shared/rpc/methods.h"

namespace qd::control {

/// Answers a call with a stream: what `event` has read, the node and what is below it, an entry a
/// line. However much it is, it leaves at the pace of the one who reads.
void streamEntries(const rpc::CallPtr &call, const store::Event &event);

} // namespace qd::control
