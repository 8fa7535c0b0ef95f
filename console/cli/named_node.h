// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/invocation.h"

namespace qd::cli {

/// `use` gets the node of that name, or id, or unmistakable beginning of an id, and all nodes; when
/// there is none, the run ends with the sentence why.
void withNode(
    Invocation &run, const QString &name,
    const std::function<void(const Node &, const QList<Node> &all)> &use);

} // namespace qd::cli
