// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/config.h"
#include "agent/node/identity.h"

/// What a cluster is that several members make together: the same on each of them, from the same
/// flags. Pure.
namespace qd::node {

/// etcd's ids, so that they tell the same clusters apart: SHA-1 of the sorted URLs and the label.
raft::NodeId memberIdOf(const QList<Endpoint> &places, const QString &token);
quint64 clusterIdOf(const QList<MemberInfo> &members);

/// The members that --initial-cluster names, in its order.
QList<MemberInfo> membersOf(const QList<NamedPlace> &cluster, const QString &token);

/// Where the others find this member: as it says itself, else as --initial-cluster says.
QList<Endpoint> ownPlaces(const EtcdOptions &etcd, const QString &name);

/// Which of them `self` is, with its id. code::badInput in etcd's words: its name is not among
/// them, or its URLs are others there.
Result<NodeIdentity> foundedTogether(const Config &config, MemberInfo self);

} // namespace qd::node
