// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/result.h"

#include <QByteArrayView>

namespace qd::raft {

/// One step of a membership change; one at a time (Ongaro's thesis 4.1).
struct MembershipChange {
    enum class Kind { AddLearner, Promote, Remove, UpdateContext };
    Kind kind = Kind::AddLearner;
    NodeId id = kNobody;
    QByteArray context; ///< AddLearner, UpdateContext: opaque bytes for the layer above
};

bool isVoter(const Membership &membership, NodeId id);
bool isLearner(const Membership &membership, NodeId id);
inline bool isMember(const Membership &membership, NodeId id)
{
    return isVoter(membership, id) || isLearner(membership, id);
}
/// How many voters are a majority.
inline size_t quorum(const Membership &membership)
{
    return membership.voters.size() / 2 + 1;
}

/// The membership after the change, or why the change makes no sense.
Result<Membership> changed(const Membership &before, const MembershipChange &change);

QByteArray encodeMembership(const Membership &membership);
Result<Membership> decodeMembership(QByteArrayView bytes);

} // namespace qd::raft
