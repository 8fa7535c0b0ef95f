// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/endpoint.h"
#include "shared/base/result.h"

#include <QCborArray>
#include <QCborMap>
#include <QList>

namespace qd::node {

/// What every member knows of a member: the context of its entry in raft's membership.
struct MemberInfo {
    raft::NodeId id = raft::kNobody;
    QString machineId; ///< 32 hex digits; empty until its machine has come
    QString name;
    QString address; ///< host part
    /// Where etcd's API is: it has no TLS, so that it may be on the loopback address alone.
    QString etcdAddress;
    quint16 peerPort = 2380;
    quint16 etcdPort = 2379;
    quint16 controlPort = 7443;
    /// Where the others find it, when somebody said so (etcd's peerURLs); else at address and
    /// peerPort.
    QList<Endpoint> peerUrls = {};
    /// Where clients are sent, when it was said (etcd's clientURLs); else to etcdAddress.
    QList<Endpoint> clientUrls = {};
    bool learner = false; ///< as the membership says; not part of the context
    bool operator==(const MemberInfo &) const = default;

    /// Only a place is kept for it: it has been added and has not joined.
    bool isReserved() const { return learner && machineId.isEmpty(); }
    /// At least one; a member without address has none.
    QList<Endpoint> peerEndpoints() const;
    bool isAt(const Endpoint &place) const;
    /// None before its machine has come.
    QList<Endpoint> clientEndpoints() const;
};

/// 16 hex digits, as ids are written everywhere.
QString idText(quint64 id);
/// 0 when the text is no id.
quint64 idFromText(const QString &text);

/// As a map for the wire and for files, with its raft id.
QCborMap toMap(const MemberInfo &member);
/// code::badInput names what is missing.
Result<MemberInfo> memberFromMap(const QCborMap &map);
/// One of whom only the places are known, of which there is at least one.
MemberInfo memberAt(raft::NodeId id, const QString &name, const QList<Endpoint> &peerUrls);
/// One that has been added and not yet joined.
MemberInfo reservation(raft::NodeId id, const QList<Endpoint> &peerUrls);
QCborArray toArray(const QList<Endpoint> &peerUrls);
/// Those that make no sense are left out.
QList<Endpoint> endpointsFromArray(const QCborArray &urls);

QByteArray contextOf(const MemberInfo &member);
/// In the order of their ids, reserved ones too. A context that does not decode gives a member
/// without address.
QList<MemberInfo> membersOf(const raft::Membership &membership);

} // namespace qd::node
