// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/identity.h"

/// When most members are lost for good (ch5-etcd.md 7.5).
namespace qd::node {

/// The members after all but one are lost: it alone votes, and none of the others ever returns.
/// Pure.
raft::Membership onlyOf(const raft::Membership &before, const MemberInfo &survivor);

/// Writes into the log of a node that does not run: all that it holds counts as committed, and the
/// node is the only member. What was acknowledged and lies on its disk stays; what the others alone
/// had is lost with them. The node's lock must be held. code::corrupt: the log is damaged.
Result<void> makeOnlyMember(const NodePaths &paths, const NodeIdentity &identity);

/// Copies a node's folder, which may be in use, to `target`: snapshot, log, keys, and an identity
/// with new ids of cluster and member, so that nobody of the old cluster takes it for one of its
/// own. It starts with --force-new-cluster. code::conflict: something is there already.
Result<NodeIdentity> backUp(const NodePaths &paths, const QString &target);

} // namespace qd::node
