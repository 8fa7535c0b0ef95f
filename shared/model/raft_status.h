// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/model/alarm.h"
#include "shared/model/node.h"

#include <QList>
#include <QObject>
#include <QString>

namespace qd {

/// How far the leader knows a follower to be.
struct RaftPeer {
    Q_GADGET
    Q_PROPERTY(QString raftId MEMBER raftId)
    Q_PROPERTY(QString name MEMBER name)
    Q_PROPERTY(QString state MEMBER state)
    Q_PROPERTY(qint64 matchIndex MEMBER matchIndex)
    Q_PROPERTY(qint64 nextIndex MEMBER nextIndex)
    Q_PROPERTY(bool learner MEMBER learner)
    Q_PROPERTY(bool active MEMBER active)
    Q_PROPERTY(int inflight MEMBER inflight)
    Q_PROPERTY(qint64 inflightBytes MEMBER inflightBytes)
    Q_PROPERTY(qint64 snapshotSent MEMBER snapshotSent)
    Q_PROPERTY(qint64 snapshotBytes MEMBER snapshotBytes)

public:
    QString raftId;
    QString name;
    QString state; ///< probe, replicate, snapshot
    qint64 matchIndex = 0;
    qint64 nextIndex = 0;
    bool learner = false;
    bool active = false;      ///< heard from within an election time-out
    int inflight = 0;         ///< appends under way
    qint64 inflightBytes = 0; ///< of entries in them
    qint64 snapshotSent = 0;  ///< of a snapshot on its way: what has arrived there
    qint64 snapshotBytes = 0; ///< its size; 0: none is on its way

    bool operator==(const RaftPeer &) const = default;
};

/// How often something was done to a member's store since it started.
struct StoreOperation {
    Q_GADGET
    Q_PROPERTY(QString name MEMBER name)
    Q_PROPERTY(qint64 success MEMBER success)
    Q_PROPERTY(qint64 fail MEMBER fail)
    Q_PROPERTY(double perSecond MEMBER perSecond)

public:
    QString name; ///< get, set, create, update, delete, compareAndSwap, compareAndDelete, expire
    qint64 success = 0;
    qint64 fail = 0;
    double perSecond = 0; ///< of both, over the last second

    bool operator==(const StoreOperation &) const = default;
};

/// One member's view of consensus. Collection `raft`, key `nodeId`.
struct RaftStatus {
    Q_GADGET
    Q_PROPERTY(QString nodeId MEMBER nodeId)
    Q_PROPERTY(QString nodeName MEMBER nodeName)
    Q_PROPERTY(QString raftId MEMBER raftId)
    Q_PROPERTY(qd::Node::Role role MEMBER role)
    Q_PROPERTY(QString leader MEMBER leader)
    Q_PROPERTY(QString vote MEMBER vote)
    Q_PROPERTY(qint64 term MEMBER term)
    Q_PROPERTY(qint64 firstIndex MEMBER firstIndex)
    Q_PROPERTY(qint64 lastIndex MEMBER lastIndex)
    Q_PROPERTY(qint64 commitIndex MEMBER commitIndex)
    Q_PROPERTY(qint64 appliedIndex MEMBER appliedIndex)
    Q_PROPERTY(double proposalsPerSecond MEMBER proposalsPerSecond)
    Q_PROPERTY(double syncMs MEMBER syncMs)
    Q_PROPERTY(QList<qd::RaftPeer> peers MEMBER peers)
    Q_PROPERTY(QList<qd::StoreOperation> operations MEMBER operations)
    Q_PROPERTY(qint64 watchers MEMBER watchers)
    Q_PROPERTY(QList<qd::Alarm> alarms MEMBER alarms)
    Q_PROPERTY(bool reachable MEMBER reachable)

public:
    QString nodeId;
    QString nodeName;
    QString raftId;
    Node::Role role = Node::Role::None;
    QString leader; ///< raft id, empty while none is known
    QString vote;   ///< raft id of this term's vote, empty = none
    qint64 term = 0;
    qint64 firstIndex = 0;
    qint64 lastIndex = 0;
    qint64 commitIndex = 0;
    qint64 appliedIndex = 0;
    double proposalsPerSecond = 0;    ///< over the last second
    double syncMs = 0;                ///< mean fdatasync time over the last second
    QList<RaftPeer> peers;            ///< the leader's only
    QList<StoreOperation> operations; ///< of its store; reads are those that it answered itself
    qint64 watchers = 0;              ///< now, the agent's own among them
    QList<Alarm> alarms;              ///< that it knows of, of itself and of others
    bool reachable = true;            ///< false: what is shown is the last that was known

    bool operator==(const RaftStatus &) const = default;
};

} // namespace qd
