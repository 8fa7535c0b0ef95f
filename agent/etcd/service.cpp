// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/service.h"

#include "agent/etcd/event_json.h"
#include "agent/etcd/key_request.h"
#include "agent/etcd/metrics.h"
#include "agent/etcd/plain_answers.h"
#include "agent/etcd/statistics_json.h"
#include "agent/store/tree.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/http/url.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>

namespace qd::etcd {

using http::Answer;
using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr QByteArrayView kKeys = "/v2/keys";
constexpr QByteArrayView kMembers = "/v2/members";
constexpr QByteArrayView kAuth = "/v2/auth";

const QByteArray kJson = QByteArrayLiteral("Content-Type: application/json\r\n");

/// In a field of the head a byte beyond ASCII is written as an escape.
QByteArray inAscii(QByteArrayView text)
{
    QByteArray out;
    for (const char c : text) {
        if (uchar(c) < 0x80)
            out.append(c);
        else
            out.append('%').append(QByteArray::number(uchar(c), 16));
    }
    return out;
}

/// To where the path is plain. Only who gets a page is shown one, as by Go.
Response moved(Method method, QByteArrayView path, QByteArrayView query)
{
    QByteArray where = http::percentEncodedPath(path);
    if (!query.isEmpty())
        where.append('?').append(query);
    Response out;
    out.status = 301;
    out.fields = "Location: " + inAscii(where) + "\r\n";
    if (method != Method::Get && method != Method::Head)
        return out;
    out.fields += "Content-Type: text/html; charset=utf-8\r\n";
    QByteArray shown = where;
    shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    shown.replace('"', "&#34;").replace('\'', "&#39;");
    out.body = "<a href=\"" + shown + "\">Moved Permanently</a>.\n\n";
    return out;
}

bool isAt(QByteArrayView path, QByteArrayView root)
{
    return path.startsWith(root) && (path.size() == root.size() || path[root.size()] == '/');
}

/// What the categories of this program log at one of etcd's levels.
std::optional<QString> logRules(QByteArrayView level)
{
    if (level == QByteArrayView("DEBUG") || level == QByteArrayView("TRACE"))
        return QStringLiteral("qd.*.debug=true\nqd.*.info=true");
    if (level == QByteArrayView("INFO") || level == QByteArrayView("NOTICE"))
        return QStringLiteral("qd.*.debug=false\nqd.*.info=true");
    if (level == QByteArrayView("WARNING") || level == QByteArrayView("ERROR") ||
        level == QByteArrayView("CRITICAL"))
        return QStringLiteral("qd.*.debug=false\nqd.*.info=false");
    return {};
}

QByteArray argumentsJson()
{
    QByteArray out = "[";
    const QStringList arguments = QCoreApplication::arguments();
    for (const QString &argument : arguments) {
        if (out.size() > 1)
            out.append(',');
        appendString(out, argument.toUtf8());
    }
    return out.append(']');
}

} // namespace

/// A path that is one page, with the methods that it answers (none: any).
struct Service::Page {
    const char *path;
    QList<Method> allowed;
    const char *allowedText;
    void (Service::*show)(const Request &, const Answer &) const;
};

const std::array<Service::Page, 9> Service::kPages = {{
    {"/health", {Method::Get}, "GET", &Service::health},
    {"/version", {Method::Get}, "GET", &Service::version},
    {"/v2/machines", {Method::Get, Method::Head}, "GET,HEAD", &Service::machines},
    {"/v2/stats/self", {Method::Get}, "GET", &Service::selfStats},
    {"/v2/stats/leader", {Method::Get}, "GET", &Service::leaderStats},
    {"/v2/stats/store", {Method::Get}, "GET", &Service::storeStats},
    {"/metrics", {}, "", &Service::metrics},
    {"/debug/vars", {Method::Get}, "GET", &Service::debugVars},
    {"/config/local/log", {Method::Put}, "PUT", &Service::logLevel},
}};

Service::Service(
    const Setup &setup, const Stores &stores, const ClusterInfo &cluster, MemberChanges &changes,
    QObject *parent)
    : QObject(parent)
    , m_setup(setup)
    , m_sites(setup.cors, setup.hosts)
    , m_store(stores.open)
    , m_cluster(cluster)
    , m_auth(stores.own, cluster)
    , m_members(cluster, changes, m_auth)
    , m_self(std::make_shared<Service *>(this))
    , m_server(
          [this](const Request &request, const Answer &answer) { handle(request, answer); },
          setup.limits)
{
}

Service::~Service() = default;

Result<void> Service::start()
{
    m_clusterField = "X-Etcd-Cluster-Id: " + QByteArray::number(m_cluster.clusterId(), 16) + "\r\n";
    m_errorFields = kJson + m_clusterField;
    auto listening =
        m_server.listen({m_setup.address, m_setup.port, m_setup.encrypted}, m_setup.tls);
    if (listening)
        qCInfo(lcEtcd).noquote() << "etcd's API listens on"
                                 << m_setup.address.toString() + QLatin1Char(':') +
                                        QString::number(port());
    for (const http::Place &place : std::as_const(m_setup.further)) {
        if (listening)
            listening = m_server.listen(place, m_setup.tls);
    }
    // Nobody needs the old port to live: one who has it already may keep it.
    if (listening && m_setup.oldPort != 0) {
        if (const auto old = m_server.listen(m_setup.address, m_setup.oldPort); !old)
            qCWarning(lcEtcd).noquote() << "etcd's old port is left out:" << old.error().text();
    }
    return listening;
}

void Service::handle(const Request &request, const Answer &answer)
{
    if (!m_sites.admits(request, answer))
        return;
    if (request.method == Method::Options && request.path == QByteArrayView("*"))
        return answer.send({});
    auto path = http::percentDecoded(request.path);
    if (!path || (!path->isEmpty() && !path->startsWith('/')))
        return answer.send(http::text(400, "400 Bad Request"));
    if (request.method == Method::Options)
        return answer.send({});
    if (path->isEmpty() || path->contains("//") || path->contains("/.")) {
        if (const QByteArray clean = http::cleanedPath(*path); clean != *path)
            return answer.send(moved(request.method, clean, request.query));
    }
    route(request, *path, answer);
}

void Service::route(const Request &request, QByteArrayView path, const Answer &answer)
{
    if (isAt(path, kKeys))
        return keys(request, path.sliced(kKeys.size()), answer);
    if (isAt(path, kMembers))
        return m_members.handle(request, path.sliced(kMembers.size()), answer);
    if (isAt(path, kAuth))
        return m_auth.handle(request, path.sliced(kAuth.size()), answer);
    for (const Page &page : kPages) {
        if (path != QByteArrayView(page.path))
            continue;
        const bool any = page.allowed.isEmpty();
        if (!any && !page.allowed.contains(request.method))
            return answer.send(notAllowed(page.allowedText));
        return (this->*page.show)(request, answer);
    }
    answer.send(notFound());
}

void Service::version(const Request &, const Answer &answer) const
{
    const QByteArray server = kServerVersion;
    const QByteArray cluster = kClusterVersion;
    answer.send(
        {200, kJson, "{\"etcdserver\":\"" + server + "\",\"etcdcluster\":\"" + cluster + "\"}"});
}

void Service::machines(const Request &, const Answer &answer) const
{
    QStringList urls;
    const std::vector<ClusterInfo::Member> members = m_cluster.members();
    for (const ClusterInfo::Member &member : members)
        urls += member.clientUrls;
    answer.send(http::text(200, urls.join(QStringLiteral(", ")).toUtf8()));
}

void Service::selfStats(const Request &, const Answer &answer) const
{
    answer.send({200, kJson, selfStatsJson(m_cluster, SystemClock().wallUs())});
}

void Service::leaderStats(const Request &, const Answer &answer) const
{
    if (m_cluster.leader() != m_cluster.self())
        return answer.send({403, kJson, messageJson("not current leader")});
    answer.send({200, kJson, leaderStatsJson(m_cluster)});
}

void Service::storeStats(const Request &, const Answer &answer) const
{
    answer.send({200, kJson, storeStatsJson(statistics())});
}

void Service::metrics(const Request &, const Answer &answer) const
{
    answer.send(
        {200, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
         metricsText(m_cluster, statistics(), m_health, ProcessFigures::now())});
}

void Service::debugVars(const Request &, const Answer &answer) const
{
    answer.send(
        {200, "Content-Type: application/json; charset=utf-8\r\n",
         "{\n\"cmdline\": " + argumentsJson() +
             ",\n\"file_descriptor_limit\": " + QByteArray::number(ProcessFigures::now().maxFiles) +
             ",\n\"raft.status\": " + raftStatusJson(m_cluster) + "\n}\n"});
}

/// {"Level": "DEBUG"}: from now on this agent's log says more, or less again.
void Service::logLevel(const Request &request, const Answer &answer) const
{
    const QJsonDocument document = QJsonDocument::fromJson(request.body.toByteArray());
    const QJsonValue level = document.object().value(QLatin1String("Level"));
    if (!document.isObject())
        return answer.send({400, kJson, messageJson("Invalid json body")});
    const QByteArray wanted = level.toString().toUtf8();
    const auto rules = logRules(wanted.toUpper());
    if (!rules)
        return answer.send({400, kJson, messageJson("Invalid log level " + wanted)});
    QLoggingCategory::setFilterRules(*rules);
    answer.send({204, {}, {}});
}

void Service::health(const Request &, const Answer &answer) const
{
    if (m_cluster.leader() == 0 || m_cluster.raftFigures().alarms > 0) {
        ++m_health.failures;
        return answer.send(plainError(503, "{\"health\":\"false\"}"));
    }
    ++m_health.successes;
    answer.send(http::text(200, "{\"health\":\"true\"}"));
}

void Service::keys(const Request &request, QByteArrayView key, const Answer &answer)
{
    switch (request.method) {
    case Method::Get:
    case Method::Head:
    case Method::Put:
    case Method::Post:
    case Method::Delete:
        break;
    default:
        return answer.send(notAllowed("HEAD,GET,PUT,POST,DELETE"));
    }
    const QString asked = QString::fromUtf8(key); // with its slash at the end: patterns tell it
    while (key.endsWith('/'))
        key.chop(1);
    const auto parsed = readKeyRequest(request, key.isEmpty() ? QByteArrayView("/") : key);
    if (!parsed)
        return sendEvent(fail(parsed.error()), false, answer);
    if (!m_auth.isEnabled())
        return perform(*parsed, answer);
    const bool reads = request.method == Method::Get || request.method == Method::Head;
    m_auth.gate().askKey(
        auth::Claim::of(request), asked, parsed->recursive(),
        reads ? auth::Access::Read : auth::Access::Write,
        [self = std::weak_ptr(m_self), parsed = *parsed, answer](bool may) {
            const auto alive = self.lock();
            if (!alive)
                return;
            if (may)
                return (*alive)->perform(parsed, answer);
            const QString why = QStringLiteral("Insufficient credentials");
            (*alive)->sendEvent(fail(store::etcdError(110, why, 0)), false, answer);
        });
}

store::Statistics Service::statistics() const
{
    store::Statistics out = m_cluster.storeStatistics();
    out.counts[size_t(store::Operation::Get)] = m_reads.of(store::Operation::Get);
    return out;
}

void Service::perform(const KeyRequest &request, const Answer &answer)
{
    if (const auto *wanted = std::get_if<store::WatchRequest>(&request.what))
        return watch(*wanted, answer);
    if (const auto *get = std::get_if<store::GetRequest>(&request.what))
        return read(*get, answer);
    m_store.write(
        std::get<store::WriteRequest>(request.what),
        [self = std::weak_ptr(m_self), bare = request.bare,
         answer](const Result<store::Event> &event) {
            if (const auto alive = self.lock())
                (*alive)->sendEvent(event, bare, answer);
        });
}

void Service::read(const store::GetRequest &request, const Answer &answer)
{
    if (!request.quorum)
        return show(request, answer);
    // What this member has when its answer comes is recent enough to be shown.
    store::GetRequest recent = request;
    recent.recursive = false;
    m_store.get(
        recent, [self = std::weak_ptr(m_self), request, answer](const Result<store::Event> &event) {
            const auto alive = self.lock();
            if (!alive)
                return;
            if (event && request.recursive)
                return (*alive)->show(request, answer);
            (*alive)->m_reads.count(store::Operation::Get, event.has_value());
            (*alive)->sendEvent(event, false, answer);
        });
}

/// From this member's own store.
void Service::show(const store::GetRequest &request, const Answer &answer)
{
    auto found = foundJson(m_store, request);
    m_reads.count(store::Operation::Get, found.has_value());
    if (!found)
        return sendEvent(fail(found.error()), false, answer);
    answer.send({200, raftFields(found->storeIndex), std::move(found->body)});
}

QByteArray Service::raftFields(quint64 storeIndex) const
{
    QByteArray out;
    out.reserve(200);
    out.append(kJson).append(m_clusterField);
    out.append("X-Etcd-Index: ").append(QByteArray::number(storeIndex));
    out.append("\r\nX-Raft-Index: ").append(QByteArray::number(m_cluster.raftIndex()));
    out.append("\r\nX-Raft-Term: ").append(QByteArray::number(m_cluster.raftTerm()));
    // An answer from this member's own state may be that old: nobody tells it of writes.
    if (const qint64 alone = m_cluster.leaderlessMs() / 1'000; alone > 0)
        out.append("\r\nX-Quarterdeck-Stale: ").append(QByteArray::number(alone));
    return out.append("\r\n");
}

void Service::sendEvent(const Result<store::Event> &event, bool bare, const Answer &answer) const
{
    if (!event) {
        const KeyError error = keyError(event.error());
        return answer.send(
            {error.status, m_errorFields + "X-Etcd-Index: " + error.index + "\r\n", error.body});
    }
    const bool created = event->action == QLatin1String("create") ||
                         (event->action == QLatin1String("set") && !event->prevNode);
    answer.send({created ? 201 : 200, raftFields(event->etcdIndex), eventJson(*event, bare)});
}

void Service::watch(const store::WatchRequest &request, const Answer &answer)
{
    const auto held = std::make_shared<WatchAnswer>(
        answer, m_texts, raftFields(m_cluster.storeIndex()), m_errorFields);
    held->start(m_store, request);
}

} // namespace qd::etcd
