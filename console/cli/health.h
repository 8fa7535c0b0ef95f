// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/model/node.h"
#include "shared/model/raft_status.h"

namespace qd::cli {

/// What is wrong with a cluster, a sentence each; empty: it is healthy. Healthy are `wanted` nodes
/// (0: all that the cluster has), each ready, each a voter that can be reached, all with the same
/// leader, none with an alarm.
QStringList ailments(const QList<Node> &nodes, const QList<RaftStatus> &raft, int wanted);

} // namespace qd::cli
