// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/rpc/server.h"

namespace qd::rpc {

/// One peer's connection on the server's side: hello, calls with their limits and deadlines,
/// subscriptions. Owned by the Server; deletes itself when the connection is over.
class ServerSession : public QObject {
    Q_OBJECT
public:
    ServerSession(
        std::unique_ptr<Connection> connection, Caller caller, const Server::About &about,
        const Methods &methods, Server *parent);
    ~ServerSession() override;

private:
    struct Watch {
        CollectionPtr collection;
        QMetaObject::Connection notice;
        qint64 revision = -1; ///< that the peer has; with `snapshot` set, that of the snapshot
        qint64 seq = 0;
        std::optional<QMap<QString, QByteArray>> snapshot; ///< being sent
        QString position;                                  ///< the last key that was sent
        bool started = false;
    };

    bool incoming(const QCborMap &frame);
    Result<QCborMap> hello(const Call &call);
    Result<QCborMap> subscribe(const QCborMap &params);
    void begin(const CallPtr &call);
    Caller effectiveCaller(const QCborMap &frame) const;
    void forget(qint64 id);
    bool produce();
    bool sendPage(qint64 sub, Watch &watch);
    bool sendDeltas(qint64 sub, Watch &watch);

    std::unique_ptr<Connection> m_connection;
    Caller m_caller;
    Server::About m_about;
    const Methods &m_methods;
    QHash<qint64, std::weak_ptr<Call>> m_calls;
    QMap<qint64, Watch> m_watches;
    qint64 m_nextSub = 1;
    bool m_greeted = false;
};

} // namespace qd::rpc
