// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/proxy/proxy.h"

#include "agent/etcd/event_json.h"
#include "agent/etcd/plain_answers.h"
#include "shared/base/log.h"
#include "shared/http/client.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPointer>
#include <array>

namespace qd::etcd {

using http::Answer;
using http::Method;
using http::Request;

namespace {

constexpr int kImpatientMs = 1'000; ///< while no member is known
constexpr int kTellMs = 5'000;      ///< for a member to say who the members are
const QByteArray kJson = QByteArrayLiteral("Content-Type: application/json\r\n");

QByteArray lineOf(const Request &request)
{
    QByteArray out = request.methodName.toByteArray() + ' ' + request.path.toByteArray();
    if (!request.query.isEmpty())
        out.append('?').append(request.query);
    return out.append(" HTTP/1.1\r\n");
}

QByteArray hostField(const Endpoint &member)
{
    const QByteArray url = member.url().toUtf8();
    return "Host: " + url.sliced(url.indexOf("://") + 3) + "\r\n";
}

/// Fields that concern this connection, or the page that the proxy itself has let in.
bool endsHere(const QByteArray &name)
{
    static constexpr std::array<const char *, 12> kNames{"host",
                                                         "connection",
                                                         "keep-alive",
                                                         "transfer-encoding",
                                                         "content-length",
                                                         "expect",
                                                         "te",
                                                         "upgrade",
                                                         "x-forwarded-for",
                                                         "origin",
                                                         "referer",
                                                         "sec-fetch-site"};
    return std::any_of(
        kNames.begin(), kNames.end(), [&name](const char *each) { return name == each; });
}

/// For whom it is asked: who asks here, after those for whom it was asked so far.
QByteArray forwardedFor(const Request &request)
{
    QByteArrayList all;
    for (const http::Field &field : request.fields) {
        if (field.name.compare("x-forwarded-for", Qt::CaseInsensitive) == 0)
            all.append(field.value.toByteArray());
    }
    if (request.client != nullptr)
        all.append(request.client->address());
    return "X-Forwarded-For: " + all.join(", ") + "\r\n";
}

/// What follows the line of the request and the field Host.
QByteArray restOf(const Request &request)
{
    QByteArray out = forwardedFor(request);
    for (const http::Field &field : request.fields) {
        if (!endsHere(field.name.toByteArray().toLower()))
            out.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    if (!request.body.isEmpty() || request.method == Method::Put || request.method == Method::Post)
        out.append("Content-Length: ")
            .append(QByteArray::number(request.body.size()))
            .append("\r\n");
    return out.append("Connection: close\r\n\r\n").append(request.body);
}

} // namespace

/// One request under way. It lives as long as its client waits.
struct Proxy::Call {
    QByteArray line; ///< the request's first
    QByteArray rest; ///< all of it behind the field Host
    Answer answer;
    QList<Endpoint> left; ///< members that may still be asked
    qsizetype asked = 0;
    std::unique_ptr<http::Exchange> exchange;
    bool streams = false; ///< the head has gone out
    http::Response whole; ///< of an answer whose length is known
};

Result<QList<Endpoint>> clientEndpoints(QByteArrayView membersJson)
{
    const QJsonDocument document = QJsonDocument::fromJson(membersJson.toByteArray());
    const QJsonValue members = document.object().value(QLatin1String("members"));
    if (!members.isArray())
        return fail(code::badInput, QStringLiteral("the answer lists no members"));
    QList<Endpoint> out;
    const QJsonArray all = members.toArray();
    for (const QJsonValue &member : all) {
        const QJsonArray urls = member.toObject().value(QLatin1String("clientURLs")).toArray();
        for (const QJsonValue &url : urls) {
            const auto endpoint = endpointFromUrl(url.toString());
            if (endpoint)
                out.append(*endpoint);
        }
    }
    return out;
}

Proxy::Proxy(const Setup &setup, const QList<Endpoint> &first)
    : m_setup(setup)
    , m_sites(setup.cors, setup.hosts)
    , m_first(first)
    , m_director(setup.failureMs)
    , m_announcement(setup.machine, setup.record, setup.refreshMs)
    , m_server([this](const Request &request, const Answer &answer) { handle(request, answer); })
{
    m_refresh.setSingleShot(true);
    connect(&m_refresh, &QTimer::timeout, this, &Proxy::refresh);
}

Proxy::~Proxy() = default;

Result<void> Proxy::start()
{
    for (const http::Place &place : std::as_const(m_setup.listen)) {
        if (const auto listening = m_server.listen(place, m_setup.tls); !listening)
            return listening;
        qCInfo(lcEtcd).noquote() << "proxy: listening for client requests on"
                                 << place.address.toString() + QLatin1Char(':') +
                                        QString::number(place.port);
    }
    refresh();
    return {};
}

void Proxy::refresh()
{
    ask(m_director.all() + m_first);
}

/// One after the other, until one tells.
void Proxy::ask(QList<Endpoint> whom)
{
    if (whom.isEmpty()) {
        m_refresh.start(m_director.all().isEmpty() ? kImpatientMs : m_setup.refreshMs);
        return;
    }
    const Endpoint one = whom.takeFirst();
    const auto body = std::make_shared<QByteArray>();
    http::Exchange::Ears ears;
    ears.part = [body](const QByteArray &part) { body->append(part); };
    ears.end = [this, body, one, whom](const Result<void> &how) {
        const auto members =
            how ? clientEndpoints(*body) : Result<QList<Endpoint>>(fail(how.error()));
        m_asking.release()->deleteLater();
        if (!members || members->isEmpty())
            return ask(whom);
        learnt(*members);
        announce(one, !m_announced);
    };
    m_asking = std::make_unique<http::Exchange>(
        placeOf(one), "GET /v2/members HTTP/1.1\r\n" + hostField(one) + "Connection: close\r\n\r\n",
        http::Exchange::Times{m_setup.dialMs, m_setup.writeMs, kTellMs}, std::move(ears));
}

/// What comes of it matters to nobody who waits: with the next look at the members it is said
/// again.
void Proxy::announce(const Endpoint &member, bool isFirst)
{
    if (m_setup.machine.isEmpty() || m_announcing)
        return;
    const auto status = std::make_shared<int>(0);
    http::Exchange::Ears ears;
    ears.head = [status](const http::AnswerReader::Head &head) { *status = head.status; };
    ears.end = [this, status, member, isFirst](const Result<void> &) {
        m_announcing.release()->deleteLater();
        m_announced = *status == 200 || *status == 201;
        if (*status == 404 && !isFirst)
            return announce(member, true);
        if (!m_announced)
            qCDebug(lcEtcd) << "proxy: nobody has taken down that it is here:" << *status;
    };
    const QByteArray host = hostField(member);
    m_announcing = std::make_unique<http::Exchange>(
        placeOf(member), isFirst ? m_announcement.first(host) : m_announcement.again(host),
        http::Exchange::Times{m_setup.dialMs, m_setup.writeMs, kTellMs}, std::move(ears));
}

http::Exchange::Place Proxy::placeOf(const Endpoint &member) const
{
    http::Exchange::Place out{member.host, member.port};
    if (member.isHttps())
        out.tls = m_setup.memberTls;
    return out;
}

void Proxy::learnt(const QList<Endpoint> &members)
{
    QStringList before = urlsOf(m_director.all());
    QStringList now = urlsOf(members);
    before.sort();
    now.sort();
    if (before != now) {
        m_director.set(members, m_random);
        qCInfo(lcEtcd).noquote() << "proxy: the members are" << now.join(QLatin1Char(' '));
        Q_EMIT membersChanged();
    }
    m_refresh.start(m_setup.refreshMs);
}

void Proxy::handle(const Request &request, const Answer &answer)
{
    if (!m_sites.admits(request, answer))
        return;
    const bool gets = request.method == Method::Get;
    if (gets && request.path == QByteArrayView("/v2/config/local/proxy")) {
        const QStringList urls = urlsOf(m_director.available(m_clock.monotonicMs()));
        const QJsonObject shown{{QStringLiteral("endpoints"), QJsonArray::fromStringList(urls)}};
        return answer.send(
            {200, kJson, QJsonDocument(shown).toJson(QJsonDocument::Compact) + '\n'});
    }
    if (m_setup.readOnly && !gets)
        return answer.send({501, {}, {}});
    const auto call = std::make_shared<Call>();
    call->left = m_director.available(m_clock.monotonicMs());
    if (call->left.isEmpty())
        return answer.send({503, kJson, messageJson("proxy: zero endpoints currently available")});
    call->line = lineOf(request);
    call->rest = restOf(request);
    call->answer = answer;
    answer.hold(call);
    pass(call);
}

void Proxy::pass(const std::shared_ptr<Call> &call)
{
    if (!call->left.isEmpty())
        return passTo(call, call->left.takeFirst());
    call->answer.send(
        {502, kJson,
         messageJson(
             "proxy: unable to get response from " + QByteArray::number(call->asked) +
             " endpoint(s)")});
}

void Proxy::passTo(const std::shared_ptr<Call> &call, const Endpoint &member)
{
    ++call->asked;
    const std::weak_ptr<Call> held = call; // the answer holds it, and lets go when the client does
    http::Exchange::Ears ears;
    ears.head = [held](const http::AnswerReader::Head &head) {
        const auto of = held.lock();
        if (!of)
            return;
        of->whole.status = head.status;
        of->whole.fields = head.fields;
        of->streams = head.length < 0 && head.status != 204;
        if (of->streams)
            of->answer.begin(head.status, head.fields);
    };
    ears.part = [held](const QByteArray &part) {
        const auto of = held.lock();
        if (of && of->streams)
            of->answer.part(part);
        else if (of)
            of->whole.body.append(part);
    };
    ears.end = [held, member, self = QPointer<Proxy>(this)](const Result<void> &how) {
        const auto of = held.lock();
        if (!of || !self)
            return;
        if (of->exchange)
            of->exchange.release()->deleteLater();
        if (how)
            return of->streams ? of->answer.end() : of->answer.send(of->whole);
        if (of->whole.status != 0 && of->streams)
            return of->answer.abort();
        self->m_director.failed(member, self->m_clock.monotonicMs());
        of->whole = {0, {}, {}};
        self->pass(of);
    };
    call->exchange = std::make_unique<http::Exchange>(
        placeOf(member), call->line + hostField(member) + call->rest,
        http::Exchange::Times{m_setup.dialMs, m_setup.writeMs, m_setup.readMs}, std::move(ears));
}

} // namespace qd::etcd
