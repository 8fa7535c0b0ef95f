// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/proxy/proxy.h"

#include "agent/etcd/event_json.h"
#include "agent/etcd/plain_answers.h"
#include "shared/base/log.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPointer>

namespace qd::etcd {

using http::Answer;
using http::Method;
using http::Request;

namespace {

constexpr int kImpatientMs = 1'000; ///< while no member is known
const QByteArray kJson = QByteArrayLiteral("Content-Type: application/json\r\n");

/// The request as it goes on: its own fields, save those of the connection.
QByteArray forwarded(const Request &request)
{
    QByteArray out = request.methodName.toByteArray() + ' ' + request.path.toByteArray();
    if (!request.query.isEmpty())
        out.append('?').append(request.query);
    out.append(" HTTP/1.1\r\n");
    for (const http::Field &field : request.fields) {
        const QByteArray name = field.name.toByteArray().toLower();
        if (name == "connection" || name == "keep-alive" || name == "transfer-encoding" ||
            name == "content-length" || name == "expect" || name == "te" || name == "upgrade")
            continue;
        out.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    if (!request.body.isEmpty() || request.method == Method::Put || request.method == Method::Post)
        out.append("Content-Length: ")
            .append(QByteArray::number(request.body.size()))
            .append("\r\n");
    out.append("Connection: close\r\n\r\n").append(request.body);
    return out;
}

} // namespace

/// One request under way. It lives as long as its client waits.
struct Proxy::Call {
    QByteArray request;
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
            if (endpoint && endpoint->scheme == QLatin1String("http"))
                out.append(*endpoint);
        }
    }
    return out;
}

Proxy::Proxy(const Setup &setup, const QList<Endpoint> &first)
    : m_setup(setup)
    , m_first(first)
    , m_director(setup.failureMs)
    , m_server([this](const Request &request, const Answer &answer) { handle(request, answer); })
{
    m_refresh.setSingleShot(true);
    connect(&m_refresh, &QTimer::timeout, this, &Proxy::refresh);
}

Proxy::~Proxy() = default;

Result<void> Proxy::start()
{
    for (const auto &[address, port] : std::as_const(m_setup.listen)) {
        if (const auto listening = m_server.listen(address, port); !listening)
            return listening;
        qCInfo(lcEtcd).noquote() << "proxy: listening for client requests on"
                                 << address.toString() + QLatin1Char(':') + QString::number(port);
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
    ears.end = [this, body, whom](const Result<void> &how) {
        const auto members =
            how ? clientEndpoints(*body) : Result<QList<Endpoint>>(fail(how.error()));
        m_asking.release()->deleteLater();
        if (!members || members->isEmpty())
            return ask(whom);
        learnt(*members);
    };
    const QByteArray host = QByteArray("Host: ") + one.host.toUtf8() + "\r\n";
    m_asking = std::make_unique<http::Exchange>(
        one.host, one.port, "GET /v2/members HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
        http::Exchange::Times{m_setup.dialMs, 5'000}, std::move(ears));
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
    call->request = forwarded(request);
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
        member.host, member.port, call->request,
        http::Exchange::Times{m_setup.dialMs, m_setup.readMs}, std::move(ears));
}

} // namespace qd::etcd
