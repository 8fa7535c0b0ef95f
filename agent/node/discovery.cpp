// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/discovery.h"

#include "shared/base/log.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkProxy>
#include <QNetworkReply>

namespace qd::node {

namespace {

constexpr int kMaxRetrySeconds = 64;

QJsonObject nodeOf(const QByteArray &json)
{
    return QJsonDocument::fromJson(json).object().value(QLatin1String("node")).toObject();
}

tl::unexpected<Error> bad(const QString &sentence)
{
    return fail(code::badInput, QStringLiteral("discovery: ") + sentence);
}

/// One that waits may wait for ever.
bool isLost(const QNetworkReply &reply)
{
    return !reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).isValid();
}

} // namespace

Result<int> readSize(const QByteArray &json)
{
    const QJsonObject node = nodeOf(json);
    if (node.isEmpty())
        return bad(QStringLiteral("size key not found"));
    bool ok = false;
    const int size = node.value(QLatin1String("value")).toString().toInt(&ok);
    if (!ok || size < 1)
        return bad(QStringLiteral("size key is bad"));
    return size;
}

Result<Registered> readRegistered(const QByteArray &json, quint64 index)
{
    const QJsonObject node = nodeOf(json);
    if (node.isEmpty())
        return bad(QStringLiteral("bad discovery endpoint"));
    Registered out;
    out.index = index;
    const QJsonArray nodes = node.value(QLatin1String("nodes")).toArray();
    for (const QJsonValue &each : nodes) {
        const QJsonObject key = each.toObject();
        const QString path = key.value(QLatin1String("key")).toString();
        if (key.value(QLatin1String("dir")).toBool() || path.contains(QLatin1String("/_config")))
            continue;
        out.members.append(
            {path.section(QLatin1Char('/'), -1), key.value(QLatin1String("value")).toString(),
             quint64(key.value(QLatin1String("createdIndex")).toInteger())});
    }
    std::sort(out.members.begin(), out.members.end(), [](const auto &one, const auto &other) {
        return one.createdIndex < other.createdIndex;
    });
    return out;
}

bool Registered::has(const QString &id, int size) const
{
    const auto first = members.mid(0, size);
    return std::any_of(
        first.begin(), first.end(), [&id](const Member &member) { return member.id == id; });
}

Result<QString> Registered::cluster(int size) const
{
    QStringList values;
    QStringList names;
    for (const Member &member : members.mid(0, size)) {
        const QString name = member.value.section(QLatin1Char('='), 0, 0);
        if (names.contains(name))
            return fail(code::conflict, QStringLiteral("discovery: found duplicate name"));
        names.append(name);
        values.append(QString(member.value).replace(QLatin1Char('&'), QLatin1Char(',')));
    }
    return values.join(QLatin1Char(','));
}

Discovery::Discovery(const QString &url, const QString &proxy, const QString &trusted)
    : m_url(url)
{
    if (!trusted.isEmpty() && !m_tls.addCaCertificates(trusted))
        m_unusable = trusted;
    const QUrl way(proxy);
    if (!proxy.isEmpty())
        m_network.setProxy(QNetworkProxy(
            QNetworkProxy::HttpProxy, way.host(), quint16(way.port(8080)), way.userName(),
            way.password()));
}

void Discovery::start(const QString &id, const QString &value, Done done)
{
    m_id = id;
    m_value = value;
    m_done = std::move(done);
    if (!m_unusable.isEmpty())
        return finish(fail(
            code::badInput, QStringLiteral("--trusted-ca-file: no certificate can be read from %1")
                                .arg(m_unusable)));
    askSize();
}

void Discovery::finish(const Result<Found> &found)
{
    if (const auto done = std::exchange(m_done, {}))
        done(found);
}

/// The service is asked again while it cannot be reached: after 2, 4, 8... seconds.
void Discovery::ask(
    const QByteArray &method, const QString &below, const QString &query, const QByteArray &form,
    const Heard &heard)
{
    QUrl url = m_url;
    QString path = url.path();
    while (path.endsWith(QLatin1Char('/')))
        path.chop(1);
    url.setPath(path + below);
    url.setQuery(query);
    QNetworkRequest request(url);
    request.setSslConfiguration(m_tls);
    request.setAttribute(
        QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::SameOriginRedirectPolicy);
    if (!form.isEmpty())
        request.setHeader(
            QNetworkRequest::ContentTypeHeader,
            QStringLiteral("application/x-www-form-urlencoded"));
    QNetworkReply *const reply = m_network.sendCustomRequest(request, method, form);
    connect(reply, &QNetworkReply::finished, this, [=, this] {
        reply->deleteLater();
        if (!isLost(*reply)) {
            m_retrySeconds = 2;
            const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
            return heard(status, reply->readAll(), reply->rawHeader("X-Etcd-Index").toULongLong());
        }
        qCWarning(lcNode).noquote()
            << "discovery: error connecting to" << m_url.toString() << "- retrying in"
            << m_retrySeconds << "s:" << reply->errorString();
        QTimer::singleShot(
            m_retrySeconds * 1'000, this, [=, this] { ask(method, below, query, form, heard); });
        m_retrySeconds = std::min(m_retrySeconds * 2, kMaxRetrySeconds);
    });
}

void Discovery::askSize()
{
    ask("GET", QStringLiteral("/_config/size"), {}, {},
        [this](int, const QByteArray &body, quint64) {
            const auto size = readSize(body);
            if (!size)
                return finish(fail(size.error()));
            m_size = *size;
            look();
        });
}

void Discovery::look()
{
    ask("GET", {}, {}, {}, [this](int, const QByteArray &body, quint64 index) {
        const auto registered = readRegistered(body, index);
        if (!registered)
            return finish(fail(registered.error()));
        weigh(*registered);
    });
}

void Discovery::weigh(const Registered &registered)
{
    const bool isIn = registered.has(m_id, m_size);
    const qsizetype there = std::min<qsizetype>(registered.members.size(), m_size);
    if (!isIn && there == m_size) {
        const auto cluster = registered.cluster(m_size);
        return finish(cluster ? Result<Found>(Found{true, *cluster}) : fail(cluster.error()));
    }
    if (!isIn && !m_registered && !m_id.isEmpty())
        return registerSelf();
    for (; m_told < there; ++m_told) {
        const QString &id = registered.members[m_told].id;
        qCInfo(lcNode).noquote() << (id == m_id ? "discovery: found self" : "discovery: found peer")
                                 << id << "in the cluster";
    }
    if (there < m_size) {
        qCInfo(lcNode).noquote() << "discovery: found" << there << "peer(s), waiting for"
                                 << m_size - there << "more";
        return await(registered.index + 1);
    }
    qCInfo(lcNode).noquote() << "discovery: found" << m_size << "needed peer(s)";
    const auto cluster = registered.cluster(m_size);
    finish(cluster ? Result<Found>(Found{false, *cluster}) : fail(cluster.error()));
}

void Discovery::registerSelf()
{
    const QByteArray form = "value=" + QUrl::toPercentEncoding(m_value);
    ask("PUT", QLatin1Char('/') + m_id, QStringLiteral("prevExist=false"), form,
        [this](int status, const QByteArray &, quint64) {
            if (status == 412)
                return finish(fail(
                    code::conflict, QStringLiteral("discovery: found duplicate id %1").arg(m_id)));
            if (status != 200 && status != 201)
                return finish(bad(QStringLiteral("the service answers %1").arg(status)));
            m_registered = true;
            look();
        });
}

/// Whatever happens below the token: the list is read anew.
void Discovery::await(quint64 index)
{
    const QString query = QStringLiteral("wait=true&recursive=true&waitIndex=%1").arg(index);
    ask("GET", {}, query, {}, [this](int, const QByteArray &, quint64) { look(); });
}

} // namespace qd::node
