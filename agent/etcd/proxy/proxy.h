// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/proxy/announcement.h"
#include "agent/etcd/proxy/director.h"
#include "agent/etcd/site_guard.h"
#include "shared/base/clock.h"
#include "shared/http/exchange.h"
#include "shared/http/server.h"

namespace qd::etcd {

/// The client URLs in the answer of /v2/members. code::badInput: it is none.
Result<QList<Endpoint>> clientEndpoints(QByteArrayView membersJson);

/// etcd's API without a store: each request goes to a member, and its answer back as it comes
/// (ch5-etcd.md 3.3). It asks the members from time to time who they are.
class Proxy final : public QObject {
    Q_OBJECT
public:
    struct Setup {
        QList<http::Place> listen;
        bool readOnly = false;
        int failureMs = 5'000;
        int refreshMs = 30'000;
        int dialMs = 1'000;
        int writeMs = 5'000;
        int readMs = 0;
        QStringList cors = {};  ///< as SiteGuard's
        QStringList hosts = {}; ///< as SiteGuard's
        std::optional<http::TlsContext> tls = {};
        /// For members whose URLs are https.
        QSslConfiguration memberTls = QSslConfiguration::defaultConfiguration();
        QString machine = {};   ///< its id; empty: it does not say that it is there
        QByteArray record = {}; ///< what it says then
    };
    /// `first` are asked who the members are before anybody else is known.
    Proxy(const Setup &setup, const QList<Endpoint> &first);
    ~Proxy() override;

    /// code::io: an address that is taken.
    Result<void> start();
    QList<Endpoint> members() const { return m_director.all(); }

Q_SIGNALS:
    void membersChanged();

private:
    struct Call;
    void handle(const http::Request &request, const http::Answer &answer);
    void pass(const std::shared_ptr<Call> &call);
    void passTo(const std::shared_ptr<Call> &call, const Endpoint &member);
    void refresh();
    void ask(QList<Endpoint> whom);
    http::Exchange::Place placeOf(const Endpoint &member) const;
    void learnt(const QList<Endpoint> &members);
    /// Says to a member that answers that this proxy is there.
    void announce(const Endpoint &member, bool isFirst);

    Setup m_setup;
    SiteGuard m_sites;
    QList<Endpoint> m_first;
    ProxyDirector m_director;
    SystemClock m_clock;
    SystemRandom m_random;
    QTimer m_refresh;
    std::unique_ptr<http::Exchange> m_asking;
    Announcement m_announcement;
    bool m_announced = false;
    std::unique_ptr<http::Exchange> m_announcing;
    http::Server m_server;
};

} // namespace qd::etcd
