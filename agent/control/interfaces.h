// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/model/raft_status.h"

#include <QCborArray>
#include <QString>
#include <QStringList>
#include <functional>

/// The console's protocol on the agent: methods, live collections, routing to other nodes. What it
/// needs of the rest of the agent comes through these; the composition implements them.
namespace qd::control {

/// A machine that belongs to the cluster, present or not.
struct Member {
    QString nodeId; ///< machine id
    QString name;
    QString address; ///< host part
    quint16 controlPort = 7443;
    QString raftId; ///< 16 hex digits
    bool learner = false;
};

/// What a machine says of itself when it joins.
struct NewMember {
    QString nodeId;
    QString name;
    QString address;
    QString etcdAddress; ///< where etcd's API is
    quint16 peerPort = 2380;
    quint16 etcdPort = 2379;
    quint16 controlPort = 7443;
    QStringList peerUrls = {}; ///< where the others find it, when it says so itself
};

struct Admitted {
    QString raftId;
    QCborArray members; ///< maps {raftId, machineId, name, address, ports}: the peers that the
                        ///< newcomer talks to
};

class Membership {
public:
    virtual ~Membership() = default;
    virtual QList<Member> members() const = 0;
    /// Adds a raft learner; `done` once, when the change is committed. Promotion is its own affair.
    virtual void admit(const NewMember &who, std::function<void(Result<Admitted>)> done) = 0;
    /// For good: its id never returns. Code "raft.quorum": too few of the others are there.
    virtual void remove(const QString &nodeId, std::function<void(Result<void>)> done) = 0;
    /// A learner votes from now on, even if it is a little behind. code::badInput: it votes
    /// already; code "raft.behind": it is too far behind. One that has caught up is promoted
    /// without being asked for.
    virtual void promote(const QString &nodeId, std::function<void(Result<void>)> done) = 0;
    /// `nodeId` empty: the one that needs the least. The answer is the new leader's.
    virtual void
    transferLeadership(const QString &nodeId, std::function<void(Result<QString>)> done) = 0;
};

class RaftView {
public:
    virtual ~RaftView() = default;
    /// This node's own.
    virtual RaftStatus status() const = 0;
};

} // namespace qd::control
