// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/member_pages.h"

#include "agent/etcd/event_json.h"
#include "agent/etcd/plain_answers.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace qd::etcd {

using http::Answer;
using http::Method;
using http::Request;

namespace {

const QByteArray kJson = QByteArrayLiteral("Content-Type: application/json\r\n");

/// The type as etcd compares it: in lower case only when parameters follow.
QByteArray bareType(const QByteArray &field)
{
    const qsizetype end = field.indexOf(';');
    return end < 0 ? field : field.left(end).toLower().trimmed();
}

quint64 idOf(const QByteArray &which)
{
    return which.toULongLong(nullptr, 16); // 0, nobody, when it is no number
}

int statusOf(const Error &error)
{
    if (error.code == kPeerUrlExists)
        return 409;
    return error.code == code::badInput ? 400 : 500;
}

/// An answer may come after the pages: nothing of them is kept for it.
void refuse(const Answer &answer, const QByteArray &fields, const Error &error)
{
    const int status = statusOf(error);
    const QByteArray text = error.text().toUtf8();
    answer.send({status, fields, messageJson(status == 500 ? "etcdserver: " + text : text)});
}

/// Answers 204 once the change is there.
std::function<void(Result<void>)> whenDone(const Answer &answer, const QByteArray &fields)
{
    return [answer, fields](const Result<void> &done) {
        if (!done)
            return refuse(answer, fields, done.error());
        answer.send({204, fields, {}});
    };
}

} // namespace

Result<QList<Endpoint>> readPeerUrls(QByteArrayView json)
{
    QJsonParseError problem;
    const QJsonDocument document = QJsonDocument::fromJson(json.toByteArray(), &problem);
    if (problem.error != QJsonParseError::NoError)
        return fail(code::badInput, QStringLiteral("invalid JSON: %1").arg(problem.errorString()));
    const QJsonValue given = document.object().value(QLatin1String("peerURLs"));
    if (!document.isObject() || !(given.isArray() || given.isNull() || given.isUndefined()))
        return fail(code::badInput, QStringLiteral("json: expected {\"peerURLs\":[\"URL\",...]}"));
    QStringList urls;
    const QJsonArray all = given.toArray();
    for (const QJsonValue &each : all) {
        if (!each.isString())
            return fail(code::badInput, QStringLiteral("json: a peer URL is a string"));
        urls.append(each.toString());
    }
    return endpointsFromUrls(urls);
}

MemberPages::MemberPages(
    const ClusterInfo &cluster, MemberChanges &changes, const auth::Pages &auth)
    : m_cluster(cluster)
    , m_changes(changes)
    , m_auth(auth)
{
}

QByteArray MemberPages::fields() const
{
    return kJson + "X-Etcd-Cluster-Id: " + idText(m_cluster.clusterId()) + "\r\n";
}

void MemberPages::handle(const Request &request, QByteArrayView rest, const Answer &answer)
{
    while (rest.startsWith('/'))
        rest = rest.sliced(1);
    switch (request.method) {
    case Method::Get:
        return show(rest, answer);
    case Method::Post:
    case Method::Put:
    case Method::Delete:
        break;
    default:
        return answer.send(notAllowed("GET,POST,DELETE,PUT"));
    }
    const Call call{
        request.method, rest.toByteArray(), bareType(request.field("Content-Type").toByteArray()),
        request.body.toByteArray(), answer};
    m_auth.forRoot(auth::Claim::of(request), answer, [this, call] { change(call); });
}

void MemberPages::show(QByteArrayView which, const Answer &answer) const
{
    const std::vector<ClusterInfo::Member> members = m_cluster.members();
    if (which.isEmpty())
        return answer.send({200, fields(), membersJson(members)});
    if (which != QByteArrayView("leader"))
        return answer.send({404, fields(), messageJson("Not found")});
    for (const ClusterInfo::Member &member : members) {
        if (member.id == m_cluster.leader())
            return answer.send({200, fields(), memberJson(member) + '\n'});
    }
    answer.send({503, fields(), messageJson("During election")});
}

void MemberPages::change(const Call &call)
{
    const bool adds = call.method == Method::Post;
    if (!adds && call.which.isEmpty())
        return call.answer.send(plainError(405, "Method Not Allowed"));
    if (call.method == Method::Delete)
        return remove(call);
    if (call.type != "application/json")
        return call.answer.send(
            {415, fields(),
             messageJson("Bad Content-Type " + call.type + ", accept application/json")});
    const auto peerUrls = readPeerUrls(call.body);
    if (!peerUrls)
        return refuse(call.answer, fields(), peerUrls.error());
    if (adds)
        add(*peerUrls, call);
    else
        move(*peerUrls, call);
}

void MemberPages::add(const QList<Endpoint> &peerUrls, const Call &call)
{
    m_changes.add(
        peerUrls,
        [answer = call.answer, fields = fields()](const Result<ClusterInfo::Member> &added) {
            if (!added)
                return refuse(answer, fields, added.error());
            answer.send({201, fields, memberJson(*added) + '\n'});
        });
}

/// Whether there is no such member; then it has been answered.
bool MemberPages::isMissing(const Call &call) const
{
    const quint64 id = idOf(call.which);
    if (m_cluster.wasRemoved(id)) {
        call.answer.send({410, fields(), messageJson("Member permanently removed: " + call.which)});
        return true;
    }
    const std::vector<ClusterInfo::Member> members = m_cluster.members();
    const bool missing = std::none_of(
        members.begin(), members.end(), [id](const auto &each) { return each.id == id; });
    if (missing)
        call.answer.send({404, fields(), messageJson("No such member: " + call.which)});
    return missing;
}

void MemberPages::move(const QList<Endpoint> &peerUrls, const Call &call)
{
    if (!isMissing(call))
        m_changes.move(idOf(call.which), peerUrls, whenDone(call.answer, fields()));
}

void MemberPages::remove(const Call &call)
{
    if (!isMissing(call))
        m_changes.remove(idOf(call.which), whenDone(call.answer, fields()));
}

} // namespace qd::etcd
