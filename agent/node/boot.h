// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/paths.h"
#include "shared/base/result.h"

namespace qd::node {

/// The machine has been off since noteBoot() was called last (or that never happened).
bool isNewBoot(const NodePaths &paths);
/// Remembers which life of the machine this is. Error: code::io.
Result<void> noteBoot(const NodePaths &paths);

} // namespace qd::node
