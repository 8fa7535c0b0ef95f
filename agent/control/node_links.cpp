// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/node_links.h"

#include "shared/base/log.h"
#include "shared/security/verify.h"

namespace qd::control {
namespace {

constexpr int kConnectMs = 5'000;

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

void NodeLinks::route(const rpc::CallPtr &call, const QString &nodeId)
{
    withConnection(
        nodeId, [this, call, nodeId](const Result<std::shared_ptr<rpc::Connection>> &connection) {
            if (!connection)
                call->reply(fail(
                    connection.error().during(QStringLiteral("Cannot reach node %1").arg(nodeId))));
            else if (!call->isSettled())
                pass(call, *connection);
        });
}

void NodeLinks::pass(const rpc::CallPtr &call, const std::shared_ptr<rpc::Connection> &connection)
{
    const QCborMap extra{
        {QStringLiteral("as"),
         QCborMap{{QStringLiteral("role"), security::roleName(call->caller().role)}}}};
    // Whether it becomes a stream only the answer tells; until then it is held here.
    const auto far = std::make_shared<std::shared_ptr<rpc::Stream>>();
    *far = connection->open(
        call->method(), call->params(), call->deadlineMs(),
        [this, call, far](const Result<QCborMap> &answer) {
            const auto stream = std::exchange(*far, nullptr);
            if (answer && answer->value(QLatin1String("stream")).toBool()) {
                if (const auto near = call->stream())
                    bridge(near, stream);
            } else {
                call->reply(answer);
            }
        },
        extra);
    (*far)->setAutoCredit(false);
    const qint64 id = (*far)->id();
    call->onCancel([id, to = QPointer<rpc::Connection>(connection.get())] {
        if (to)
            to->cancel(id);
    });
}

void NodeLinks::bridge(
    const std::shared_ptr<rpc::Stream> &near, const std::shared_ptr<rpc::Stream> &far)
{
    // Credit is given to the one side when the other has taken the bytes.
    near->setAutoCredit(false);
    auto *const both = new QObject(this);
    const auto join =
        [both](const std::shared_ptr<rpc::Stream> &from, const std::shared_ptr<rpc::Stream> &to) {
            connect(from.get(), &rpc::Stream::received, both, [to](const QByteArray &bytes) {
                to->write(bytes);
            });
            connect(to.get(), &rpc::Stream::drained, both, [from](qsizetype sent) {
                from->consumed(sent);
            });
            connect(from.get(), &rpc::Stream::ended, both, [from, to, both](const Error &error) {
                if (error.code.isEmpty())
                    to->end();
                else
                    to->abort(error);
                if (to->isOver())
                    both->deleteLater(); // with it go the connections, and with them the streams
            });
        };
    join(far, near);
    join(near, far);
}

} // namespace qd::control
