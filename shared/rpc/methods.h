// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/rpc/collection.h"
#include "shared/rpc/connection.h"
#include "shared/security/identity.h"

#include <QCborMap>
#include <QHash>
#include <functional>
#include <memory>

namespace qd::rpc {

/// Who asks. A node that routes a call speaks with the role of the one who asked it.
struct Caller {
    security::Identity identity;
    security::Role role = security::Role::None;
    QString text() const { return identity.text(); }
};

/// One call that waits for its answer. Handlers keep it until they reply; it is answered for them
/// when they drop it.
class Call {
public:
    Call(Connection &connection, qint64 id, const QCborMap &frame, Caller caller);
    ~Call();
    Q_DISABLE_COPY_MOVE(Call)

    const QString &method() const { return m_method; }
    const QCborMap &params() const { return m_params; }
    const QString &node() const { return m_node; }
    const Caller &caller() const { return m_caller; }
    int deadlineMs() const { return m_deadlineMs; }

    /// Once; later replies are dropped.
    void reply(const Result<QCborMap> &result);
    /// Answers the call with {stream: true}; it goes on as a stream, which lives as long as it is
    /// held. Null when the caller is gone.
    std::shared_ptr<Stream> stream();
    /// Called when the caller no longer waits: cancelled, deadline, connection lost.
    void onCancel(std::function<void()> cancelled) { m_cancelled = std::move(cancelled); }
    bool isSettled() const { return m_settled; }

private:
    friend class ServerSession;
    void abandon();

    QPointer<Connection> m_connection;
    qint64 m_id;
    QString m_method;
    QCborMap m_params;
    QString m_node;
    Caller m_caller;
    int m_deadlineMs;
    std::function<void()> m_cancelled;
    std::function<void()> m_onSettled;
    bool m_settled = false;
};
using CallPtr = std::shared_ptr<Call>;
using Handler = std::function<void(const CallPtr &)>;
using CollectionPtr = std::shared_ptr<LiveCollection>;
using CollectionMaker = std::function<Result<CollectionPtr>(const QCborMap &params)>;

/// What a server can be asked: methods with the role that each needs, and live collections.
class Methods {
public:
    void add(const QString &name, security::Role needed, Handler handler);
    /// For a newcomer on qd-join/1, who has no certificate.
    void addForNewcomers(const QString &name, Handler handler);
    /// Between agents only: a node's certificate is needed.
    void addForNodes(const QString &name, Handler handler);
    void addCollection(const QString &name, LiveCollection &collection);
    /// A collection with parameters is made for each subscriber, and ends with it.
    void addCollection(const QString &name, CollectionMaker make);
    /// Takes the calls whose `node` is another machine than `self`.
    void setRouter(const QString &self, Handler router);

    /// Runs the call, or answers it with what stands in its way: code::notFound, code::denied.
    void run(const CallPtr &call) const;
    Result<CollectionPtr> collection(const QString &name, const QCborMap &params) const;
    QStringList names() const { return m_methods.keys(); }

private:
    struct Method {
        security::Role needed = security::Role::Viewer;
        bool newcomers = false;
        bool nodes = false;
        Handler handler;
    };
    Result<void> allowed(const Method &method, const Caller &caller, const QString &name) const;

    QMap<QString, Method> m_methods;
    QHash<QString, CollectionMaker> m_collections;
    QString m_self;
    Handler m_router;
};

} // namespace qd::rpc
