// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/control/interfaces.h"
#include "shared/rpc/dial.h"
#include "shared/rpc/methods.h"
#include "shared/security/tls.h"

namespace qd::control {

/// This agent's connections to the other agents, one each, made when needed and kept. Calls that
/// name another node go through them with the role of the one who asked.
class NodeLinks : public QObject {
    Q_OBJECT
public:
    NodeLinks(
        security::Credentials credentials, QString self, Membership &membership,
        QObject *parent = nullptr);
    ~NodeLinks() override;

    /// As rpc::Connection::call, to another node. code::unreachable, code::notFound for no member.
    void call(
        const QString &nodeId, const QString &method, const QCborMap &params, int deadlineMs,
        rpc::Answer done);
    /// Passes the call on and its answer back; a stream goes on as a stream. The caller hears
    /// code::nodeUnreachable when the node cannot be reached, or is lost on the way.
    void route(const rpc::CallPtr &call) { route(call, call->node()); }
    /// The same, to a node that the call does not name.
    void route(const rpc::CallPtr &call, const QString &nodeId);
    void setCredentials(const security::Credentials &credentials) { m_credentials = credentials; }

private:
    using Ready = std::function<void(Result<std::shared_ptr<rpc::Connection>>)>;
    struct Link {
        std::shared_ptr<rpc::Connection> connection;
        QList<Ready> waiting; ///< not empty: an attempt runs
    };
    void withConnection(const QString &nodeId, Ready ready);
    void dialled(const QString &nodeId, const Result<rpc::Dialled> &result);
    void
    pass(const rpc::CallPtr &call, const QString &name, const std::shared_ptr<rpc::Connection> &to);
    void bridge(
        const std::shared_ptr<rpc::Stream> &near, const std::shared_ptr<rpc::Stream> &far,
        const QString &name);
    QString nameOf(const QString &nodeId) const;

    security::Credentials m_credentials;
    QString m_self;
    Membership &m_membership;
    QHash<QString, Link> m_links;
};

} // namespace qd::control
