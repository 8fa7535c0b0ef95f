// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/etcd_options.h"

#include "agent/node/config.h"

#include <QHostAddress>
#include <QSet>
#include <QUrl>

namespace qd::node {

namespace {

tl::unexpected<Error> bad(const QString &sentence)
{
    return fail(code::badInput, sentence);
}

Result<void> endpoints(QList<Endpoint> &target, const QString &value)
{
    const auto parsed = endpointsFromUrls(value.split(QLatin1Char(','), Qt::SkipEmptyParts));
    if (!parsed)
        return fail(parsed.error());
    target = *parsed;
    return {};
}

/// Where a server binds: an address of this machine.
QString bindAddress(const Endpoint &endpoint)
{
    return endpoint.host == QLatin1String("localhost") ? QStringLiteral("127.0.0.1")
                                                       : endpoint.host;
}

Result<void> listeners(QList<Endpoint> &target, const QString &value)
{
    QList<Endpoint> parsed;
    if (const auto good = endpoints(parsed, value); !good)
        return good;
    // As given: the first one is the one that others are told of.
    target.clear();
    const QStringList urls = value.split(QLatin1Char(','), Qt::SkipEmptyParts);
    for (const QString &url : urls) {
        Endpoint endpoint = *endpointFromUrl(url);
        endpoint.host = bindAddress(endpoint);
        if (QHostAddress(endpoint.host).isNull())
            return bad(QStringLiteral("expected IP in URL for binding (%1)").arg(url.trimmed()));
        target.append(endpoint);
    }
    return {};
}

Result<void> oneOf(int &target, const QString &value, const QStringList &words)
{
    const auto at = words.indexOf(value);
    if (at < 0)
        return bad(
            QStringLiteral("\"%1\" is none of %2").arg(value, words.join(QStringLiteral(", "))));
    target = int(at);
    return {};
}

Result<void> flag(bool &target, const QString &value)
{
    static const QStringList yes{QStringLiteral("1"),    QStringLiteral("t"),
                                 QStringLiteral("true"), QStringLiteral("T"),
                                 QStringLiteral("TRUE"), QStringLiteral("True")};
    static const QStringList no{
        QStringLiteral("0"),
        QStringLiteral("f"),
        QStringLiteral("false"),
        QStringLiteral("F"),
        QStringLiteral("FALSE"),
        QStringLiteral("False"),
        QString()};
    if (!yes.contains(value) && !no.contains(value))
        return bad(QStringLiteral("\"%1\" is neither true nor false").arg(value));
    target = yes.contains(value);
    return {};
}

Result<void> milliseconds(int &target, const QString &value)
{
    bool ok = false;
    const int number = value.toInt(&ok);
    if (!ok || number < 0)
        return bad(QStringLiteral("\"%1\" is not a number of milliseconds").arg(value));
    target = number;
    return {};
}

Result<void> path(QString &target, const QString &value)
{
    target = value;
    return {};
}

Result<void> webUrl(QString &target, const QString &value)
{
    const QUrl url(value, QUrl::StrictMode);
    if (!url.isValid() || url.host().isEmpty() ||
        (url.scheme() != QLatin1String("http") && url.scheme() != QLatin1String("https")))
        return bad(QStringLiteral("\"%1\" is not an HTTP URL").arg(value));
    target = value;
    return {};
}

Result<void> origins(QStringList &target, const QString &value)
{
    target.clear();
    const QStringList words = value.split(QLatin1Char(','), Qt::SkipEmptyParts);
    for (const QString &word : words) {
        QString scratch;
        if (word != QLatin1String("*")) {
            if (const auto good = webUrl(scratch, word); !good)
                return good;
        }
        target.append(word);
    }
    return {};
}

/// etcd's flags that change nothing here, and why.
const QList<std::pair<const char *, const char *>> kIdle{
    {"max-wals", "a segment of the log goes as soon as a snapshot holds it"},
    {"max-snapshots", "the newest snapshot and the one before it are kept"},
    {"wal-dir", "the log lies in the state folder"},
    {"debug", "PUT /config/local/log sets what is logged"},
    {"log-package-levels", "PUT /config/local/log sets what is logged"},
    {"log-level", "PUT /config/local/log sets what is logged"},
    {"enable-v2", "the v2 API is always on"},
    {"experimental-v3demo", "there is no v3 API"},
    {"enable-pprof", "there is no profile to fetch: /debug/vars has figures"},
    {"strict-reconfig-check", "a change that costs the majority is always refused"},
    {"peer-cert-file", "members use the certificates of the cluster's own authority"},
    {"peer-key-file", "members use the certificates of the cluster's own authority"},
    {"peer-ca-file", "members use the certificates of the cluster's own authority"},
    {"peer-trusted-ca-file", "members use the certificates of the cluster's own authority"},
    {"peer-client-cert-auth", "members always show each other their certificates"},
    {"peer-auto-tls", "members use the certificates of the cluster's own authority"},
};

const QSet<QString> kIdleSwitches{
    QStringLiteral("debug"),
    QStringLiteral("enable-v2"),
    QStringLiteral("experimental-v3demo"),
    QStringLiteral("enable-pprof"),
    QStringLiteral("strict-reconfig-check"),
    QStringLiteral("peer-client-cert-auth"),
    QStringLiteral("peer-auto-tls")};

QStringList variable(const char *key)
{
    return {
        QStringLiteral("ETCD_") +
        QString::fromLatin1(key).toUpper().replace(QLatin1Char('-'), QLatin1Char('_'))};
}

using Apply = Result<void> (*)(Config &, const QString &);

Setting row(const char *key, const char *help, Apply apply, bool isSwitch = false)
{
    return Setting{
        QString::fromLatin1(key), variable(key), QString::fromLatin1(help), apply, isSwitch};
}

QList<Setting> clusterRows()
{
    return {
        row("listen-client-urls", "etcd's: where its API listens; the first one is the node's",
            [](Config &c, const QString &v) { return listeners(c.etcd.listenClient, v); }),
        row("advertise-client-urls", "etcd's: where clients are sent",
            [](Config &c, const QString &v) { return endpoints(c.etcd.advertiseClient, v); }),
        row("listen-peer-urls", "etcd's: where members listen for each other",
            [](Config &c, const QString &v) { return listeners(c.etcd.listenPeer, v); }),
        row("initial-advertise-peer-urls", "etcd's: where the other members find this one",
            [](Config &c, const QString &v) { return endpoints(c.etcd.advertisePeer, v); }),
        row("initial-cluster", "etcd's: name=URL,... of the first members",
            [](Config &c, const QString &v) {
                const auto places = namedPlaces(v);
                if (places)
                    c.etcd.initialCluster = *places;
                return places ? Result<void>() : fail(places.error());
            }),
        row("initial-cluster-state", "etcd's: new or existing",
            [](Config &c, const QString &v) {
                int which = 0;
                const auto good =
                    oneOf(which, v, {QStringLiteral("new"), QStringLiteral("existing")});
                c.etcd.existing = which == 1;
                return good;
            }),
        row("initial-cluster-token", "etcd's: the new cluster's label (etcd-cluster)",
            [](Config &c, const QString &v) {
                c.etcd.token = v;
                return Result<void>();
            }),
        row("discovery", "etcd's: URL of a token of a discovery service",
            [](Config &c, const QString &v) { return webUrl(c.etcd.discovery, v); }),
        row("discovery-srv", "etcd's: DNS domain whose SRV records name the first members",
            [](Config &c, const QString &v) {
                c.etcd.discoverySrv = v;
                return v.isEmpty() ? bad(QStringLiteral("the value is empty")) : Result<void>();
            }),
        row("discovery-fallback", "etcd's: when the discovered cluster is full: proxy or exit",
            [](Config &c, const QString &v) {
                int which = 0;
                const auto good =
                    oneOf(which, v, {QStringLiteral("proxy"), QStringLiteral("exit")});
                c.etcd.fallsBackToProxy = which == 0;
                return good;
            }),
        row("discovery-proxy", "etcd's: HTTP proxy before the discovery service",
            [](Config &c, const QString &v) { return webUrl(c.etcd.discoveryProxy, v); }),
    };
}

QList<Setting> proxyRows()
{
    return {
        row("proxy", "etcd's: off, on or readonly: no member, only a way to them",
            [](Config &c, const QString &v) {
                int which = 0;
                const auto good = oneOf(
                    which, v,
                    {QStringLiteral("off"), QStringLiteral("on"), QStringLiteral("readonly")});
                c.etcd.proxy = EtcdOptions::Proxy(which);
                return good;
            }),
        row("proxy-failure-wait", "etcd's: ms that a member which failed is not asked (5000)",
            [](Config &c, const QString &v) { return milliseconds(c.etcd.proxyFailureMs, v); }),
        row("proxy-refresh-interval", "etcd's: ms between two looks at the members (30000)",
            [](Config &c, const QString &v) { return milliseconds(c.etcd.proxyRefreshMs, v); }),
        row("proxy-dial-timeout", "etcd's: ms for a proxy's call to be taken (1000)",
            [](Config &c, const QString &v) { return milliseconds(c.etcd.proxyDialMs, v); }),
        row("proxy-write-timeout", "etcd's: ms for a proxy to send a request (5000)",
            [](Config &c, const QString &v) { return milliseconds(c.etcd.proxyWriteMs, v); }),
        row("proxy-read-timeout", "etcd's: ms for a member to answer a proxy (0: for ever)",
            [](Config &c, const QString &v) { return milliseconds(c.etcd.proxyReadMs, v); }),
        row(
            "force-new-cluster", "etcd's: this member alone is the cluster from now on",
            [](Config &c, const QString &v) { return flag(c.etcd.forceNewCluster, v); }, true),
        row("cors", "etcd's: origins of web pages that may read the store",
            [](Config &c, const QString &v) { return origins(c.etcd.cors, v); }),
    };
}

QList<Setting> tlsRows()
{
    return {
        row("cert-file", "etcd's: PEM of the certificate for https:// in --listen-client-urls",
            [](Config &c, const QString &v) { return path(c.etcd.clientTls.certificate, v); }),
        row("key-file", "etcd's: PEM of its key",
            [](Config &c, const QString &v) { return path(c.etcd.clientTls.key, v); }),
        row("trusted-ca-file", "etcd's: PEM of authorities that clients must be certified by",
            [](Config &c, const QString &v) { return path(c.etcd.clientTls.trusted, v); }),
        row("ca-file", "etcd's old name of --trusted-ca-file",
            [](Config &c, const QString &v) { return path(c.etcd.clientTls.trusted, v); }),
        row(
            "client-cert-auth", "etcd's: a client is the user that its certificate names",
            [](Config &c, const QString &v) { return flag(c.etcd.clientTls.clientCertAuth, v); },
            true),
        row(
            "auto-tls", "etcd's: https:// with a certificate of the cluster's own authority",
            [](Config &c, const QString &v) { return flag(c.etcd.clientTls.isAutomatic, v); },
            true),
        row("host-whitelist", "etcd's: further names of this machine in URLs of plain HTTP",
            [](Config &c, const QString &v) {
                c.etcd.hosts = v.split(QLatin1Char(','), Qt::SkipEmptyParts);
                return Result<void>();
            }),
    };
}

/// "10.0.0.1:2379" as etcd 0.4 took it, as a URL.
QString urlOf(const QString &address)
{
    return address.contains(QLatin1String("://")) ? address : QStringLiteral("http://") + address;
}

/// Where others find it, and where it listens if nothing says that.
Result<void> oldAddress(QList<Endpoint> &listen, QList<Endpoint> &advertise, const QString &address)
{
    const QString url = urlOf(address);
    if (listen.isEmpty()) {
        if (const auto good = listeners(listen, url); !good)
            return good;
    }
    return endpoints(advertise, url);
}

/// etcd 0.4's names, in flags and in cloud-configs of that time.
QList<Setting> oldRows()
{
    const auto refuse = [](Config &, const QString &) {
        return Result<void>(bad(QStringLiteral(
            "it went with etcd 0.4: say the members with --initial-cluster or --discovery")));
    };
    return {
        row("addr",
            "etcd's old name of --advertise-client-urls, and where it listens if nothing "
            "says that",
            [](Config &c, const QString &v) {
                return oldAddress(c.etcd.listenClient, c.etcd.advertiseClient, v);
            }),
        row("bind-addr", "etcd's old name of --listen-client-urls",
            [](Config &c, const QString &v) { return listeners(c.etcd.listenClient, urlOf(v)); }),
        row("peer-addr",
            "etcd's old name of --initial-advertise-peer-urls, and where members are "
            "heard if nothing says that",
            [](Config &c, const QString &v) {
                return oldAddress(c.etcd.listenPeer, c.etcd.advertisePeer, v);
            }),
        row("peer-bind-addr", "etcd's old name of --listen-peer-urls",
            [](Config &c, const QString &v) { return listeners(c.etcd.listenPeer, urlOf(v)); }),
        row("peers", "etcd's, until 0.4: refused", refuse),
        row("peers-file", "etcd's, until 0.4: refused", refuse),
    };
}

/// What changes nothing.
QList<Setting> otherRows()
{
    QList<Setting> out;
    for (const auto &[key, why] : kIdle) {
        out.append(row(
            key, "etcd's: changes nothing here, with a warning that says why",
            [](Config &, const QString &) { return Result<void>(); },
            kIdleSwitches.contains(QString::fromLatin1(key))));
        out.last().idle = QString::fromLatin1(why);
    }
    return out;
}

Result<void> checkMethods(const EtcdOptions &etcd)
{
    const int methods = int(!etcd.initialCluster.isEmpty()) + int(!etcd.discovery.isEmpty()) +
                        int(!etcd.discoverySrv.isEmpty());
    if (methods > 1)
        return bad(QStringLiteral(
            "multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", "
            "\"discovery\" or \"discovery-srv\""));
    if (etcd.existing && !etcd.discovery.isEmpty())
        return bad(QStringLiteral(
            "discovery URL should not be set when joining existing initial cluster"));
    const bool mayBeProxy = etcd.proxy != EtcdOptions::Proxy::Off || !etcd.discovery.isEmpty();
    if (!etcd.listenClient.isEmpty() && etcd.advertiseClient.isEmpty() && !mayBeProxy)
        return bad(QStringLiteral(
            "--advertise-client-urls is required when --listen-client-urls is set explicitly"));
    return {};
}

/// Who asks for TLS expects that nobody listens in: it must not be passed over.
Result<void> checkTls(EtcdOptions &etcd)
{
    const ClientTls &tls = etcd.clientTls;
    if (tls.certificate.isEmpty() != tls.key.isEmpty())
        return bad(QStringLiteral("KeyFile and CertFile must both be present[key: %1, cert: %2]")
                       .arg(tls.key, tls.certificate));
    if (tls.clientCertAuth && tls.trusted.isEmpty())
        return bad(QStringLiteral("--client-cert-auth needs --trusted-ca-file: whose certificates "
                                  "count"));
    const bool has = !tls.certificate.isEmpty() || tls.isAutomatic;
    const auto secret =
        std::find_if(etcd.listenClient.begin(), etcd.listenClient.end(), [](const auto &each) {
            return each.isHttps();
        });
    if (secret != etcd.listenClient.end() && !has)
        return bad(QStringLiteral("TLS key/cert (--cert-file, --key-file) must be provided for "
                                  "client url %1 with HTTPS scheme")
                       .arg(secret->url()));
    const bool mayBeProxy = etcd.proxy != EtcdOptions::Proxy::Off || !etcd.discovery.isEmpty();
    const bool wanted = has || !tls.trusted.isEmpty();
    if (wanted && secret == etcd.listenClient.end() && !mayBeProxy)
        return bad(QStringLiteral("there are flags for TLS, but no https:// URL in "
                                  "--listen-client-urls: nothing would be encrypted"));
    for (const Endpoint &endpoint : std::as_const(etcd.listenClient)) {
        if (wanted && !endpoint.isHttps())
            etcd.warnings.append(
                QStringLiteral("%1 is plain HTTP: the flags for TLS do not concern it")
                    .arg(endpoint.url()));
    }
    return {};
}

Result<void> checkRaftTimes(const Config &config)
{
    if (config.electionMs >= 5 * config.heartbeatMs)
        return {};
    return bad(QStringLiteral("--election-timeout[%1ms] should be at least as 5 times as "
                              "--heartbeat-interval[%2ms]")
                   .arg(config.electionMs)
                   .arg(config.heartbeatMs));
}

bool isConcrete(const Endpoint &endpoint)
{
    const QHostAddress address(endpoint.host);
    return !address.isNull() && address != QHostAddress(QHostAddress::AnyIPv4) &&
           address != QHostAddress(QHostAddress::AnyIPv6);
}

/// The address of the node itself: where it listens, else where it says that it is.
Result<void> findAddress(Config &config)
{
    const EtcdOptions &etcd = config.etcd;
    if (!config.address.isEmpty() || (etcd.listenPeer.isEmpty() && etcd.advertisePeer.isEmpty()))
        return {};
    for (const auto *list : {&etcd.listenPeer, &etcd.advertisePeer}) {
        for (const Endpoint &endpoint : *list) {
            if (!isConcrete(endpoint))
                continue;
            config.address = endpoint.host;
            return {};
        }
    }
    return bad(QStringLiteral(
        "--listen-peer-urls: no URL names an address of this machine: say it with --address"));
}

} // namespace

const QList<Setting> &etcdSettings()
{
    static const QList<Setting> all =
        clusterRows() + proxyRows() + tlsRows() + oldRows() + otherRows();
    return all;
}

Result<QList<NamedPlace>> namedPlaces(const QString &text)
{
    QList<NamedPlace> out;
    const QStringList words = text.split(QLatin1Char(','), Qt::SkipEmptyParts);
    for (const QString &word : words) {
        const qsizetype equals = word.indexOf(QLatin1Char('='));
        if (equals <= 0)
            return bad(QStringLiteral("\"%1\" is not of the form name=URL").arg(word));
        const auto place = endpointFromUrl(word.mid(equals + 1));
        if (!place)
            return fail(place.error());
        for (const NamedPlace &other : std::as_const(out)) {
            if (other.place.isAt(*place))
                return bad(QStringLiteral("initial cluster %1 has duplicate url").arg(text));
        }
        out.append({word.left(equals).trimmed(), *place});
    }
    if (out.isEmpty())
        return bad(QStringLiteral("the value names no member"));
    return out;
}

Result<void> settleEtcdOptions(Config &config)
{
    EtcdOptions &etcd = config.etcd;
    if (const auto good = checkMethods(etcd); !good)
        return good;
    if (const auto good = checkTls(etcd); !good)
        return good;
    if (const auto good = checkRaftTimes(config); !good)
        return good;
    if (!etcd.listenClient.isEmpty()) {
        config.etcdAddress = etcd.listenClient.first().host;
        config.etcdPort = etcd.listenClient.first().port;
        config.etcdOldPort = 0; // who lists the ports means no others
    }
    if (!etcd.listenPeer.isEmpty()) {
        config.peerPort = etcd.listenPeer.first().port;
        config.peerOldPort = 0;
    }
    return findAddress(config);
}

} // namespace qd::node
