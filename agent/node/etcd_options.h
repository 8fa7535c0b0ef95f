// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/endpoint.h"

#include <QStringList>

namespace qd::node {

struct Config;
struct Setting;

/// One member as --initial-cluster names it.
struct NamedPlace {
    QString name;
    Endpoint place;
    bool operator==(const NamedPlace &) const = default;
};

/// TLS of etcd's API: paths of PEM files, as they were given.
struct ClientTls {
    QString certificate;
    QString key;
    QString trusted;             ///< authorities: a client must show a certificate of one of them
    bool clientCertAuth = false; ///< and is the user whose name stands in it
    bool isAutomatic = false;    ///< a certificate of the cluster's own authority
};

/// What etcd's own flags say, as they were given (ch5-etcd.md 4.1). settleEtcdOptions() makes of
/// it what the agent runs by.
struct EtcdOptions {
    enum class Proxy { Off, On, ReadOnly };
    QList<Endpoint> listenClient;
    QList<Endpoint> advertiseClient;
    QList<Endpoint> listenPeer;
    QList<Endpoint> advertisePeer;
    QList<NamedPlace> initialCluster;
    bool existing = false; ///< --initial-cluster-state
    QString token = QStringLiteral("etcd-cluster");
    QString discovery;      ///< the URL of a token
    QString discoverySrv;   ///< a DNS domain
    QString discoveryProxy; ///< an HTTP proxy before the discovery service
    bool fallsBackToProxy = true;
    Proxy proxy = Proxy::Off;
    int proxyFailureMs = 5'000;  ///< how long a member that failed is not asked
    int proxyRefreshMs = 30'000; ///< how often the members are asked who they are
    int proxyDialMs = 1'000;
    int proxyWriteMs = 5'000;
    int proxyReadMs = 0; ///< 0 = for ever: watches wait
    bool forceNewCluster = false;
    ClientTls clientTls;
    /// Names by which plain HTTP may be asked for, beside this machine's own; "*" = any.
    QStringList hosts;
    QStringList cors; ///< pages that may read the store; "*" = all
    /// What is said at the start: of flags that change nothing, and why.
    QStringList warnings;
};

/// The rows that --help shows for them.
const QList<Setting> &etcdSettings();

/// "a=http://h:1,b=http://h:2"; a member with several URLs is named several times.
Result<QList<NamedPlace>> namedPlaces(const QString &text);

/// Checks what the flags say together, and derives addresses and ports from the URLs.
/// code::badInput in etcd's words where it has any.
Result<void> settleEtcdOptions(Config &config);

} // namespace qd::node
