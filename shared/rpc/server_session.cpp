// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/server_session.h"

#include "shared/base/log.h"

#include <QCborArray>

namespace qd::rpc {
namespace {

constexpr qsizetype kPageRows = 2'000;
constexpr qsizetype kPageBytes = 512 * 1024;
constexpr int kProtocol = 1;
constexpr int kHelloMs = 5'000;
constexpr int kLongestMs = 600'000;

bool fits(const QByteArrayList &rows, qsizetype bytes)
{
    return rows.size() < kPageRows && bytes < kPageBytes;
}

} // namespace

ServerSession::ServerSession(
    std::unique_ptr<Connection> connection, Caller caller, const Server::About &about,
    const Methods &methods, Server *parent)
    : QObject(parent)
    , m_connection(std::move(connection))
    , m_caller(std::move(caller))
    , m_about(about)
    , m_methods(methods)
{
    m_connection->setIncoming([this](const QCborMap &frame) { return incoming(frame); });
    m_connection->setProducer([this] { return produce(); });
    connect(m_connection.get(), &Connection::closed, this, [this](const Error &why) {
        qCInfo(lcControl).noquote() << "disconnected" << m_caller.text() << why.text();
        const auto calls = std::exchange(m_calls, {});
        for (const auto &each : calls) {
            if (const CallPtr call = each.lock())
                call->abandon();
        }
        deleteLater();
    });
    QTimer::singleShot(kHelloMs, this, [this] {
        if (!m_greeted)
            m_connection->close(
                {code::deadline, QStringLiteral("The peer did not say hello."), {}, nullptr});
    });
}

ServerSession::~ServerSession()
{
    m_connection->disconnect(this);
    for (const Watch &watch : std::as_const(m_watches))
        disconnect(watch.notice);
}

bool ServerSession::incoming(const QCborMap &frame)
{
    if (const QCborValue cancel = frame.value(QLatin1String("cancel")); cancel.isInteger()) {
        if (const CallPtr call = m_calls.take(cancel.toInteger()).lock())
            call->abandon();
        return true;
    }
    const QCborValue id = frame.value(QLatin1String("id"));
    if (!id.isInteger() || !frame.value(QLatin1String("method")).isString() ||
        m_calls.contains(id.toInteger()))
        return false;
    const auto call =
        std::make_shared<Call>(*m_connection, id.toInteger(), frame, effectiveCaller(frame));
    if (!m_greeted) {
        const auto welcome = hello(*call);
        call->reply(welcome);
        if (!welcome)
            m_connection->close(welcome.error());
        return true;
    }
    begin(call);
    return true;
}

Caller ServerSession::effectiveCaller(const QCborMap &frame) const
{
    const QCborMap as = frame.value(QLatin1String("as")).toMap();
    if (as.isEmpty() || m_caller.identity.kind != security::Identity::Kind::Node)
        return m_caller;
    Caller out = m_caller;
    out.role = security::roleFromName(as.value(QLatin1String("role")).toString())
                   .value_or(security::Role::None);
    return out;
}

Result<QCborMap> ServerSession::hello(const Call &call)
{
    if (call.method() != QLatin1String("hello"))
        return fail(code::badInput, QStringLiteral("The first call must be hello."));
    const qint64 version = call.params().value(QLatin1String("version")).toInteger();
    if (version != kProtocol)
        return fail(
            code::unsupported, QStringLiteral("This agent speaks version %1, the client %2.")
                                   .arg(kProtocol)
                                   .arg(version));
    m_greeted = true;
    return QCborMap{
        {QStringLiteral("version"), kProtocol},
        {QStringLiteral("cluster"),
         QCborMap{
             {QStringLiteral("id"), m_about.clusterId},
             {QStringLiteral("name"), m_about.clusterName}}},
        {QStringLiteral("node"),
         QCborMap{
             {QStringLiteral("id"), m_about.nodeId}, {QStringLiteral("name"), m_about.nodeName}}},
        {QStringLiteral("role"), security::roleName(m_caller.role)},
        {QStringLiteral("features"), QCborArray{}}};
}

void ServerSession::begin(const CallPtr &call)
{
    const qint64 id = call->m_id;
    if (m_calls.size() >= m_connection->limits().callsInFlight) {
        call->reply(fail(
            code::limit, QStringLiteral("More than %1 calls are in flight on this connection.")
                             .arg(m_connection->limits().callsInFlight)));
        return;
    }
    const bool known = m_caller.identity.kind != security::Identity::Kind::Nobody;
    if (known && call->method() == QLatin1String("subscribe")) {
        call->reply(subscribe(call->params()));
        m_connection->pumpSoon();
        return;
    }
    if (known && call->method() == QLatin1String("unsubscribe")) {
        const qint64 sub = call->params().value(QLatin1String("sub")).toInteger();
        disconnect(m_watches.value(sub).notice);
        m_watches.remove(sub);
        call->reply(QCborMap{});
        return;
    }
    m_calls.insert(id, call);
    const QPointer<ServerSession> self(this);
    call->m_onSettled = [self, id] {
        if (self)
            self->forget(id);
    };
    if (call->deadlineMs() > 0) {
        const std::weak_ptr<Call> weak = call;
        QTimer::singleShot(qMin(call->deadlineMs(), kLongestMs), this, [weak] {
            const CallPtr late = weak.lock();
            if (!late || late->isSettled())
                return;
            const auto cancelled = std::exchange(late->m_cancelled, {});
            late->reply(fail(
                code::deadline,
                QStringLiteral("%1 took longer than its deadline.").arg(late->method())));
            if (cancelled)
                cancelled();
        });
    }
    m_methods.run(call);
}

void ServerSession::forget(qint64 id)
{
    m_calls.remove(id);
}

Result<QCborMap> ServerSession::subscribe(const QCborMap &params)
{
    if (m_watches.size() >= m_connection->limits().subscriptions)
        return fail(
            code::limit, QStringLiteral("More than %1 subscriptions on this connection.")
                             .arg(m_connection->limits().subscriptions));
    const auto found = m_methods.collection(
        params.value(QLatin1String("collection")).toString(),
        params.value(QLatin1String("params")).toMap());
    if (!found)
        return fail(found.error());
    Watch watch;
    watch.collection = *found;
    const bool sameRun = params.value(QLatin1String("epoch")).toString() == (*found)->epoch();
    if (sameRun && params.value(QLatin1String("since")).isInteger())
        watch.revision = params.value(QLatin1String("since")).toInteger();
    watch.notice = connect(
        found->get(), &LiveCollection::advanced, this, [this] { m_connection->pumpSoon(); });
    const qint64 sub = m_nextSub++;
    m_watches.insert(sub, watch);
    return QCborMap{
        {QStringLiteral("sub"), sub},
        {QStringLiteral("revision"), (*found)->revision()},
        {QStringLiteral("epoch"), (*found)->epoch()}};
}

bool ServerSession::produce()
{
    bool sent = false;
    for (auto it = m_watches.begin(); it != m_watches.end(); ++it)
        sent = (it->snapshot ? sendPage(it.key(), *it) : sendDeltas(it.key(), *it)) || sent;
    return sent;
}

bool ServerSession::sendPage(qint64 sub, Watch &watch)
{
    QByteArrayList rows;
    qsizetype bytes = 0;
    const auto &all = *watch.snapshot;
    auto it = watch.started ? all.upperBound(watch.position) : all.begin();
    for (; it != all.end() && fits(rows, bytes); ++it) {
        rows.append(*it);
        bytes += it->size();
        watch.position = it.key();
        watch.started = true;
    }
    const bool last = it == all.end();
    const QCborMap head{
        {QStringLiteral("sub"), sub},
        {QStringLiteral("seq"), ++watch.seq},
        {QStringLiteral("revision"), watch.revision},
        {QStringLiteral("last"), last}};
    m_connection->sendEncoded(encodeFrame(head, QStringLiteral("page"), rows));
    if (last)
        watch.snapshot.reset();
    return true;
}

bool ServerSession::sendDeltas(qint64 sub, Watch &watch)
{
    const LiveCollection &from = *watch.collection;
    if (watch.revision == from.revision())
        return false;
    const auto changed = watch.revision < 0 ? std::nullopt : from.changedSince(watch.revision);
    if (!changed) {
        watch.snapshot = from.rows();
        watch.revision = from.revision();
        watch.started = false;
        return sendPage(sub, watch);
    }
    QByteArrayList rows;
    QCborArray removed;
    qsizetype bytes = 0;
    const auto flush = [&](bool last) {
        const QCborMap head{
            {QStringLiteral("sub"), sub},
            {QStringLiteral("seq"), ++watch.seq},
            {QStringLiteral("removed"), removed},
            {QStringLiteral("revision"), from.revision()},
            {QStringLiteral("last"), last}};
        m_connection->sendEncoded(encodeFrame(head, QStringLiteral("rows"), rows));
        rows.clear();
        removed = {};
        bytes = 0;
    };
    for (const QString &key : *changed) {
        const auto it = from.rows().constFind(key);
        if (it == from.rows().constEnd())
            removed.append(key);
        else
            rows.append(*it);
        bytes += it == from.rows().constEnd() ? key.size() * 3 : it->size();
        if (!fits(rows, bytes))
            flush(false);
    }
    flush(true);
    watch.revision = from.revision();
    return true;
}

} // namespace qd::rpc
