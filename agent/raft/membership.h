// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/result.h"

#include <QByteArrayView>
#include <QString>
#include <algorithm>
#include <functional>

namespace qd::raft {

/// The code of a change that would leave the cluster without a majority.
inline const QString kQuorumLost = QStringLiteral("raft.quorum");

/// One step of a membership change. Steps that change who votes go through a joint membership.
struct MembershipChange {
    enum class Kind { AddLearner, Promote, Remove, UpdateContext };
    Kind kind = Kind::AddLearner;
    NodeId id = kNobody;
    QByteArray context; ///< AddLearner, UpdateContext: opaque bytes for the layer above
};

/// Also one that is on its way out.
bool isVoter(const Membership &membership, NodeId id);
bool isLearner(const Membership &membership, NodeId id);
inline bool isMember(const Membership &membership, NodeId id)
{
    return isVoter(membership, id) || isLearner(membership, id);
}
bool wasRemoved(const Membership &membership, NodeId id);
inline bool isJoint(const Membership &membership)
{
    return !membership.outgoing.empty();
}

/// Everybody who votes, each once.
std::vector<NodeId> allVoters(const Membership &membership);

/// Whether those of whom `says(id)` holds decide: a majority of the voters and, while the
/// membership is joint, of the outgoing ones too.
template <class Says>
bool isQuorum(const Membership &membership, Says says)
{
    const auto majority = [&says](const std::vector<NodeId> &ids) {
        return size_t(std::count_if(ids.begin(), ids.end(), says)) >= ids.size() / 2 + 1;
    };
    return majority(membership.voters) && (!isJoint(membership) || majority(membership.outgoing));
}

/// The highest index that a quorum holds, when `matchOf(id)` is what each voter holds.
template <class MatchOf>
Index quorumIndex(const Membership &membership, MatchOf matchOf)
{
    const auto heldByMajority = [&matchOf](const std::vector<NodeId> &ids) -> Index {
        std::vector<Index> held;
        held.reserve(ids.size());
        for (const NodeId id : ids)
            held.push_back(matchOf(id));
        std::sort(held.begin(), held.end(), std::greater<>());
        return held.empty() ? 0 : held.at(held.size() / 2);
    };
    const Index incoming = heldByMajority(membership.voters);
    return isJoint(membership) ? std::min(incoming, heldByMajority(membership.outgoing)) : incoming;
}

/// The membership after all of the changes at once, or why they make no sense: a joint one when
/// others vote afterwards.
Result<Membership> changed(const Membership &before, const std::vector<MembershipChange> &changes);
/// What a joint membership leads to.
Membership settled(const Membership &joint);

QByteArray encodeMembership(const Membership &membership);
Result<Membership> decodeMembership(QByteArrayView bytes);

} // namespace qd::raft
