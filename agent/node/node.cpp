// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/node.h"

#include "agent/node/client_tls.h"
#include "agent/node/heap.h"
#include "agent/node/recovery.h"
#include "agent/raft/membership.h"
#include "shared/base/log.h"
#include "shared/security/pki_folder.h"

#include <QDir>

namespace qd::node {

namespace {

/// Consensus counts in fifths of a heartbeat, so that two members' random time-outs seldom meet.
constexpr int kTicksPerHeartbeat = 5;
constexpr int kHandoverMs = 1'000;

int tickMs(const Config &config)
{
    return qMax(1, config.heartbeatMs / kTicksPerHeartbeat);
}

raft::Config raftConfig(const Config &config, raft::NodeId self)
{
    raft::Config out;
    out.id = self;
    out.heartbeatTicks = qMax(1, config.heartbeatMs / tickMs(config));
    out.electionTicks = qMax(out.heartbeatTicks * 2, config.electionMs / tickMs(config));
    // Votes take a few milliseconds: half an election time is room enough for two not to meet, and
    // a killed leader is missed sooner.
    out.spreadTicks = qMax(out.heartbeatTicks, out.electionTicks / 2);
    return out;
}

/// Where a member is looked for: where somebody said that it is, and where it says so itself.
QList<peer::Address> placesOf(const MemberInfo &member)
{
    QList<peer::Address> out;
    if (member.isReserved() || member.address.isEmpty())
        return out;
    for (const Endpoint &place : member.peerUrls)
        out.append({place.host, place.port});
    const peer::Address own{member.address, member.peerPort};
    if (!out.contains(own))
        out.append(own);
    return out;
}

/// The same on every founder: a log begins with it.
raft::Membership founded(const NodeIdentity &identity)
{
    QList<MemberInfo> members = identity.founders;
    if (members.isEmpty())
        members = {identity.self};
    std::sort(members.begin(), members.end(), [](const MemberInfo &one, const MemberInfo &other) {
        return one.id < other.id;
    });
    raft::Membership out;
    for (const MemberInfo &member : std::as_const(members)) {
        out.voters.push_back(member.id);
        out.contexts.push_back({member.id, contextOf(member)});
    }
    return out;
}

/// It announces its machine as soon as it takes part.
bool hasCome(const raft::Membership &membership, raft::NodeId id)
{
    const QList<MemberInfo> members = membersOf(membership);
    return std::any_of(members.begin(), members.end(), [id](const MemberInfo &member) {
        return member.id == id && !member.machineId.isEmpty();
    });
}

} // namespace

Node::Node(Config config)
    : m_config(std::move(config))
{
    m_ticks.setTimerType(Qt::PreciseTimer);
    m_ticks.setInterval(tickMs(m_config));
    connect(&m_ticks, &QTimer::timeout, this, &Node::tick);
}

Node::~Node() = default;

/// Nothing in the folder is read that counts, let alone written, before it is ours.
Result<void> Node::enterStateFolder()
{
    if (const auto known = loadIdentity(m_config.paths); !known)
        return fail(known.error()); // no lock where no node lives
    auto lock = StateLock::take(m_config.paths);
    if (!lock)
        return fail(lock.error());
    m_lock = std::move(*lock);
    auto identity = loadIdentity(m_config.paths);
    if (!identity)
        return fail(identity.error());
    m_identity = std::move(*identity);
    if (m_identity.removed)
        return fail(
            code::denied,
            QStringLiteral("this node was removed from the cluster \"%1\" and never takes part in "
                           "it again: remove the folder %2 and join with a new token")
                .arg(m_identity.clusterName, m_config.paths.state));
    if (!m_identity.diverged.isEmpty())
        return fail(
            code::denied,
            QStringLiteral("this node was stopped: %1. Keep the folder %2 for whoever looks into "
                           "it, remove the node from the cluster and join anew")
                .arg(m_identity.diverged, m_config.paths.state));
    return {};
}

Result<void> Node::start()
{
    if (const auto entered = enterStateFolder(); !entered)
        return entered;
    MemberInfo &self = m_identity.self;
    if (!m_config.address.isEmpty())
        self.address = m_config.address;
    self.etcdAddress = etcdAddress(m_config, self.address);
    self.peerPort = m_config.peerPort;
    self.etcdPort = m_config.etcdPort;
    self.controlPort = m_config.controlPort;
    self.peerUrls = m_config.etcd.advertisePeer;
    self.clientUrls = m_config.etcd.advertiseClient;
    if (const auto alone = becomeOnlyMember(); !alone)
        return alone;
    if (const auto renewed = renewCertificate(); !renewed)
        return renewed;
    if (const auto started = startConsensus(); !started)
        return started;
    if (const auto started = startServices(); !started)
        return started;
    qCInfo(lcNode).noquote() << "node" << self.name << self.machineId << "of cluster"
                             << m_identity.clusterName << "runs at" << self.address << "as member"
                             << idText(self.id);
    return {};
}

Result<void> Node::becomeOnlyMember()
{
    if (!m_config.etcd.forceNewCluster)
        return {};
    if (const auto made = makeOnlyMember(m_config.paths, m_identity); !made)
        return fail(made.error().during(QStringLiteral("--force-new-cluster")));
    qCWarning(lcNode) << "this node is the only member now: start it without --force-new-cluster "
                         "from now on, or it will forget the members that you add";
    return {};
}

Result<void> Node::renewCertificate()
{
    const security::PkiFolder pki(m_config.paths.pki());
    const MemberInfo &self = m_identity.self;
    const security::Subject subject{
        {security::Identity::Kind::Node, self.machineId, security::Role::None, self.name},
        {self.address, self.name}};
    const auto renewed = pki.renewIfDue(subject, QDateTime::currentDateTimeUtc());
    if (!renewed)
        return fail(renewed.error());
    if (*renewed)
        qCInfo(lcNode) << "the node's certificate was renewed";
    auto credentials = pki.node();
    if (!credentials)
        return fail(credentials.error());
    m_credentials = std::move(*credentials);
    return {};
}

void Node::schedulePump()
{
    QMetaObject::invokeMethod(
        this, [this] { m_replica->pump(); }, Qt::QueuedConnection);
}

void Node::makeReplica()
{
    peer::Network::Receivers receivers;
    receivers.frame = [this](raft::NodeId from, store::PeerKind kind, QByteArrayView payload) {
        m_replica->receive(from, kind, payload);
    };
    receivers.snapshot = [this](const raft::Message &message, const QByteArray &state) {
        m_replica->receiveSnapshot(message, state);
    };
    receivers.memberOf = [this](const QString &machineId) {
        return m_membership->memberOf(machineId);
    };
    m_network = std::make_unique<peer::Network>(
        m_credentials, m_identity.cluster, m_identity.self.id, std::move(receivers));
    m_keyspace = std::make_unique<store::Keyspace>(
        [this](std::function<void()> what) { m_replica->defer(std::move(what)); });
    const auto post = [this](std::function<void()> what) {
        QMetaObject::invokeMethod(this, std::move(what), Qt::QueuedConnection);
    };
    m_syncs = std::make_unique<wal::ThreadSyncRunner>(post);
    m_saves = std::make_unique<wal::ThreadSyncRunner>(post);
    store::ReplicaOptions options;
    options.raft = raftConfig(m_config, m_identity.self.id);
    options.identity = {m_identity.cluster, m_identity.self.id};
    if (m_identity.founder)
        options.initial = founded(m_identity);
    options.hasRun = m_identity.started;
    options.saysItCame = hasCome;
    options.snapshotEvery = quint64(m_config.snapshotCount);
    options.keepEntries = options.snapshotEvery / 5;
    const store::ReplicaWorld world{
        m_clock,
        m_random,
        *m_disk,
        *m_syncs,
        *m_saves,
        *m_network,
        *m_keyspace,
        [this] { schedulePump(); },
        [this](const Error &why) {
            m_ticks.stop();
            Q_EMIT failed(why);
        },
        [this](const raft::Membership &) { membersChanged(); },
        [this] { wasRemoved(); },
        [this](const Error &why) { hasDiverged(why); },
        [this] { return rememberStart(); },
        returnFreeMemory};
    m_replica = std::make_unique<store::Replica>(options, world);
    // As long as etcd waits: an election may go by, and be lost, before there is a leader.
    m_store = std::make_unique<store::LocalStore>(
        *m_replica, store::LocalStore::kTimeoutMs + 2 * qint64(m_config.electionMs));
    m_membership = std::make_unique<ClusterMembership>(m_identity, *m_replica, m_random);
}

/// As etcd's flag says, else at the node's address.
QList<std::pair<QHostAddress, quint16>> Node::peerListeners() const
{
    QList<std::pair<QHostAddress, quint16>> out;
    for (const Endpoint &endpoint : m_config.etcd.listenPeer)
        out.append({QHostAddress(endpoint.host), endpoint.port});
    if (out.isEmpty())
        out.append({QHostAddress(m_identity.self.address), m_config.peerPort});
    return out;
}

Result<void> Node::startConsensus()
{
    auto disk = wal::PosixDisk::open(m_config.paths.wal());
    if (!disk)
        return fail(disk.error());
    m_disk = std::move(*disk);
    makeReplica();
    if (const auto started = m_replica->start(); !started)
        return fail(started.error().during(
            QStringLiteral("starting with the log in %1").arg(m_config.paths.wal())));
    membersChanged();
    for (const auto &[address, port] : peerListeners()) {
        if (const auto listening = m_network->listen(address, port); !listening)
            return listening;
    }
    listenToOldPort();
    m_ticks.start();
    const raft::Membership &members = m_replica->membership();
    if (members.voters.size() == 1 && raft::isVoter(members, m_identity.self.id))
        m_replica->campaign();
    return {};
}

Result<void> Node::rememberStart()
{
    m_identity.started = true;
    return saveIdentity(m_config.paths, m_identity);
}

/// Nobody needs it to live: one who has it already may keep it.
void Node::listenToOldPort()
{
    if (m_config.peerOldPort == 0)
        return;
    const QHostAddress address(m_identity.self.address);
    if (const auto old = m_network->listen(address, m_config.peerOldPort); !old)
        qCWarning(lcNode).noquote() << "members' old port is left out:" << old.error().text();
}

void Node::membersChanged()
{
    if (!m_membership)
        return;
    std::map<raft::NodeId, QList<peer::Address>> peers;
    const QList<MemberInfo> all = m_membership->known();
    for (const MemberInfo &member : all) {
        if (const auto places = placesOf(member); !places.isEmpty())
            peers[member.id] = places;
    }
    m_network->setPeers(peers);
}

void Node::hasDiverged(const Error &why)
{
    m_ticks.stop();
    m_identity.diverged = why.message;
    if (const auto saved = saveIdentity(m_config.paths, m_identity); !saved)
        qCWarning(lcNode).noquote() << saved.error().text();
    Q_EMIT failed(why);
}

void Node::wasRemoved()
{
    qCWarning(lcNode).noquote() << "this node was removed from the cluster"
                                << m_identity.clusterName << "- it stops its units and ends";
    m_identity.removed = true;
    if (const auto saved = saveIdentity(m_config.paths, m_identity); !saved)
        qCWarning(lcNode).noquote() << saved.error().text();
    m_membership->stop();
    const auto gone = [this] {
        m_ticks.stop();
        Q_EMIT removed();
    };
    if (m_services)
        m_services->fleet().leave(gone);
    else
        gone();
}

Result<void> Node::startServices()
{
    const auto authority = security::PkiFolder(m_config.paths.pki()).authority();
    if (!authority)
        return fail(authority.error());
    const auto tls = memberTls(m_config, m_identity.self, *authority);
    if (!tls)
        return fail(tls.error());
    const Services::Core core{*m_replica, *m_keyspace, *m_store, *m_membership, *m_syncs, m_clock};
    m_services =
        std::make_unique<Services>(m_config, m_identity, m_credentials, *authority, *tls, core);
    connect(m_services.get(), &Services::restartAsked, this, &Node::restartAsked);
    if (const auto started = m_services->start(); !started)
        return started;
    m_membership->start();
    return {};
}

void Node::tick()
{
    m_replica->tick();
    // Writes that still wait here go to the next leader.
    const bool isBusy = m_replica->isLeader() || !m_replica->isIdle();
    if (!m_stopped || (isBusy && --m_stopTicks > 0))
        return;
    m_ticks.stop();
    std::exchange(m_stopped, {})();
}

void Node::stop(std::function<void()> done)
{
    if (!m_replica || !m_membership) {
        done();
        return;
    }
    m_membership->stop();
    if (m_services)
        m_services->fleet().release();
    m_stopped = std::move(done);
    m_stopTicks = kHandoverMs / m_ticks.interval();
    if (m_replica->isLeader())
        m_replica->transferLeadership(raft::kNobody, [this](const Result<raft::NodeId> &next) {
            if (next)
                qCInfo(lcNode).noquote() << "member" << idText(*next) << "leads now";
            else
                m_stopTicks = 1;
        });
    if (!m_ticks.isActive())
        std::exchange(m_stopped, {})();
}

} // namespace qd::node
