// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/proxy_node.h"

#include "agent/node/client_tls.h"
#include "agent/node/identity.h"
#include "shared/base/log.h"

#include <QDir>
#include <QFile>
#include <QHostInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>
#include <QSslKey>

namespace qd::node {

namespace {

constexpr quint16 kClientPort = 2379;
const QString kPeerUrls = QStringLiteral("PeerURLs");
const QString kClientUrls = QStringLiteral("ClientURLs");

QString folderOf(const NodePaths &paths)
{
    return paths.state + QStringLiteral("/proxy");
}

QString fileOf(const NodePaths &paths)
{
    return folderOf(paths) + QStringLiteral("/cluster");
}

QList<Endpoint> endpointsFrom(const QJsonObject &json, const QString &key)
{
    QList<Endpoint> out;
    const QJsonArray urls = json.value(key).toArray();
    for (const QJsonValue &url : urls) {
        if (const auto endpoint = endpointFromUrl(url.toString()))
            out.append(*endpoint);
    }
    return out;
}

/// Before a member has said where it has etcd's API: at the standard port, as it is usual.
QList<Endpoint> guessed(const QList<Endpoint> &peers)
{
    QList<Endpoint> out;
    for (const QString &scheme : {QStringLiteral("http"), QStringLiteral("https")}) {
        for (const Endpoint &peer : peers)
            out.append({scheme, peer.host, kClientPort});
    }
    return out;
}

/// etcd's flags for TLS serve both sides of a proxy: it shows members its certificate, and believes
/// those that --trusted-ca-file has certified.
QSslConfiguration memberTls(const ClientTls &tls)
{
    QSslConfiguration out = QSslConfiguration::defaultConfiguration();
    if (!tls.trusted.isEmpty())
        out.setCaCertificates(QSslCertificate::fromPath(tls.trusted));
    if (tls.certificate.isEmpty())
        return out;
    out.setLocalCertificateChain(QSslCertificate::fromPath(tls.certificate));
    QFile key(tls.key);
    if (key.open(QIODevice::ReadOnly)) {
        const QByteArray pem = key.readAll();
        const QSslKey ec(pem, QSsl::Ec);
        out.setPrivateKey(ec.isNull() ? QSslKey(pem, QSsl::Rsa) : ec);
    }
    return out;
}

/// As clients reach it.
QList<Endpoint> clientUrls(const Config &config)
{
    return config.etcd.advertiseClient.isEmpty() ? config.etcd.listenClient
                                                 : config.etcd.advertiseClient;
}

/// Members show it in their list of machines.
QByteArray recordOf(const Config &config)
{
    const QList<Endpoint> urls = clientUrls(config);
    const QJsonObject record{
        {QStringLiteral("Name"), config.name},
        {QStringLiteral("Address"), urls.isEmpty() ? config.address : urls.first().host},
        {QStringLiteral("ClientURLs"), QJsonArray::fromStringList(urlsOf(urls))},
        {QStringLiteral("Version"), QStringLiteral(QD_VERSION)}};
    return QJsonDocument(record).toJson(QJsonDocument::Compact);
}

etcd::Proxy::Setup setupOf(const Config &config, const std::optional<http::TlsContext> &tls)
{
    etcd::Proxy::Setup out;
    out.tls = tls;
    out.memberTls = memberTls(config.etcd.clientTls);
    out.cors = config.etcd.cors;
    out.hosts = config.etcd.hosts + QStringList{config.name, QHostInfo::localHostName()};
    for (const Endpoint &endpoint : config.etcd.advertiseClient)
        out.hosts.append(endpoint.host);
    for (const Endpoint &endpoint : config.etcd.listenClient)
        out.listen.append({QHostAddress(endpoint.host), endpoint.port, endpoint.isHttps()});
    if (out.listen.isEmpty()) {
        const QHostAddress address(etcdAddress(config, config.address));
        out.listen.append({address, config.etcdPort});
        if (config.etcdOldPort != 0)
            out.listen.append({address, config.etcdOldPort});
    }
    out.readOnly = config.etcd.proxy == EtcdOptions::Proxy::ReadOnly;
    out.failureMs = config.etcd.proxyFailureMs;
    out.refreshMs = config.etcd.proxyRefreshMs;
    out.dialMs = config.etcd.proxyDialMs;
    out.writeMs = config.etcd.proxyWriteMs;
    out.readMs = config.etcd.proxyReadMs;
    out.machine = config.machineId;
    out.record = recordOf(config);
    return out;
}

} // namespace

bool isProxyFolder(const NodePaths &paths)
{
    return QFile::exists(fileOf(paths));
}

ProxyNode::ProxyNode(Config config, const QList<NamedPlace> &cluster)
    : m_config(std::move(config))
{
    for (const NamedPlace &each : cluster)
        m_peers.append(each.place);
}

ProxyNode::~ProxyNode() = default;

Result<void> ProxyNode::start()
{
    if (QFile::exists(m_config.paths.identity()))
        return fail(
            code::conflict,
            QStringLiteral("%1 is the folder of a member: a proxy needs one of its own")
                .arg(m_config.paths.state));
    if (!QDir().mkpath(folderOf(m_config.paths)))
        return fail(
            code::io, QStringLiteral("cannot make the folder %1").arg(folderOf(m_config.paths)));
    auto lock = StateLock::take(m_config.paths);
    if (!lock)
        return fail(lock.error());
    m_lock = std::move(*lock);
    if (const auto loaded = load(); !loaded)
        return loaded;
    const ClientTls &said = m_config.etcd.clientTls;
    if (said.isAutomatic && said.certificate.isEmpty())
        return fail(
            code::badInput,
            QStringLiteral("--auto-tls: a proxy holds no authority that could make a certificate: "
                           "give it --cert-file and --key-file"));
    const auto tls = clientTls(m_config.etcd);
    if (!tls)
        return fail(tls.error());
    m_proxy = std::make_unique<etcd::Proxy>(setupOf(m_config, *tls), m_clients + guessed(m_peers));
    connect(m_proxy.get(), &etcd::Proxy::membersChanged, this, [this] {
        m_clients = m_proxy->members();
        if (const auto saved = save(); !saved)
            qCWarning(lcNode).noquote() << saved.error().text();
    });
    return m_proxy->start();
}

/// What is there is newer than what the flags say.
Result<void> ProxyNode::load()
{
    if (QFile file(fileOf(m_config.paths)); file.open(QIODevice::ReadOnly)) {
        const QJsonObject json = QJsonDocument::fromJson(file.readAll()).object();
        m_peers = endpointsFrom(json, kPeerUrls);
        m_clients = endpointsFrom(json, kClientUrls);
    }
    if (m_peers.isEmpty() && m_clients.isEmpty())
        return fail(
            code::badInput,
            QStringLiteral("a proxy must know a member: --initial-cluster, --discovery or "
                           "--discovery-srv"));
    return save();
}

Result<void> ProxyNode::save() const
{
    const QJsonObject json{
        {kPeerUrls, QJsonArray::fromStringList(urlsOf(m_peers))},
        {kClientUrls, QJsonArray::fromStringList(urlsOf(m_clients))}};
    QSaveFile file(fileOf(m_config.paths));
    if (!file.open(QIODevice::WriteOnly) ||
        file.write(QJsonDocument(json).toJson(QJsonDocument::Compact)) < 0 || !file.commit())
        return fail(
            code::io,
            QStringLiteral("cannot write %1: %2").arg(file.fileName(), file.errorString()));
    return {};
}

} // namespace qd::node
