// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/member_info.h"

/// Which changes of the members make sense. Pure: the members as they are in, the entry to write
/// out.
namespace qd::node {

/// So many may have been added without having joined; else code::limit.
inline constexpr int kMostReserved = 16;

/// The entry of a member that is added before its machine comes. etcd::kPeerUrlExists.
Result<MemberInfo>
reserved(const QList<MemberInfo> &members, raft::NodeId id, const QList<Endpoint> &peerUrls);

/// The entry of a member that the others find elsewhere from now on. code::notFound,
/// etcd::kPeerUrlExists.
Result<MemberInfo>
movedTo(const QList<MemberInfo> &members, raft::NodeId id, const QList<Endpoint> &peerUrls);

/// The entry of a machine that joins, with the id that it had before it started, or that was kept
/// for its place, or else its own. code::badInput: it has started already, or its name is taken.
Result<MemberInfo> admitted(const QList<MemberInfo> &members, MemberInfo who);

/// The same for one that must have been added before (etcd's initial-cluster-state "existing").
Result<MemberInfo> admittedWhenAdded(const QList<MemberInfo> &members, const MemberInfo &who);

/// The entry that a member which runs should have. What an operator said of its place holds until
/// it listens somewhere else.
MemberInfo announced(const MemberInfo &entry, MemberInfo self);

bool hasId(const QList<MemberInfo> &members, raft::NodeId id);

} // namespace qd::node
