// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/admission.h"

#include "shared/base/log.h"
#include "shared/security/join_token.h"
#include "shared/security/verify.h"

#include <QHostAddress>
#include <QJsonDocument>
#include <QJsonObject>

namespace qd::control {
namespace {

using rpc::CallPtr;
using security::Identity;
using security::Role;

const QString kNode = QStringLiteral("node");
const QString kConsole = QStringLiteral("console");

QString tokenKey(const QByteArray &secret)
{
    return QStringLiteral("/_qd/tokens/") + security::JoinToken::secretName(secret);
}

Error unknownToken()
{
    return {
        code::denied,
        QStringLiteral("The token is unknown: it was used already, or it has expired."),
        {},
        nullptr};
}

QString text(const CallPtr &call, const char *key)
{
    return call->params().value(QLatin1String(key)).toString();
}

QByteArray secretOf(const CallPtr &call)
{
    return QByteArray::fromHex(text(call, "secret").toLatin1());
}

quint16 port(const CallPtr &call, const char *key, quint16 standard)
{
    const qint64 number = call->params().value(QLatin1String(key)).toInteger(standard);
    return number > 0 && number <= 65'535 ? quint16(number) : standard;
}

/// Machine ids go into certificates and keys: 1 to 64 hex digits.
bool isMachineId(const QString &id)
{
    return !id.isEmpty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](QChar c) {
        return (c >= u'0' && c <= u'9') || (c >= u'a' && c <= u'f');
    });
}

void refuse(const CallPtr &call, const Error &why)
{
    qCWarning(lcControl).noquote()
        << "refused" << call->method() << "of" << text(call, "name") << why.text();
    call->reply(fail(why));
}

} // namespace

Admission::Admission(
    security::Authority authority, About about, store::StoreClient &store, Membership &membership)
    : m_authority(std::move(authority))
    , m_about(std::move(about))
    , m_store(store)
    , m_membership(membership)
{
}

void Admission::addMethods(rpc::Methods &methods)
{
    methods.addForNewcomers(
        QStringLiteral("cluster.join"), [this](const CallPtr &call) { join(call); });
    methods.addForNewcomers(
        QStringLiteral("cluster.pair"), [this](const CallPtr &call) { pair(call); });
    methods.add(QStringLiteral("cluster.token"), Role::Admin, [this](const CallPtr &call) {
        makeToken(text(call, "kind"), text(call, "role"), [call](const Result<QString> &token) {
            if (!token) {
                call->reply(fail(token.error()));
                return;
            }
            qCInfo(lcControl).noquote() << call->caller().text() << "made a join token for a"
                                        << text(call, "kind") << text(call, "role");
            const auto expires = QDateTime::currentDateTimeUtc().addSecs(kTokenSeconds);
            call->reply(QCborMap{
                {QStringLiteral("token"), *token},
                {QStringLiteral("expires"), expires.toMSecsSinceEpoch()}});
        });
    });
}

void Admission::makeToken(const QString &kind, const QString &role, TokenAnswer done)
{
    const bool console = kind == kConsole;
    if ((!console && kind != kNode) || (console && !security::roleFromName(role))) {
        done(fail(
            code::badInput,
            QStringLiteral("A token is for a node, or for a console with the role viewer, "
                           "operator or admin.")));
        return;
    }
    const QSslCertificate root(m_authority.certificatePem());
    const auto token = security::JoinToken::make(security::keyFingerprint(root));
    store::WriteRequest request;
    request.key = tokenKey(token.secret);
    request.value = QJsonDocument(QJsonObject{
                                      {QStringLiteral("kind"), kind},
                                      {QStringLiteral("role"), console ? role : QString()}})
                        .toJson(QJsonDocument::Compact);
    request.ttl = kTokenSeconds;
    request.ttlGiven = true;
    request.prevExist = false;
    m_store.write(request, [token, done = std::move(done)](const Result<store::Event> &event) {
        if (event)
            done(token.text());
        else
            done(fail(event.error().during(QStringLiteral("Cannot keep the token"))));
    });
}

void Admission::take(
    const QByteArray &secret, const QString &kind, std::function<void(Result<Grant>)> done)
{
    store::GetRequest get;
    get.key = tokenKey(secret);
    get.quorum = true;
    m_store.get(
        get,
        [this, key = get.key, kind, done = std::move(done)](const Result<store::Event> &found) {
            if (!found) {
                const bool gone = found.error().code == store::etcdErrorCode(100);
                done(fail(gone ? unknownToken() : found.error()));
                return;
            }
            const QByteArray value = found->node.value;
            const QJsonObject json = QJsonDocument::fromJson(value).object();
            const Grant grant{
                json.value(QLatin1String("kind")).toString(),
                json.value(QLatin1String("role")).toString()};
            if (grant.kind != kind) {
                done(fail(
                    code::denied,
                    QStringLiteral("The token is for a %1, not for a %2.").arg(grant.kind, kind)));
                return;
            }
            store::WriteRequest remove;
            remove.kind = store::WriteRequest::Kind::Delete;
            remove.key = key;
            remove.prevValue = value;
            m_store.write(remove, [grant, done](const Result<store::Event> &taken) {
                if (taken)
                    done(grant);
                else if (taken.error().code == code::unknownOutcome)
                    done(fail(taken.error()));
                else
                    done(fail(unknownToken()));
            });
        });
}

void Admission::join(const CallPtr &call)
{
    NewMember who{text(call, "machineId"), text(call, "name"), text(call, "address"), {}};
    who.etcdAddress = call->params().value(QLatin1String("etcdAddress")).toString(who.address);
    who.peerPort = port(call, "peerPort", who.peerPort);
    who.etcdPort = port(call, "etcdPort", who.etcdPort);
    who.controlPort = port(call, "controlPort", who.controlPort);
    const QCborArray peerUrls = call->params().value(QLatin1String("peerUrls")).toArray();
    for (const QCborValue &url : peerUrls)
        who.peerUrls.append(url.toString());
    if (!isMachineId(who.nodeId) || who.name.isEmpty() || who.address.isEmpty()) {
        refuse(
            call, {code::badInput,
                   QStringLiteral("A node needs machineId, name and address."),
                   {},
                   nullptr});
        return;
    }
    const security::Subject subject{
        {Identity::Kind::Node, who.nodeId, Role::None, who.name}, {who.address, who.name}};
    // Issued before the token is taken, so that a bad request does not cost the token.
    const auto certificate = m_authority.issueForRequest(text(call, "csr").toLatin1(), subject);
    if (!certificate) {
        refuse(call, certificate.error());
        return;
    }
    take(secretOf(call), kNode, [this, call, who, pem = *certificate](const Result<Grant> &grant) {
        if (!grant) {
            refuse(call, grant.error());
            return;
        }
        m_membership.admit(who, [this, call, who, pem](const Result<Admitted> &admitted) {
            if (!admitted) {
                refuse(call, admitted.error());
                return;
            }
            qCInfo(lcControl).noquote()
                << "node" << who.nodeId << who.name << "joined from" << who.address;
            call->reply(QCborMap{
                {QStringLiteral("certificate"), QString::fromLatin1(pem)},
                {QStringLiteral("ca"), QString::fromLatin1(m_authority.certificatePem())},
                {QStringLiteral("caKey"), QString::fromLatin1(m_authority.keyPem())},
                {QStringLiteral("clusterId"), m_about.clusterId},
                {QStringLiteral("clusterName"), m_about.clusterName},
                {QStringLiteral("raftId"), admitted->raftId},
                {QStringLiteral("members"), admitted->members}});
        });
    });
}

void Admission::pair(const CallPtr &call)
{
    const QByteArray csr = text(call, "csr").toLatin1();
    const QString name = text(call, "name");
    // A dry run: a bad request must not cost the token.
    const security::Subject trial{{Identity::Kind::Person, {}, Role::Viewer, name}, {}};
    if (const auto ok = m_authority.issueForRequest(csr, trial); !ok) {
        refuse(call, ok.error());
        return;
    }
    take(secretOf(call), kConsole, [this, call, csr, name](const Result<Grant> &grant) {
        if (!grant) {
            refuse(call, grant.error());
            return;
        }
        const Role role = security::roleFromName(grant->role).value_or(Role::None);
        const auto certificate =
            m_authority.issueForRequest(csr, {{Identity::Kind::Person, {}, role, name}, {}});
        if (!certificate) {
            refuse(call, certificate.error());
            return;
        }
        qCInfo(lcControl).noquote() << "paired" << name << "as" << grant->role;
        call->reply(QCborMap{
            {QStringLiteral("certificate"), QString::fromLatin1(*certificate)},
            {QStringLiteral("ca"), QString::fromLatin1(m_authority.certificatePem())},
            {QStringLiteral("clusterId"), m_about.clusterId},
            {QStringLiteral("clusterName"), m_about.clusterName},
            {QStringLiteral("role"), grant->role}});
    });
}

} // namespace qd::control
