// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/auth/pages.h"
#include "agent/etcd/cluster_info.h"
#include "agent/etcd/member_pages.h"
#include "agent/etcd/metrics.h"
#include "agent/etcd/site_guard.h"
#include "agent/etcd/watch_answer.h"
#include "agent/store/store_client.h"
#include "shared/http/server.h"

#include <QHostAddress>
#include <QObject>
#include <array>

namespace qd::etcd {

class WatchAnswer;
struct KeyRequest;

/// etcd's HTTP API: /v2/keys, /v2/auth, /v2/members, /v2/machines, /v2/stats, /version, /health,
/// /metrics, /debug/vars, /config/local/log, as Debian's etcd 3.4.23 with --enable-v2 answers them
/// (peer-contracts.md 1).
class Service final : public QObject {
    Q_OBJECT
public:
    /// The release of etcd whose v2 API this is; /version says so.
    static constexpr auto kServerVersion = "3.4.23";
    static constexpr auto kClusterVersion = "3.4.0";

    struct Setup {
        QHostAddress address;
        quint16 port = 2379;
        bool encrypted = false;          ///< by `tls`
        QList<http::Place> further = {}; ///< the same API there, too
        quint16 oldPort = 0;             ///< where clients from before 2.0 look (4001); 0 = nowhere
        http::Limits limits = {};
        QStringList cors = {};  ///< as SiteGuard's
        QStringList hosts = {}; ///< as SiteGuard's
        std::optional<http::TlsContext> tls = {};
    };
    struct Stores {
        store::StoreClient &open; ///< what the keys API shows
        store::StoreClient &own;  ///< with the cluster's own keys: users and roles are there
    };
    /// Stores, cluster and changes must outlive it.
    Service(
        const Setup &setup, const Stores &stores, const ClusterInfo &cluster,
        MemberChanges &changes, QObject *parent = nullptr);
    ~Service() override;

    /// code::io with the reason, such as an address that is taken.
    Result<void> start();
    quint16 port() const { return m_setup.encrypted ? m_server.tlsPort() : m_server.port(); }
    qsizetype connections() const { return m_server.connections(); }
    /// What /v2/keys answers for a key, whatever the request's own path is.
    void keys(const http::Request &request, QByteArrayView key, const http::Answer &answer);
    /// What was done to this member's store, with what clients have read here.
    store::Statistics statistics() const;

private:
    struct Page;
    static const std::array<Page, 9> kPages;

    void handle(const http::Request &request, const http::Answer &answer);
    void route(const http::Request &request, QByteArrayView path, const http::Answer &answer);
    void perform(const KeyRequest &request, const http::Answer &answer);
    void read(const store::GetRequest &request, const http::Answer &answer);
    void show(const store::GetRequest &request, const http::Answer &answer);
    void health(const http::Request &request, const http::Answer &answer) const;
    void version(const http::Request &request, const http::Answer &answer) const;
    void machines(const http::Request &request, const http::Answer &answer) const;
    void selfStats(const http::Request &request, const http::Answer &answer) const;
    void leaderStats(const http::Request &request, const http::Answer &answer) const;
    void storeStats(const http::Request &request, const http::Answer &answer) const;
    void metrics(const http::Request &request, const http::Answer &answer) const;
    void debugVars(const http::Request &request, const http::Answer &answer) const;
    void logLevel(const http::Request &request, const http::Answer &answer) const;
    void watch(const store::WatchRequest &request, const http::Answer &answer);
    void sendEvent(const Result<store::Event> &event, bool bare, const http::Answer &answer) const;
    QByteArray raftFields(quint64 storeIndex) const;

    Setup m_setup;
    SiteGuard m_sites;
    store::StoreClient &m_store;
    const ClusterInfo &m_cluster;
    auth::Pages m_auth;
    MemberPages m_members;
    store::Statistics m_reads; ///< of clients, here
    mutable HealthFigures m_health;
    QByteArray m_clusterField;
    QByteArray m_errorFields;
    std::shared_ptr<EventTexts> m_texts = std::make_shared<EventTexts>();
    std::shared_ptr<Service *> m_self; ///< answers of the store may come after this object
    http::Server m_server;
};

} // namespace qd::etcd
