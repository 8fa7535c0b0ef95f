// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/etcd_options.h"

#include <QHostAddress>
#include <QObject>
#include <functional>

namespace qd::node {

struct SrvTarget {
    QString host;
    quint16 port = 0;
    bool operator==(const SrvTarget &) const = default;
};

/// What is asked of DNS. Each `done` comes once, later or from inside the call.
class Resolver {
public:
    virtual ~Resolver() = default;
    virtual void
    services(const QString &name, std::function<void(Result<QList<SrvTarget>>)> done) = 0;
    virtual void addresses(const QString &host, std::function<void(Result<QStringList>)> done) = 0;
};

/// The system's, or one server's.
class DnsResolver final : public QObject, public Resolver {
    Q_OBJECT
public:
    explicit DnsResolver(const QHostAddress &server = {})
        : m_server(server)
    {
    }
    void services(const QString &name, std::function<void(Result<QList<SrvTarget>>)> done) override;
    void addresses(const QString &host, std::function<void(Result<QStringList>)> done) override;

private:
    QHostAddress m_server;
};

/// The members that a domain's SRV records name (ch5-etcd.md 4.4): first _etcd-server-ssl._tcp,
/// then _etcd-server._tcp, each target by its address.
class SrvLookup final : public QObject {
    Q_OBJECT
public:
    struct Found {
        QList<NamedPlace> cluster; ///< this member by its name, the others by "0", "1"...
        QList<Endpoint> own;       ///< which of the places are this member's
    };
    using Done = std::function<void(Result<Found>)>;
    /// The resolver must outlive it.
    SrvLookup(Resolver &resolver, const QString &domain);

    /// `own`: where this member says that it is; a proxy is nowhere. code::notFound: no record, or
    /// this member is in none.
    void start(const QString &name, const QList<Endpoint> &own, Done done);

private:
    void askServices(const QString &prefix, const QString &scheme, std::function<void()> then);
    void resolve(QList<Endpoint> unresolved, bool isOwn, std::function<void()> then);
    void assemble();

    Resolver &m_resolver;
    QString m_domain;
    QString m_name;
    QList<Endpoint> m_targets; ///< by host name, then by address
    QList<Endpoint> m_places;
    QList<Endpoint> m_own;
    bool m_isProxy = false;
    Error m_refusal;
    Done m_done;
};

} // namespace qd::node
