// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/node_links.h"

#include "shared/base/log.h"
#include "shared/security/verify.h"

namespace qd::control {
namespace {

constexpr int kConnectMs = 5'000;

QString lostSentence(const QString &name)
{
    return QStringLiteral("The connection to %1 was lost").arg(name);
}

/// A caller who reaches this agent is told that it is the other one which is out of reach.
Error lostNode(const Error &error, const QString &sentence)
{
    if (error.code != code::unreachable)
        return error;
    Error out = error.during(sentence);
    out.code = code::nodeUnreachable;
    return out;
}

/// The connection was not made: in time, or at all.
Error notReached(Error error, const QString &name)
{
    if (error.code == code::deadline)
        error.code = code::unreachable;
    return lostNode(error, QStringLiteral("Cannot reach %1").arg(name));
}

} // namespace

NodeLinks::NodeLinks(
    security::Credentials credentials, QString self, Membership &membership, QObject *parent)
    : QObject(parent)
    , m_credentials(std::move(credentials))
    , m_self(std::move(self))
    , m_membership(membership)
{
}

NodeLinks::~NodeLinks()
{
    for (const Link &link : std::as_const(m_links)) {
        if (link.connection)
            link.connection->disconnect(this);
    }
}

void NodeLinks::withConnection(const QString &nodeId, Ready ready)
{
    Link &link = m_links[nodeId];
    if (link.connection && link.connection->isOpen()) {
        ready(link.connection);
        return;
    }
    link.waiting.append(std::move(ready));
    if (link.waiting.size() > 1)
        return;
    const QList<Member> members = m_membership.members();
    const auto it = std::find_if(members.begin(), members.end(), [&](const Member &member) {
        return member.nodeId == nodeId;
    });
    if (it == members.end()) {
        dialled(nodeId, fail(code::notFound, QStringLiteral("There is no node %1.").arg(nodeId)));
        return;
    }
    rpc::Target target;
    target.address = it->address;
    target.port = it->controlPort;
    target.tls = security::clientTls(m_credentials, security::alpnControl);
    target.client = QStringLiteral("agent ") + m_self;
    target.timeoutMs = kConnectMs;
    target.verify = [root = m_credentials.authority,
                     nodeId](const QSslSocket &socket) -> Result<void> {
        const auto node = security::verifyNode(socket.peerCertificate(), root);
        if (!node)
            return fail(node.error());
        if (node->nodeId != nodeId)
            return fail(
                code::denied,
                QStringLiteral("The agent there is node %1, not %2.").arg(node->nodeId, nodeId));
        return {};
    };
    rpc::dial(target, this, [this, nodeId](const Result<rpc::Dialled> &result) {
        dialled(nodeId, result);
    });
}

void NodeLinks::dialled(const QString &nodeId, const Result<rpc::Dialled> &result)
{
    Link &link = m_links[nodeId];
    const QList<Ready> waiting = std::exchange(link.waiting, {});
    if (!result) {
        m_links.remove(nodeId);
        for (const Ready &ready : waiting)
            ready(fail(result.error()));
        return;
    }
    const std::shared_ptr<rpc::Connection> connection = result->connection;
    link.connection = connection;
    connect(connection.get(), &rpc::Connection::closed, this, [this, nodeId](const Error &why) {
        qCInfo(lcControl).noquote() << "link to" << nodeId << "ended:" << why.text();
        // It must not die inside its own signal.
        const auto keep = m_links.value(nodeId).connection;
        m_links.remove(nodeId);
        QMetaObject::invokeMethod(
            this, [keep] {}, Qt::QueuedConnection);
    });
    for (const Ready &ready : waiting)
        ready(connection);
}

void NodeLinks::call(
    const QString &nodeId, const QString &method, const QCborMap &params, int deadlineMs,
    rpc::Answer done)
{
    withConnection(
        nodeId, [method, params, deadlineMs, done = std::move(done)](
                    const Result<std::shared_ptr<rpc::Connection>> &connection) {
            if (connection)
                (*connection)->call(method, params, deadlineMs, done);
            else
                done(fail(connection.error()));
        });
}

QString NodeLinks::nameOf(const QString &nodeId) const
{
    for (const Member &member : m_membership.members()) {
        if (member.nodeId == nodeId && !member.name.isEmpty())
            return member.name;
    }
    return nodeId.left(8);
}

void NodeLinks::route(const rpc::CallPtr &call, const QString &nodeId)
{
    const QString name = nameOf(nodeId);
    withConnection(
        nodeId, [this, call, name](const Result<std::shared_ptr<rpc::Connection>> &connection) {
            if (connection && !call->isSettled())
                pass(call, name, *connection);
            else if (!connection)
                call->reply(fail(notReached(connection.error(), name)));
        });
}

void NodeLinks::pass(
    const rpc::CallPtr &call, const QString &name, const std::shared_ptr<rpc::Connection> &to)
{
    const QCborMap extra{
        {QStringLiteral("as"),
         QCborMap{{QStringLiteral("role"), security::roleName(call->caller().role)}}}};
    // Whether it becomes a stream only the answer tells; until then it is held here.
    const auto far = std::make_shared<std::shared_ptr<rpc::Stream>>();
    *far = to->open(
        call->method(), call->params(), call->deadlineMs(),
        [this, call, far, name](const Result<QCborMap> &answer) {
            const auto stream = std::exchange(*far, nullptr);
            if (!answer) {
                call->reply(fail(lostNode(answer.error(), lostSentence(name))));
            } else if (answer->value(QLatin1String("stream")).toBool()) {
                if (const auto near = call->stream())
                    bridge(near, stream, name);
            } else {
                call->reply(answer);
            }
        },
        extra);
    (*far)->setAutoCredit(false);
    const qint64 id = (*far)->id();
    call->onCancel([id, connection = QPointer<rpc::Connection>(to.get())] {
        if (connection)
            connection->cancel(id);
    });
}

void NodeLinks::bridge(
    const std::shared_ptr<rpc::Stream> &near, const std::shared_ptr<rpc::Stream> &far,
    const QString &name)
{
    // Credit is given to the one side when the other has taken the bytes.
    near->setAutoCredit(false);
    auto *const both = new QObject(this);
    const auto join = [both, name](
                          const std::shared_ptr<rpc::Stream> &from,
                          const std::shared_ptr<rpc::Stream> &to) {
        connect(from.get(), &rpc::Stream::received, both, [to](const QByteArray &bytes) {
            to->write(bytes);
        });
        connect(to.get(), &rpc::Stream::drained, both, [from](qsizetype sent) {
            from->consumed(sent);
        });
        connect(from.get(), &rpc::Stream::ended, both, [from, to, both, name](const Error &why) {
            if (why.code.isEmpty())
                to->end();
            else
                to->abort(lostNode(why, lostSentence(name)));
            if (to->isOver())
                both->deleteLater(); // with it go the connections, and with them the streams
        });
    };
    join(far, near);
    join(near, far);
}

} // namespace qd::control
