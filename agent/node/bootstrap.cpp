// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/bootstrap.h"

#include "agent/node/founding.h"
#include "agent/node/setup.h"
#include "shared/base/log.h"
#include "shared/base/random.h"
#include "shared/security/pki_folder.h"
#include "shared/security/verify.h"

#include <QCborArray>

namespace qd::node {

namespace {

constexpr int kAskMs = 25'000;

security::Subject subjectOf(const MemberInfo &self)
{
    return {
        {security::Identity::Kind::Node, self.machineId, security::Role::None, self.name},
        {self.address, self.name}};
}

Error noAuthority()
{
    return {
        code::badInput,
        QStringLiteral("members know each other by certificates of one authority: make it with "
                       "`quarterdeckd authority DIR`, copy DIR to each machine and name it with "
                       "--authority; or let this machine join with a token"),
        {},
        nullptr};
}

} // namespace

bool isBootstrapAsked(const Config &config)
{
    const EtcdOptions &etcd = config.etcd;
    return !etcd.initialCluster.isEmpty() || !etcd.discovery.isEmpty() ||
           !etcd.discoverySrv.isEmpty();
}

Result<void> makeAuthority(const QString &folder, const QString &clusterName)
{
    const security::PkiFolder pki(folder);
    if (pki.authority())
        return fail(code::conflict, QStringLiteral("%1 holds an authority already").arg(folder));
    const auto made = security::Authority::create(clusterName);
    if (!made)
        return fail(made.error());
    return pki.saveAuthority(made->certificatePem(), made->keyPem());
}

Bootstrap::Bootstrap(Config config)
    : m_config(std::move(config))
{
}

Bootstrap::~Bootstrap() = default;

void Bootstrap::start(Done done)
{
    m_done = std::move(done);
    if (!m_config.etcd.discovery.isEmpty())
        return discover();
    if (!m_config.etcd.discoverySrv.isEmpty())
        return lookUp();
    become();
}

bool Bootstrap::isProxy() const
{
    return m_config.etcd.proxy != EtcdOptions::Proxy::Off;
}

/// A proxy only looks who the members are.
void Bootstrap::discover()
{
    EtcdOptions &etcd = m_config.etcd;
    QString id;
    QStringList value;
    if (!isProxy()) {
        if (etcd.advertisePeer.isEmpty() && !m_config.address.isEmpty())
            etcd.advertisePeer = {{QStringLiteral("http"), m_config.address, m_config.peerPort}};
        if (etcd.advertisePeer.isEmpty())
            return m_done(fail(
                code::badInput,
                QStringLiteral("--discovery needs --initial-advertise-peer-urls: where the others "
                               "find this member")));
        id = QString::number(memberIdOf(etcd.advertisePeer, etcd.discovery), 16);
        for (const Endpoint &place : std::as_const(etcd.advertisePeer))
            value.append(m_config.name + QLatin1Char('=') + place.url());
    }
    m_discovery =
        std::make_unique<Discovery>(etcd.discovery, etcd.discoveryProxy, etcd.clientTls.trusted);
    m_discovery->start(
        id, value.join(QLatin1Char(',')),
        [this](const Result<Discovery::Found> &answer) { found(answer); });
}

void Bootstrap::found(const Result<Discovery::Found> &found)
{
    if (!found)
        return m_done(fail(found.error()));
    EtcdOptions &etcd = m_config.etcd;
    const auto cluster = namedPlaces(found->cluster);
    if (!cluster)
        return m_done(fail(cluster.error().during(QStringLiteral("discovery"))));
    etcd.initialCluster = *cluster;
    etcd.token = etcd.discovery;
    if (!isProxy() && found->isFull) {
        if (!etcd.fallsBackToProxy)
            return m_done(fail(code::conflict, QStringLiteral("discovery: cluster is full")));
        qCInfo(lcNode) << "discovery cluster full, falling back to proxy";
        etcd.proxy = EtcdOptions::Proxy::On;
    }
    become();
}

void Bootstrap::lookUp()
{
    m_resolver = std::make_unique<DnsResolver>(QHostAddress(m_config.dnsServer));
    m_lookup = std::make_unique<SrvLookup>(*m_resolver, m_config.etcd.discoverySrv);
    const QList<Endpoint> own = isProxy() ? QList<Endpoint>() : m_config.etcd.advertisePeer;
    if (own.isEmpty() && !isProxy())
        return m_done(fail(
            code::badInput,
            QStringLiteral("--discovery-srv needs --initial-advertise-peer-urls: one of the SRV "
                           "targets")));
    m_lookup->start(m_config.name, own, [this](const Result<SrvLookup::Found> &answer) {
        if (!answer)
            return m_done(fail(answer.error()));
        m_config.etcd.initialCluster = answer->cluster;
        m_config.etcd.advertisePeer = answer->own; // as the others know it
        become();
    });
}

void Bootstrap::become()
{
    if (isProxy())
        return m_done(Outcome{true, m_config.etcd.initialCluster});
    m_config.etcd.advertisePeer = ownPlaces(m_config.etcd, m_config.name);
    const auto machine = thisMachine(m_config);
    if (!machine)
        return settle(fail(machine.error()));
    m_self = *machine;
    if (const auto claimed = claimStateFolder(m_config.paths); !claimed)
        return settle(fail(claimed.error()));
    if (m_config.etcd.existing)
        enter();
    else
        makeCluster();
}

void Bootstrap::settle(const Result<NodeIdentity> &identity)
{
    if (!identity)
        return m_done(fail(identity.error()));
    const security::PkiFolder pki(m_config.paths.pki());
    if (const auto saved = pki.saveAuthority(m_authorityCertificate, m_authorityKey); !saved)
        return m_done(fail(saved.error()));
    if (const auto saved = pki.saveNode(m_certificate, m_key); !saved)
        return m_done(fail(saved.error()));
    if (const auto saved = saveIdentity(m_config.paths, *identity); !saved)
        return m_done(fail(saved.error()));
    m_done(Outcome{});
}

/// In memory: a folder that is half made would be taken for a node's.
Result<void> Bootstrap::makeCredentials(const MemberInfo &self, bool alone)
{
    if (m_config.authority.isEmpty() && !alone)
        return fail(noAuthority());
    const auto authority = m_config.authority.isEmpty()
                               ? security::Authority::create(m_config.clusterName)
                               : security::PkiFolder(m_config.authority).authority();
    if (!authority)
        return fail(authority.error().during(QStringLiteral("--authority")));
    const auto key = security::makeKey();
    if (!key)
        return fail(key.error());
    const auto certificate = authority->issueForKey(*key, subjectOf(self));
    if (!certificate)
        return fail(certificate.error());
    m_authorityCertificate = authority->certificatePem();
    m_authorityKey = authority->keyPem();
    m_certificate = *certificate;
    m_key = *key;
    return {};
}

void Bootstrap::makeCluster()
{
    const auto identity = foundedTogether(m_config, m_self);
    if (!identity)
        return settle(identity);
    const bool alone = identity->founders.size() == 1;
    if (const auto made = makeCredentials(m_self, alone); !made)
        return settle(fail(made.error()));
    settle(identity);
}

/// The members that are there already are asked one after the other, at the standard control port.
void Bootstrap::enter()
{
    if (const auto made = makeCredentials(m_self, false); !made)
        return settle(fail(made.error()));
    for (const NamedPlace &each : std::as_const(m_config.etcd.initialCluster)) {
        if (each.name != m_config.name)
            m_asked.append(each.place);
    }
    m_refusal = {
        code::unreachable, QStringLiteral("--initial-cluster names no other member"), {}, nullptr};
    askNext();
}

void Bootstrap::askNext()
{
    if (m_asked.isEmpty())
        return settle(fail(m_refusal));
    const auto credentials =
        security::Credentials::fromPem(m_certificate, m_key, m_authorityCertificate);
    if (!credentials)
        return settle(fail(credentials.error()));
    const Endpoint place = m_asked.takeFirst();
    rpc::Target target;
    target.address = place.host;
    target.port = m_config.controlPort;
    target.tls = security::clientTls(*credentials, security::alpnControl);
    target.client = QStringLiteral("member ") + m_config.name;
    target.verify = [root = credentials->authority](const QSslSocket &socket) -> Result<void> {
        const auto node = security::verifyNode(socket.peerCertificate(), root);
        return node ? Result<void>() : fail(node.error());
    };
    rpc::dial(target, this, [this](const Result<rpc::Dialled> &dialled) {
        if (dialled)
            return welcomed(*dialled);
        m_refusal = dialled.error();
        askNext();
    });
}

void Bootstrap::welcomed(const rpc::Dialled &member)
{
    m_connection = member.connection;
    const QCborMap cluster = member.welcome.value(QLatin1String("cluster")).toMap();
    MemberInfo who = m_self;
    who.id = SystemRandom().next() | 1; // one that was added has an id already
    who.peerUrls = m_config.etcd.advertisePeer;
    QCborMap params = toMap(who);
    params.insert(QStringLiteral("announced"), true);
    const auto entered = [this, cluster](const Result<QCborMap> &answer) {
        if (!answer) {
            m_refusal = answer.error();
            return askNext();
        }
        NodeIdentity out;
        out.self = m_self;
        out.self.id = idFromText(answer->value(QLatin1String("raftId")).toString());
        out.cluster = idFromText(cluster.value(QLatin1String("id")).toString());
        out.clusterName = cluster.value(QLatin1String("name")).toString();
        const QCborArray members = answer->value(QLatin1String("members")).toArray();
        for (const QCborValue &value : members) {
            const auto other = memberFromMap(value.toMap());
            if (other && other->id != out.self.id)
                out.peers.append(*other);
        }
        settle(out);
    };
    m_connection->call(QStringLiteral("member.admit"), params, kAskMs, entered);
}

} // namespace qd::node
