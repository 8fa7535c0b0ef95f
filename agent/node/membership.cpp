// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/membership.h"

#include "agent/node/member_rules.h"
#include "agent/raft/membership.h"
#include "shared/base/log.h"

#include <QCborArray>

namespace qd::node {

namespace {

constexpr int kLookMs = 200;
constexpr int kAgainMs = 100;
constexpr qint64 kAdmitMs = 20'000;
/// A learner so near the end of the log has caught up: the rest goes with the next append.
constexpr raft::Index kNear = 100;
/// So near that it may vote when somebody asks for it: seconds of writes.
constexpr raft::Index kWithinReach = 10'000;

const QString kAdmit = QStringLiteral("member.admit");
const QString kUpdate = QStringLiteral("member.update");
const QString kRemove = QStringLiteral("member.remove");
const QString kTransfer = QStringLiteral("member.transfer");
const QString kPromote = QStringLiteral("member.promote");
const QString kReserve = QStringLiteral("member.reserve");
const QString kMove = QStringLiteral("member.move");
const QString kRaftId = QStringLiteral("raftId");
const QString kPeerUrls = QStringLiteral("peerUrls");
const QString kAnnounced = QStringLiteral("announced");

/// Whether the change may go through a moment later: no leader, or another change is under way.
/// What may have happened already may be asked for again: the answer is the same.
bool isPassing(const Error &error)
{
    return error.code == code::noLeader || error.code == code::conflict ||
           error.code == code::unreachable || error.code == code::unknownOutcome ||
           error.code == code::deadline;
}

} // namespace

std::optional<raft::NodeId> learnerToPromote(const raft::Status &status)
{
    if (status.role != raft::Role::Leader)
        return std::nullopt;
    for (const raft::PeerStatus &peer : status.peers) {
        const raft::Progress &progress = peer.progress;
        if (peer.learner && progress.state == raft::Progress::State::Replicate &&
            progress.match > 0 && progress.match + kNear >= status.lastIndex)
            return peer.id;
    }
    return std::nullopt;
}

Result<void> mayVote(const raft::Status &status, raft::NodeId id)
{
    const auto peer =
        std::find_if(status.peers.begin(), status.peers.end(), [id](const raft::PeerStatus &each) {
            return each.id == id;
        });
    if (id == status.id || (peer != status.peers.end() && !peer->learner))
        return fail(code::badInput, QStringLiteral("It votes already."));
    if (peer == status.peers.end())
        return fail(code::notFound, QStringLiteral("It is no member."));
    const raft::Progress &progress = peer->progress;
    if (progress.state == raft::Progress::State::Snapshot)
        return fail(
            kBehind, QStringLiteral("A snapshot is on its way to it: it votes by itself "
                                    "when it has caught up."));
    if (progress.state != raft::Progress::State::Replicate || progress.match == 0)
        return fail(
            kBehind, QStringLiteral("It does not answer: with its vote, one less could be lost."));
    if (progress.match + kWithinReach < status.lastIndex)
        return fail(
            kBehind,
            QStringLiteral("It is %L1 entries behind: it votes by itself when it has caught up.")
                .arg(status.lastIndex - progress.match));
    return {};
}

ClusterMembership::ClusterMembership(
    const NodeIdentity &identity, store::Replica &replica, Random &random)
    : m_identity(identity)
    , m_replica(replica)
    , m_random(random)
{
    m_timer.setInterval(kLookMs);
    connect(&m_timer, &QTimer::timeout, this, &ClusterMembership::look);
}

void ClusterMembership::start()
{
    m_timer.start();
}

QList<MemberInfo> ClusterMembership::known() const
{
    const QList<MemberInfo> members = membersOf(m_replica.membership());
    return members.isEmpty() ? m_identity.peers : members;
}

QList<control::Member> ClusterMembership::members() const
{
    QList<control::Member> out;
    const QList<MemberInfo> all = known();
    for (const MemberInfo &member : all) {
        if (!member.machineId.isEmpty())
            out.append(
                {member.machineId, member.name, member.address, member.controlPort,
                 idText(member.id), member.learner});
    }
    return out;
}

std::optional<MemberInfo> ClusterMembership::memberOfMachine(const QString &machineId) const
{
    const QList<MemberInfo> all = known();
    const auto found = std::find_if(all.begin(), all.end(), [&](const MemberInfo &member) {
        return member.machineId == machineId;
    });
    return found == all.end() ? std::nullopt : std::optional(*found);
}

raft::NodeId ClusterMembership::memberOf(const QString &machineId) const
{
    const auto member = memberOfMachine(machineId);
    return member ? member->id : raft::kNobody;
}

QString ClusterMembership::machineOf(raft::NodeId id) const
{
    const QList<MemberInfo> all = known();
    for (const MemberInfo &member : all) {
        if (member.id == id)
            return member.machineId;
    }
    return {};
}

void ClusterMembership::again(std::function<void()> what)
{
    QTimer::singleShot(kAgainMs, this, std::move(what));
}

void ClusterMembership::addMethods(rpc::Methods &methods)
{
    for (const QString &method : {kAdmit, kUpdate, kRemove, kTransfer, kPromote, kReserve, kMove}) {
        methods.addForNodes(method, [this, method](const rpc::CallPtr &call) {
            const qint64 untilMs = m_clock.monotonicMs() + kAdmitMs;
            askLeader(method, call->params(), untilMs, [call](const Result<QCborMap> &answer) {
                call->reply(answer);
            });
        });
    }
}

void ClusterMembership::admit(
    const control::NewMember &who, std::function<void(Result<control::Admitted>)> done)
{
    MemberInfo member;
    member.id = freshId();
    member.machineId = who.nodeId;
    member.name = who.name;
    member.address = who.address;
    member.etcdAddress = who.etcdAddress;
    member.peerPort = who.peerPort;
    member.etcdPort = who.etcdPort;
    member.controlPort = who.controlPort;
    member.peerUrls = endpointsFromArray(QCborArray::fromStringList(who.peerUrls));
    const Settled settled = [done = std::move(done)](const Result<QCborMap> &answer) {
        if (!answer)
            return done(fail(answer.error()));
        done(control::Admitted{
            answer->value(QLatin1String("raftId")).toString(),
            answer->value(QLatin1String("members")).toArray()});
    };
    askLeader(kAdmit, toMap(member), m_clock.monotonicMs() + kAdmitMs, settled);
}

raft::NodeId ClusterMembership::freshId()
{
    raft::NodeId id = raft::kNobody;
    while (id == raft::kNobody)
        id = m_random.next();
    return id;
}

void ClusterMembership::reserve(
    const QList<Endpoint> &peerUrls, std::function<void(Result<MemberInfo>)> done)
{
    const raft::NodeId id = freshId();
    const QCborMap params{{kRaftId, idText(id)}, {kPeerUrls, toArray(peerUrls)}};
    askLeader(
        kReserve, params, m_clock.monotonicMs() + kAdmitMs,
        [id, peerUrls, done = std::move(done)](const Result<QCborMap> &answer) {
            done(answer ? Result<MemberInfo>(reservation(id, peerUrls)) : fail(answer.error()));
        });
}

void ClusterMembership::move(
    raft::NodeId id, const QList<Endpoint> &peerUrls, std::function<void(Result<void>)> done)
{
    const QCborMap params{{kRaftId, idText(id)}, {kPeerUrls, toArray(peerUrls)}};
    askLeader(
        kMove, params, m_clock.monotonicMs() + kAdmitMs,
        [done = std::move(done)](const Result<QCborMap> &answer) {
            done(answer ? Result<void>() : fail(answer.error()));
        });
}

/// Here when this member leads; else the leader is called, and called again until the time is up.
void ClusterMembership::askLeader(
    const QString &method, const QCborMap &params, qint64 untilMs, const Settled &done)
{
    if (m_replica.isLeader())
        return settleHere(method, params, untilMs, done);
    const Settled retry = [this, method, params, untilMs, done](const Result<QCborMap> &answer) {
        if (answer || !isPassing(answer.error()) || m_clock.monotonicMs() > untilMs)
            return done(answer);
        again([this, method, params, untilMs, done] { askLeader(method, params, untilMs, done); });
    };
    const QString machine = machineOf(m_replica.leader());
    if (machine.isEmpty() || !m_callNode)
        return retry(fail(code::noLeader, QStringLiteral("the cluster has no leader just now")));
    m_callNode(machine, method, params, retry);
}

void ClusterMembership::settleHere(
    const QString &method, const QCborMap &params, qint64 untilMs, const Settled &done)
{
    const raft::NodeId id = idFromText(params.value(kRaftId).toString());
    if (method == kRemove)
        return removeHere(id, untilMs, done);
    if (method == kTransfer)
        return transferHere(id, done);
    if (method == kPromote)
        return promoteHere(id, done);
    const QList<Endpoint> peerUrls = endpointsFromArray(params.value(kPeerUrls).toArray());
    auto entry = memberFromMap(params);
    if (method == kReserve)
        entry = reserved(known(), id, peerUrls);
    else if (method == kMove)
        entry = movedTo(known(), id, peerUrls);
    else if (method == kAdmit && entry)
        entry = params.value(kAnnounced).toBool() ? admittedWhenAdded(known(), *entry)
                                                  : admitted(known(), *entry);
    if (entry && entry->machineId.isEmpty() && (method == kAdmit || method == kUpdate))
        entry = fail(code::badInput, QStringLiteral("a member without machineId does not count"));
    if (!entry)
        return done(fail(entry.error()));
    writeEntry(method, params, *entry, untilMs, done);
}

void ClusterMembership::remove(const QString &nodeId, std::function<void(Result<void>)> done)
{
    const auto member = memberOfMachine(nodeId);
    if (!member)
        return done(fail(
            code::notFound, QStringLiteral("There is no node %1 in the cluster.").arg(nodeId)));
    remove(member->id, [done = std::move(done), name = member->name](const Result<void> &removed) {
        if (removed)
            return done({});
        done(fail(removed.error().code == raft::kQuorumLost
                          ? Error{
                                raft::kQuorumLost,
                                QStringLiteral("%1 cannot be removed: %2.")
                                    .arg(name, removed.error().message),
                                {}, {}}
                          : removed.error()));
    });
}

void ClusterMembership::remove(raft::NodeId id, std::function<void(Result<void>)> done)
{
    const QCborMap params{{kRaftId, idText(id)}};
    askLeader(
        kRemove, params, m_clock.monotonicMs() + kAdmitMs,
        [done = std::move(done)](const Result<QCborMap> &answer) {
            done(answer ? Result<void>() : fail(answer.error()));
        });
}

/// One that is gone already may be asked for again: the first answer was lost.
void ClusterMembership::removeHere(raft::NodeId id, qint64 untilMs, const Settled &done)
{
    const raft::Membership &now = m_replica.membership();
    if (!raft::isJoint(now) && raft::wasRemoved(now, id))
        return done(QCborMap());
    m_replica.change(
        {{raft::MembershipChange::Kind::Remove, id, {}}},
        [this, id, untilMs, done](const Result<void> &changed) {
            if (changed)
                qCInfo(lcNode).noquote() << "member" << idText(id) << "was removed";
            if (!changed && isPassing(changed.error()) && m_clock.monotonicMs() < untilMs)
                return again([this, id, untilMs, done] {
                    askLeader(kRemove, {{kRaftId, idText(id)}}, untilMs, done);
                });
            done(changed ? Result<QCborMap>(QCborMap()) : fail(changed.error()));
        });
}

void ClusterMembership::transferLeadership(
    const QString &nodeId, std::function<void(Result<QString>)> done)
{
    const auto member = memberOfMachine(nodeId);
    if (!nodeId.isEmpty() && !member)
        return done(fail(
            code::notFound, QStringLiteral("There is no node %1 in the cluster.").arg(nodeId)));
    const QCborMap params{{kRaftId, idText(member ? member->id : raft::kNobody)}};
    askLeader(
        kTransfer, params, m_clock.monotonicMs() + kAdmitMs,
        [this, done = std::move(done)](const Result<QCborMap> &answer) {
            if (!answer)
                return done(fail(answer.error()));
            done(machineOf(idFromText(answer->value(kRaftId).toString())));
        });
}

void ClusterMembership::transferHere(raft::NodeId to, const Settled &done)
{
    m_replica.transferLeadership(to, [done](const Result<raft::NodeId> &next) {
        done(next ? Result<QCborMap>(QCborMap{{kRaftId, idText(*next)}}) : fail(next.error()));
    });
}

void ClusterMembership::promote(const QString &nodeId, std::function<void(Result<void>)> done)
{
    const auto member = memberOfMachine(nodeId);
    if (!member)
        return done(fail(
            code::notFound, QStringLiteral("There is no node %1 in the cluster.").arg(nodeId)));
    const QCborMap params{{kRaftId, idText(member->id)}};
    askLeader(
        kPromote, params, m_clock.monotonicMs() + kAdmitMs,
        [done = std::move(done)](const Result<QCborMap> &answer) {
            done(answer ? Result<void>() : fail(answer.error()));
        });
}

void ClusterMembership::promoteHere(raft::NodeId id, const Settled &done)
{
    if (const auto may = mayVote(m_replica.status().raft, id); !may)
        return done(fail(may.error()));
    vote(id, [done](const Result<void> &changed) {
        done(changed ? Result<QCborMap>(QCborMap()) : fail(changed.error()));
    });
}

void ClusterMembership::vote(raft::NodeId id, std::function<void(Result<void>)> done)
{
    m_replica.change(
        {{raft::MembershipChange::Kind::Promote, id, {}}},
        [id, done = std::move(done)](const Result<void> &changed) {
            if (changed)
                qCInfo(lcNode).noquote() << "member" << idText(id) << "votes from now on";
            done(changed);
        });
}

void ClusterMembership::writeEntry(
    const QString &method, const QCborMap &params, const MemberInfo &who, qint64 untilMs,
    const Settled &done)
{
    const bool comes = (method == kAdmit || method == kReserve) && !hasId(known(), who.id);
    raft::MembershipChange change;
    change.kind = comes ? raft::MembershipChange::Kind::AddLearner
                        : raft::MembershipChange::Kind::UpdateContext;
    change.id = who.id;
    change.context = contextOf(who);
    const auto written = [this, method, params, id = who.id, untilMs,
                          done](const Result<void> &changed) {
        if (changed)
            return answerMembers(id, done);
        if (!isPassing(changed.error()) || m_clock.monotonicMs() > untilMs)
            return done(fail(changed.error()));
        again([this, method, params, untilMs, done] { askLeader(method, params, untilMs, done); });
    };
    m_replica.change({change}, written);
}

void ClusterMembership::answerMembers(raft::NodeId id, const Settled &done) const
{
    QCborArray members;
    const QList<MemberInfo> now = known();
    for (const MemberInfo &member : now)
        members.append(toMap(member));
    done(QCborMap{{kRaftId, idText(id)}, {QStringLiteral("members"), members}});
}

void ClusterMembership::look()
{
    promote();
    announce();
}

void ClusterMembership::promote()
{
    if (m_promoting || !m_replica.isLeader() || m_replica.membership().learners.empty())
        return;
    const auto learner = learnerToPromote(m_replica.status().raft);
    if (!learner)
        return;
    m_promoting = true;
    vote(*learner, [this](const Result<void> &) { m_promoting = false; });
}

/// Whom to ask when no leader is known: a member that has moved hears nothing, for the others still
/// call it at its old address. They know the leader.
QString ClusterMembership::anotherMachine()
{
    QList<MemberInfo> others = known();
    others.removeIf([this](const MemberInfo &member) {
        return member.id == m_identity.self.id || member.learner || member.machineId.isEmpty();
    });
    return others.isEmpty() ? QString() : others.at(m_turn++ % others.size()).machineId;
}

void ClusterMembership::announce()
{
    const raft::NodeId self = m_identity.self.id;
    if (m_announcing || !raft::isMember(m_replica.membership(), self))
        return;
    const QList<MemberInfo> all = known();
    for (const MemberInfo &member : all) {
        const MemberInfo mine = announced(member, m_identity.self);
        if (member.id != self || member == mine)
            continue;
        m_announcing = true;
        const Settled told = [this, mine](const Result<QCborMap> &answer) {
            m_announcing = false;
            if (answer)
                qCInfo(lcNode).noquote() << "the members know of" << mine.address;
        };
        if (m_replica.leader() != raft::kNobody)
            return askLeader(kUpdate, toMap(mine), m_clock.monotonicMs(), told);
        const QString machine = anotherMachine();
        if (machine.isEmpty() || !m_callNode)
            return told(fail(code::noLeader, QStringLiteral("nobody can be asked")));
        return m_callNode(machine, kUpdate, toMap(mine), told);
    }
}

} // namespace qd::node
