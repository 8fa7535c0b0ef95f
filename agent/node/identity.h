// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/member_info.h"
#include "agent/node/paths.h"

namespace qd::node {

/// Who this node is, as `init` or `join` wrote it down (identity.json in the state folder).
struct NodeIdentity {
    quint64 cluster = 0;
    QString clusterName;
    MemberInfo self;
    /// Whom a node that joined talks to before its log tells it.
    QList<MemberInfo> peers;
    bool founder = false; ///< it made the cluster
    /// Those who made it together, this one too, as each of them knew at the start; empty: it
    /// alone.
    QList<MemberInfo> founders = {};
    /// The log was there once: it must never be made anew, for its votes and acknowledgements
    /// would be forgotten.
    bool started = false;
    /// It was removed from the cluster and never takes part again.
    bool removed = false;
    /// Why its state is not that of the other members; empty: it is. It never takes part again.
    QString diverged;
    bool operator==(const NodeIdentity &) const = default;
};

/// code::notFound: this machine is no member of a cluster yet.
Result<NodeIdentity> loadIdentity(const NodePaths &paths);
/// Written whole or not at all, mode 0600.
Result<void> saveIdentity(const NodePaths &paths, const NodeIdentity &identity);

/// Makes the state folder (0700); code::conflict when a node lives there already.
Result<void> claimStateFolder(const NodePaths &paths);

} // namespace qd::node
