// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/srv.h"

#include <QDnsLookup>
#include <QHostInfo>

namespace qd::node {

namespace {

QString withoutDot(QString name)
{
    if (name.endsWith(QLatin1Char('.')))
        name.chop(1);
    return name;
}

} // namespace

void DnsResolver::services(const QString &name, std::function<void(Result<QList<SrvTarget>>)> done)
{
    auto *const lookup = new QDnsLookup(QDnsLookup::SRV, name, m_server, this);
    connect(lookup, &QDnsLookup::finished, this, [lookup, name, done = std::move(done)] {
        lookup->deleteLater();
        if (lookup->error() != QDnsLookup::NoError)
            return done(
                fail(code::notFound, QStringLiteral("%1: %2").arg(name, lookup->errorString())));
        QList<SrvTarget> out;
        const auto records = lookup->serviceRecords();
        for (const QDnsServiceRecord &record : records)
            out.append({withoutDot(record.target()), record.port()});
        done(out);
    });
    lookup->lookup();
}

void DnsResolver::addresses(const QString &host, std::function<void(Result<QStringList>)> done)
{
    if (!QHostAddress(host).isNull())
        return done(QStringList{host});
    if (m_server.isNull()) {
        QHostInfo::lookupHost(host, this, [host, done = std::move(done)](const QHostInfo &info) {
            QStringList out;
            const auto all = info.addresses();
            for (const QHostAddress &address : all)
                out.append(address.toString());
            done(
                out.isEmpty()
                    ? Result<QStringList>(fail(
                          code::notFound, QStringLiteral("%1: %2").arg(host, info.errorString())))
                    : Result<QStringList>(out));
        });
        return;
    }
    auto *const lookup = new QDnsLookup(QDnsLookup::A, host, m_server, this);
    connect(lookup, &QDnsLookup::finished, this, [lookup, host, done = std::move(done)] {
        lookup->deleteLater();
        QStringList out;
        const auto records = lookup->hostAddressRecords();
        for (const QDnsHostAddressRecord &record : records)
            out.append(record.value().toString());
        done(
            out.isEmpty()
                ? Result<QStringList>(fail(
                      code::notFound, QStringLiteral("%1: %2").arg(host, lookup->errorString())))
                : Result<QStringList>(out));
    });
    lookup->lookup();
}

SrvLookup::SrvLookup(Resolver &resolver, const QString &domain)
    : m_resolver(resolver)
    , m_domain(domain)
{
}

void SrvLookup::start(const QString &name, const QList<Endpoint> &own, Done done)
{
    m_name = name;
    m_isProxy = own.isEmpty();
    m_done = std::move(done);
    askServices(QStringLiteral("_etcd-server-ssl._tcp."), QStringLiteral("https"), [this, own] {
        askServices(QStringLiteral("_etcd-server._tcp."), QStringLiteral("http"), [this, own] {
            resolve(m_targets, false, [this, own] { resolve(own, true, [this] { assemble(); }); });
        });
    });
}

void SrvLookup::askServices(
    const QString &prefix, const QString &scheme, std::function<void()> then)
{
    const auto heard = [this, scheme, then = std::move(then)](const auto &targets) {
        if (!targets)
            m_refusal = targets.error();
        else
            for (const SrvTarget &target : *targets)
                m_targets.append({scheme, target.host, target.port});
        then();
    };
    m_resolver.services(prefix + m_domain, heard);
}

void SrvLookup::resolve(QList<Endpoint> unresolved, bool isOwn, std::function<void()> then)
{
    if (unresolved.isEmpty())
        return then();
    const Endpoint one = unresolved.takeFirst();
    const auto heard = [this, one, unresolved, isOwn, then = std::move(then)](const auto &found) {
        if (found)
            (isOwn ? m_own : m_places).append({one.scheme, found->first(), one.port});
        else
            m_refusal = found.error();
        resolve(unresolved, isOwn, then);
    };
    m_resolver.addresses(one.host, heard);
}

void SrvLookup::assemble()
{
    if (m_places.isEmpty())
        return m_done(fail(
            m_refusal.code.isEmpty()
                ? Error{code::notFound, QStringLiteral("no SRV records"), {}, nullptr}
                : m_refusal.during(
                      QStringLiteral("error querying DNS SRV records of %1").arg(m_domain))));
    Found out;
    int others = 0;
    for (const Endpoint &place : std::as_const(m_places)) {
        const bool isOwn = std::any_of(
            m_own.begin(), m_own.end(), [&](const Endpoint &each) { return each.isAt(place); });
        out.cluster.append({isOwn ? m_name : QString::number(others++), place});
        if (isOwn)
            out.own.append(place);
    }
    if (out.own.isEmpty() && !m_isProxy)
        return m_done(fail(
            code::notFound,
            QStringLiteral("cannot find local etcd member \"%1\" in SRV records").arg(m_name)));
    m_done(out);
}

} // namespace qd::node
