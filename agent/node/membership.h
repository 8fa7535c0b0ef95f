// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/control/interfaces.h"
#include "agent/node/identity.h"
#include "agent/store/replica/replica.h"
#include "shared/rpc/connection.h"
#include "shared/rpc/methods.h"

#include <QTimer>

namespace qd::node {

/// The learner that has caught up with its leader, if there is one: it may become a voter. Nothing
/// when this member does not lead.
std::optional<raft::NodeId> learnerToPromote(const raft::Status &status);

/// A learner is too far behind to vote, or does not answer.
inline const QString kBehind = QStringLiteral("raft.behind");

/// Whether a learner may vote when somebody asks for it: it answers, and what it misses comes soon.
/// kBehind says how far it is; code::badInput: it votes already.
Result<void> mayVote(const raft::Status &status, raft::NodeId id);

/// The members as raft's membership has them, and the changes to it: a newcomer is added as a
/// learner, promoted once it has caught up (one at a time), and a member whose name, address or
/// ports are others now says so. Changes go to the leader, wherever it is.
class ClusterMembership final : public QObject, public control::Membership {
    Q_OBJECT
public:
    using CallNode = std::function<void(
        const QString &nodeId, const QString &method, const QCborMap &params, rpc::Answer done)>;

    ClusterMembership(const NodeIdentity &identity, store::Replica &replica, Random &random);

    /// How to reach the agent of another member; before start().
    void setCallNode(CallNode call) { m_callNode = std::move(call); }
    /// member.*, which the other agents call: any member passes them on.
    void addMethods(rpc::Methods &methods);
    /// Begins to look after learners and after this member's own entry.
    void start();
    void stop() { m_timer.stop(); }

    QList<control::Member> members() const override;
    void admit(const control::NewMember &who, std::function<void(Result<control::Admitted>)> done)
        override;
    void remove(const QString &nodeId, std::function<void(Result<void>)> done) override;
    void remove(raft::NodeId id, std::function<void(Result<void>)> done);
    void promote(const QString &nodeId, std::function<void(Result<void>)> done) override;
    /// Keeps an id for a member that is yet to join from one of these places. It does not vote
    /// before it has caught up.
    void reserve(const QList<Endpoint> &peerUrls, std::function<void(Result<MemberInfo>)> done);
    /// Where the others find a member from now on.
    void
    move(raft::NodeId id, const QList<Endpoint> &peerUrls, std::function<void(Result<void>)> done);
    void
    transferLeadership(const QString &nodeId, std::function<void(Result<QString>)> done) override;

    /// As members(), with everything; before the log tells, those that `join` was told.
    QList<MemberInfo> known() const;
    /// Which member a machine's certificate speaks for; raft::kNobody when it is not known (yet).
    raft::NodeId memberOf(const QString &machineId) const;

private:
    using Settled = std::function<void(Result<QCborMap>)>;
    void
    settleHere(const QString &method, const QCborMap &params, qint64 untilMs, const Settled &done);
    void removeHere(raft::NodeId id, qint64 untilMs, const Settled &done);
    void transferHere(raft::NodeId to, const Settled &done);
    void promoteHere(raft::NodeId id, const Settled &done);
    std::optional<MemberInfo> memberOfMachine(const QString &machineId) const;
    QString machineOf(raft::NodeId id) const;
    /// Writes the entry of a member that comes in (again: only its context) or has changed. A
    /// passing failure is tried again as `method` with the same `params`.
    void writeEntry(
        const QString &method, const QCborMap &params, const MemberInfo &who, qint64 untilMs,
        const Settled &done);
    void answerMembers(raft::NodeId id, const Settled &done) const;
    raft::NodeId freshId();
    void
    askLeader(const QString &method, const QCborMap &params, qint64 untilMs, const Settled &done);
    void again(std::function<void()> what);
    void look();
    void promote();
    void vote(raft::NodeId id, std::function<void(Result<void>)> done);
    void announce();
    QString anotherMachine();

    NodeIdentity m_identity;
    store::Replica &m_replica;
    Random &m_random;
    CallNode m_callNode;
    QTimer m_timer;
    SystemClock m_clock;
    bool m_promoting = false;
    bool m_announcing = false;
    qsizetype m_turn = 0; ///< which of the others is asked next
};

} // namespace qd::node
