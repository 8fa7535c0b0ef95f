// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/result.h"

#include <QCborMap>
#include <QList>

namespace qd::node {

/// What every member knows of a member: the context of its entry in raft's membership.
struct MemberInfo {
    raft::NodeId id = raft::kNobody;
    QString machineId; ///< 32 hex digits
    QString name;
    QString address; ///< host part
    /// Where etcd's API is: it has no TLS, so that it may be on the loopback address alone.
    QString etcdAddress;
    quint16 peerPort = 2380;
    quint16 etcdPort = 2379;
    quint16 controlPort = 7443;
    bool learner = false; ///< as the membership says; not part of the context
    bool operator==(const MemberInfo &) const = default;
};

/// 16 hex digits, as ids are written everywhere.
QString idText(quint64 id);
/// 0 when the text is no id.
quint64 idFromText(const QString &text);

/// As a map for the wire and for files, with its raft id.
QCborMap toMap(const MemberInfo &member);
/// code::badInput names what is missing.
Result<MemberInfo> memberFromMap(const QCborMap &map);

QByteArray contextOf(const MemberInfo &member);
/// In the order of their ids. A context that does not decode gives a member without address.
QList<MemberInfo> membersOf(const raft::Membership &membership);

} // namespace qd::node
