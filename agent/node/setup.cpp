// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/setup.h"

#include "shared/base/random.h"
#include "shared/security/pki_folder.h"
#include "shared/security/verify.h"

#include <QCborArray>
#include <QDateTime>

namespace qd::node {

namespace {

constexpr int kTokenMs = 10'000;

quint64 newId()
{
    SystemRandom random;
    quint64 id = 0;
    while (id == 0)
        id = random.next();
    return id;
}

} // namespace

Result<MemberInfo> thisMachine(const Config &config)
{
    if (config.machineId.isEmpty())
        return fail(
            code::badInput,
            QStringLiteral("this machine has no /etc/machine-id: say --machine-id"));
    MemberInfo self;
    self.machineId = config.machineId;
    self.name = config.name;
    self.address = config.address.isEmpty() ? QStringLiteral("127.0.0.1") : config.address;
    self.etcdAddress = etcdAddress(config, self.address);
    self.peerPort = config.peerPort;
    self.etcdPort = config.etcdPort;
    self.controlPort = config.controlPort;
    self.peerUrls = config.etcd.advertisePeer;
    self.clientUrls = config.etcd.advertiseClient;
    return self;
}

Result<NodeIdentity> initCluster(const Config &config)
{
    const auto machine = thisMachine(config);
    if (!machine)
        return fail(machine.error());
    if (const auto claimed = claimStateFolder(config.paths); !claimed)
        return fail(claimed.error());
    NodeIdentity identity;
    identity.self = *machine;
    identity.self.id = newId();
    identity.cluster = newId();
    identity.clusterName = config.clusterName;
    identity.founder = true;
    const security::Subject subject{
        {security::Identity::Kind::Node, machine->machineId, security::Role::None, machine->name},
        {machine->address, machine->name}};
    const auto made = security::PkiFolder(config.paths.pki()).create(config.clusterName, subject);
    if (!made)
        return fail(made.error());
    if (const auto saved = saveIdentity(config.paths, identity); !saved)
        return fail(saved.error());
    return identity;
}

Joining::Joining(Config config)
    : m_config(std::move(config))
{
}

Joining::~Joining() = default;

void Joining::start(const QString &token, const QString &peer, Done done)
{
    m_done = std::move(done);
    const auto parsed = security::JoinToken::parse(token);
    if (!parsed)
        return m_done(fail(parsed.error()));
    const auto machine = thisMachine(m_config);
    if (!machine)
        return m_done(fail(machine.error()));
    // Before the token is used: what cannot be kept must not be asked for.
    if (const auto claimed = claimStateFolder(m_config.paths); !claimed)
        return m_done(fail(claimed.error()));
    const qsizetype colon = peer.lastIndexOf(QLatin1Char(':'));
    const QString host = colon > 0 ? peer.left(colon) : peer;
    const quint16 port = colon > 0 ? peer.mid(colon + 1).toUShort() : rpc::kControlPort;
    m_client = std::make_unique<rpc::JoinClient>(*parsed);
    m_client->connectTo(host, port, [this](const Result<QSslCertificate> &authority) {
        if (!authority)
            return m_done(fail(authority.error()));
        ask();
    });
}

void Joining::ask()
{
    const auto machine = thisMachine(m_config);
    const auto key = security::makeKey();
    if (!machine || !key)
        return m_done(fail(!machine ? machine.error() : key.error()));
    const auto request = security::makeRequest(*key, machine->name);
    if (!request)
        return m_done(fail(request.error()));
    m_key = *key;
    QCborMap params = toMap(*machine);
    params.remove(QStringLiteral("raftId"));
    params.insert(QStringLiteral("csr"), QString::fromLatin1(*request));
    m_client->ask(QStringLiteral("cluster.join"), params, [this](const Result<QCborMap> &answer) {
        m_done(answer ? accept(*answer) : Result<NodeIdentity>(fail(answer.error())));
    });
}

Result<NodeIdentity> Joining::accept(const QCborMap &answer) const
{
    const auto text = [&answer](const char *key) {
        return answer.value(QLatin1String(key)).toString();
    };
    NodeIdentity identity;
    const auto machine = thisMachine(m_config);
    if (!machine)
        return fail(machine.error());
    identity.self = *machine;
    identity.self.id = idFromText(text("raftId"));
    identity.cluster = idFromText(text("clusterId"));
    identity.clusterName = text("clusterName");
    const QCborArray members = answer.value(QLatin1String("members")).toArray();
    for (const QCborValue &value : members) {
        const auto member = memberFromMap(value.toMap());
        if (member && member->id != identity.self.id)
            identity.peers.append(*member);
    }
    if (identity.self.id == 0 || identity.cluster == 0 || identity.peers.isEmpty())
        return fail(code::badInput, QStringLiteral("the cluster's answer makes no sense"));
    const security::PkiFolder pki(m_config.paths.pki());
    const auto authority = pki.saveAuthority(text("ca").toLatin1(), text("caKey").toLatin1());
    if (!authority)
        return fail(authority.error());
    if (const auto saved = pki.saveNode(text("certificate").toLatin1(), m_key); !saved)
        return fail(saved.error());
    // Keys that do not fit together must be seen now, not at the first start.
    if (const auto loaded = pki.node(); !loaded)
        return fail(loaded.error());
    if (const auto saved = saveIdentity(m_config.paths, identity); !saved)
        return fail(saved.error());
    return identity;
}

void TokenRequest::start(const Config &config, const QString &kind, const QString &role, Done done)
{
    const auto identity = loadIdentity(config.paths);
    if (!identity)
        return done(fail(identity.error()));
    const auto credentials = security::PkiFolder(config.paths.pki()).node();
    if (!credentials)
        return done(fail(credentials.error()));
    rpc::Target target;
    target.address = config.address.isEmpty() ? identity->self.address : config.address;
    target.port = config.controlPort;
    target.tls = security::clientTls(*credentials, security::alpnControl);
    target.client = QStringLiteral("quarterdeckd token");
    target.verify = [root = credentials->authority](const QSslSocket &socket) -> Result<void> {
        const auto node = security::verifyNode(socket.peerCertificate(), root);
        return node ? Result<void>() : fail(node.error());
    };
    rpc::dial(target, this, [this, kind, role, done](const Result<rpc::Dialled> &dialled) {
        if (!dialled)
            return done(fail(dialled.error()));
        m_connection = dialled->connection;
        const QCborMap params{{QStringLiteral("kind"), kind}, {QStringLiteral("role"), role}};
        // Whoever may read the node's key may admit others: the authority's key lies beside it.
        const QCborMap extra{
            {QStringLiteral("as"),
             QCborMap{{QStringLiteral("role"), security::roleName(security::Role::Admin)}}}};
        m_connection->call(
            QStringLiteral("cluster.token"), params, kTokenMs,
            [done](const Result<QCborMap> &answer) {
                if (answer)
                    done(answer->value(QLatin1String("token")).toString());
                else
                    done(fail(answer.error()));
            },
            extra);
    });
}

} // namespace qd::node
