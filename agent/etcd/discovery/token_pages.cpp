// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/discovery/token_pages.h"

#include "agent/etcd/plain_answers.h"
#include "agent/etcd/site_guard.h"
#include "shared/base/endpoint.h"
#include "shared/base/log.h"
#include "shared/base/random.h"
#include "shared/http/url.h"

#include <QRegularExpression>

namespace qd::etcd {

using http::Answer;
using http::Method;
using http::Request;

namespace {

constexpr int kStandardSize = 3;
constexpr int kTokenBytes = 16;

bool isPass(Method method, const QString &rest)
{
    const bool reads = method == Method::Get || method == Method::Head;
    if (rest.isEmpty() || rest == QLatin1String("/"))
        return reads || method == Method::Put;
    if (rest == QLatin1String("/_config/size"))
        return reads;
    return reads || method == Method::Put || method == Method::Delete;
}

} // namespace

Result<int> sizeAsked(QByteArrayView query)
{
    http::Form form;
    (void)form.add(query);
    const QByteArray *const given = form.find("size");
    if (given == nullptr || given->isEmpty())
        return kStandardSize;
    bool ok = false;
    const int size = given->toInt(&ok);
    if (!ok || size < 1)
        return fail(
            code::badInput, QStringLiteral("strconv.ParseInt: parsing \"%1\": invalid syntax")
                                .arg(QString::fromUtf8(*given)));
    return size;
}

TokenPages::TokenPages(const Setup &setup, store::StoreClient &store, Keys keys)
    : m_setup(setup)
    , m_store(store)
    , m_keys(std::move(keys))
    , m_server([this](const Request &request, const Answer &answer) { handle(request, answer); })
{
}

Result<void> TokenPages::start()
{
    const auto listening = m_server.listen(m_setup.address, m_setup.port);
    if (listening)
        qCInfo(lcEtcd).noquote() << "the discovery service listens at" << base();
    return listening;
}

QString TokenPages::base() const
{
    if (!m_setup.base.isEmpty())
        return m_setup.base.endsWith(QLatin1Char('/')) ? m_setup.base.chopped(1) : m_setup.base;
    return Endpoint{QStringLiteral("http"), m_setup.address.toString(), port()}.url();
}

void TokenPages::handle(const Request &request, const Answer &answer)
{
    if (isCrossSite(request))
        return answer.send(plainError(403, "Forbidden: cross-site request"));
    const QByteArray path = request.path.toByteArray();
    if (path == "/new")
        return create(request, answer);
    if (path == "/health")
        return health(answer);
    if (path == "/robots.txt")
        return answer.send(http::text(200, "User-agent: *\nDisallow: /\n"));
    if (path == "/")
        return answer.send(
            {301, "Location: https://etcd.io/docs/v2.3/clustering/#etcd-discovery\r\n", {}});
    static const QRegularExpression form(
        QStringLiteral("^/([0-9a-f]{32})(|/|/[0-9a-f]+|/_config/size)$"));
    const auto match = form.match(QString::fromLatin1(path));
    if (!match.hasMatch())
        return answer.send(notFound());
    if (!isPass(request.method, match.captured(2)))
        return answer.send(plainError(405, "Method Not Allowed"));
    m_keys(request, (kRegistry + match.captured(1) + match.captured(2)).toUtf8(), answer);
}

void TokenPages::makeToken(int size, std::function<void(Result<QString>)> done)
{
    const QString token = QString::fromLatin1(SystemRandom::bytes(kTokenBytes).toHex());
    store::WriteRequest write;
    write.key = kRegistry + token + QStringLiteral("/_config/size");
    write.value = QByteArray::number(size);
    write.prevExist = false;
    m_store.write(write, [token, done = std::move(done)](const Result<store::Event> &written) {
        done(written ? Result<QString>(token) : fail(written.error()));
    });
}

void TokenPages::create(const Request &request, const Answer &answer)
{
    const bool may = request.method == Method::Get || request.method == Method::Put ||
                     request.method == Method::Post;
    if (!may)
        return answer.send(notAllowed("GET,PUT,POST"));
    const auto size = sizeAsked(request.query);
    if (!size)
        return answer.send(plainError(400, size.error().message.toUtf8()));
    makeToken(*size, [answer, base = base()](const Result<QString> &token) {
        if (!token)
            return answer.send(plainError(400, "Unable to generate token"));
        answer.send(http::text(200, (base + QLatin1Char('/') + *token).toUtf8()));
    });
}

/// It is well when a token can be made.
void TokenPages::health(const Answer &answer)
{
    makeToken(kStandardSize, [&store = m_store, answer](const Result<QString> &token) {
        if (!token)
            return answer.send(plainError(400, "Unable to generate token"));
        store::WriteRequest remove;
        remove.kind = store::WriteRequest::Kind::Delete;
        remove.key = kRegistry + *token;
        remove.dir = true;
        remove.recursive = true;
        store.write(remove, [answer](const Result<store::Event> &removed) {
            answer.send(
                removed ? http::text(200, "OK") : plainError(400, "Unable to delete token"));
        });
    });
}

} // namespace qd::etcd
