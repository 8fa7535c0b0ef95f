// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/services.h"

#include "agent/control/fixture.h"
#include "agent/fleet/systemd1_backend.h"
#include "agent/node/boot.h"
#include "agent/update/lock_methods.h"
#include "shared/base/log.h"

#include <QHostInfo>

namespace qd::node {

namespace {

/// Joining waits for consensus, and for a leader.
constexpr int kCallNodeMs = 25'000;
/// Before the connections go with the agent.
constexpr int kLetAnswerGoMs = 100;

control::ControlService::Setup controlSetup(
    const NodeIdentity &identity, const security::Credentials &credentials,
    const security::Authority &authority)
{
    const MemberInfo &self = identity.self;
    return {
        {idText(identity.cluster), identity.clusterName, self.machineId, self.name},
        self.address,
        self.controlPort,
        credentials,
        authority};
}

fleet::Service::Setup fleetSetup(const Config &config, const MemberInfo &self)
{
    return {
        self.machineId, self.address, config.metadata, QStringLiteral(QD_VERSION),
        config.presenceTtl};
}

std::unique_ptr<fleet::UnitBackend> unitBackend(const NodePaths &paths)
{
    return std::make_unique<fleet::Systemd1Backend>(
        fleet::Systemd1Backend::Setup{paths.unitBus(), paths.fleetUnits()});
}

fleet::MachineNames namesOf(const ClusterMembership &membership)
{
    return [&membership] {
        QMap<QString, QString> names;
        const QList<MemberInfo> members = membership.known();
        for (const MemberInfo &member : members) {
            if (!member.machineId.isEmpty())
                names.insert(member.machineId, member.name);
        }
        return names;
    };
}

QStringList hostsOf(const Config &config, const MemberInfo &self)
{
    QStringList out = config.etcd.hosts + QStringList{self.name, QHostInfo::localHostName()};
    for (const Endpoint &endpoint : config.etcd.advertiseClient)
        out.append(endpoint.host);
    return out;
}

etcd::Service::Setup
etcdSetup(const Config &config, const MemberInfo &self, const std::optional<http::TlsContext> &tls)
{
    etcd::Service::Setup out{QHostAddress(self.etcdAddress), self.etcdPort};
    out.tls = tls;
    out.hosts = hostsOf(config, self);
    out.oldPort = config.etcdOldPort;
    out.cors = config.etcd.cors;
    const QList<Endpoint> &all = config.etcd.listenClient;
    out.encrypted = !all.isEmpty() && all.first().isHttps();
    for (const Endpoint &endpoint : all.mid(1))
        out.further.append({QHostAddress(endpoint.host), endpoint.port, endpoint.isHttps()});
    return out;
}

QString journalFolder(const Config &config, const MemberInfo &self)
{
    return config.paths.journal() + QLatin1Char('/') + self.machineId;
}

} // namespace

Services::Services(
    const Config &config, const NodeIdentity &identity, const security::Credentials &credentials,
    const security::Authority &authority, const std::optional<http::TlsContext> &tls,
    const Core &core)
    : m_config(config)
    , m_core(core)
    , m_startedUs(core.clock.wallUs())
    , m_machineId(identity.self.machineId)
    , m_etcdAddress(identity.self.etcdAddress)
    , m_raftWindow(identity, core.replica, core.membership, core.syncs)
    , m_clusterView(identity, core.replica, core.keyspace, core.membership, core.syncs, core.clock)
    , m_control(
          controlSetup(identity, credentials, authority), core.store, core.membership, m_raftWindow,
          core.clock)
    , m_fleet(
          fleetSetup(config, identity.self), core.store, unitBackend(config.paths), core.clock,
          namesOf(core.membership))
    , m_unitMethods(
          {identity.self.machineId, journalFolder(config, identity.self)}, m_fleet,
          [this](const rpc::CallPtr &call, const QString &nodeId) {
              m_control.links().route(call, nodeId);
          })
    , m_journalMethods(
          {identity.self.machineId, journalFolder(config, identity.self)},
          [this](const QString &unit) { return m_fleet.placeOf(unit); }, m_control.links())
    , m_power(m_fleet.backend())
    , m_rebooter(identity.self.machineId, {core.store, m_power, core.clock})
    , m_publicStore(core.store)
    , m_etcd(
          etcdSetup(config, identity.self, tls), {m_publicStore, core.store}, m_clusterView,
          m_clusterView)
{
    core.membership.setCallNode([this](
                                    const QString &nodeId, const QString &method,
                                    const QCborMap &params, rpc::Answer done) {
        m_control.links().call(nodeId, method, params, kCallNodeMs, std::move(done));
    });
    m_raftWindow.setStatistics([this] { return m_etcd.statistics(); });
    m_control.setUnitCounter(
        [this](const QString &machineId) { return m_fleet.unitCount(machineId); });
    connect(&m_fleet, &fleet::Service::unitsChanged, this, [this] {
        m_journalMethods.placesChanged();
    });
}

Services::~Services()
{
    m_core.membership.setCallNode({});
}

Result<void> Services::start()
{
    m_core.membership.addMethods(m_control.methods());
    m_unitMethods.addTo(m_control.methods());
    m_journalMethods.addTo(m_control.methods());
    update::addLockMethods(m_control.methods(), m_rebooter, m_machineId);
    addAgentMethods();
    watchBoot();
    if (const auto used = useFixture(); !used)
        return used;
    if (const auto started = m_control.start(); !started)
        return started;
    m_fleet.start();
    if (const auto started = m_etcd.start(); !started)
        return started;
    return startDiscovery();
}

void Services::addAgentMethods()
{
    using rpc::CallPtr;
    rpc::Methods &methods = m_control.methods();
    methods.add(QStringLiteral("agent.about"), security::Role::Viewer, [this](const CallPtr &call) {
        call->reply(QCborMap{
            {QStringLiteral("nodeId"), m_machineId},
            {QStringLiteral("started"), m_startedUs / 1000},
            {QStringLiteral("version"), QStringLiteral(QD_VERSION)}});
    });
    methods.add(
        QStringLiteral("agent.restart"), security::Role::Admin, [this](const CallPtr &call) {
            if (const auto may = mayRestart(); !may)
                return call->reply(fail(may.error()));
            qCInfo(lcNode).noquote() << "starts anew: asked by" << call->caller().text();
            call->reply(QCborMap());
            QTimer::singleShot(kLetAnswerGoMs, this, &Services::restartAsked);
        });
}

/// What would be forgotten, or done once more.
Result<void> Services::mayRestart() const
{
    if (m_rebooter.isWaiting())
        return fail(
            code::conflict, QStringLiteral("this node holds the reboot lock and waits to reboot"));
    if (m_config.etcd.forceNewCluster)
        return fail(
            code::conflict,
            QStringLiteral("this node was started with --force-new-cluster: a restart would forget "
                           "the members that came since. Start it without that flag first"));
    return {};
}

/// The machine is up again when its unit engine is there and the store takes the slot back.
void Services::watchBoot()
{
    if (!isNewBoot(m_config.paths))
        return;
    m_rebooter.beginBoot();
    const auto up = [this](bool isUp) {
        if (isUp)
            m_rebooter.releaseAfterBoot();
    };
    connect(&m_fleet.backend(), &fleet::UnitBackend::connectionChanged, this, up);
    connect(&m_rebooter, &update::Rebooter::released, this, [this] {
        if (const auto noted = noteBoot(m_config.paths); !noted)
            qCWarning(lcNode).noquote() << noted.error().text();
        disconnect(&m_fleet.backend(), &fleet::UnitBackend::connectionChanged, this, nullptr);
    });
}

Result<void> Services::startDiscovery()
{
    if (m_config.discoveryPort == 0)
        return {};
    m_tokens = std::make_unique<etcd::TokenPages>(
        etcd::TokenPages::Setup{
            QHostAddress(m_etcdAddress), m_config.discoveryPort, m_config.discoveryBase},
        m_publicStore,
        [this](const http::Request &request, QByteArrayView key, const http::Answer &answer) {
            m_etcd.keys(request, key, answer);
        });
    return m_tokens->start();
}

Result<void> Services::useFixture()
{
    if (m_config.fixture.isEmpty())
        return {};
    const auto source = control::FixtureSource::parse(m_config.fixture);
    if (!source)
        return fail(source.error());
    m_fixture = std::make_unique<rpc::Collection<Unit>>(&Unit::name);
    source->fill(*m_fixture);
    m_control.methods().addCollection(QStringLiteral("units"), *m_fixture);
    return {};
}

} // namespace qd::node
