// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "demo_data.h"

#include <QJsonObject>
#include <QSet>
#include <QTimer>
#include <optional>

namespace qd::demo {

class DemoSubscription;
class DemoStream;

/// A client whose cluster is invented: it answers every control method from memory, changes its
/// rows when it is told to act, and loses its connection on demand. Answers come through the event
/// loop, as from a real one.
class DemoClient : public session::Client {
    Q_OBJECT
public:
    /// `kind` as in DemoData, or "loading" (never answers), "failing" (refuses everything),
    /// "lost" (normal, then the connection is lost).
    explicit DemoClient(const QString &kind, QObject *parent = nullptr);
    ~DemoClient() override;

    State state() const override { return m_state; }
    QCborMap welcome() const override;
    QFuture<Result<QCborMap>> call(
        const QString &method, const QCborMap &params,
        const session::CallOptions &options = {}) override;
    std::unique_ptr<session::Subscription>
    subscribe(const QString &collection, const QCborMap &params = {}) override;
    std::unique_ptr<session::ByteStream> open(
        const QString &method, const QCborMap &params,
        const session::CallOptions &options = {}) override;

    void setState(State state);
    void loseConnection(const QString &why);
    void connectAgain(const QString &nodeName);
    void setRole(const QString &role) { m_role = role; }
    /// The next call of this method fails with this.
    void failNext(const QString &method, const Error &error) { m_failures.insert(method, error); }
    /// One second of the cluster's life: the log grows, a follower catches up.
    void tick(int second);
    /// The members as they are in data() now.
    void publishRaft();
    void setUnit(const Unit &unit);
    void removeUnit(const QString &name);
    void setNode(const Node &node);
    /// A key is written, or is gone; whoever watches the store hears of it.
    void setKey(const QString &key, const QByteArray &value, qint64 ttl = 0);
    void removeKey(const QString &key);
    /// Another line in a unit's journal, for those who follow it.
    void log(const JournalLine &line);
    /// Methods called so far, with the `name` parameter: "unit.start hello.service".
    const QStringList &calls() const { return m_calls; }
    DemoData &data() { return m_data; }

private:
    friend class DemoSubscription;
    friend class DemoStream;
    Result<QCborMap> answer(const QString &method, const QCborMap &params);
    Result<QCborMap> actOnUnit(const QString &verb, const QString &name);
    Result<QCborMap> submit(const QCborMap &params);
    Result<QCborMap> storeGet(const QCborMap &params) const;
    Result<QCborMap> storeSet(const QCborMap &params);
    Result<QCborMap> storeDelete(const QCborMap &params);
    Result<QCborMap> transfer(const QString &nodeId);
    Result<QCborMap> promote(const QString &nodeId);
    Result<QCborMap> removeNode(const QString &nodeId);
    Result<QByteArray> storeLines(const QString &method, const QCborMap &params) const;
    /// An etcd error when the key is not as the call wants it.
    std::optional<Error> unmet(const QCborMap &params) const;
    void publishKey(
        const QString &action, const StoreEntry &entry, const std::optional<StoreEntry> &previous);
    QList<QCborMap> rows(const QString &collection) const;
    void
    publish(const QString &collection, const QList<QCborMap> &rows, const QStringList &removed);

    QString m_kind;
    DemoData m_data;
    State m_state = State::Connected;
    QString m_role = QStringLiteral("admin");
    QString m_nodeName;
    QSet<DemoSubscription *> m_subscriptions;
    QSet<DemoStream *> m_streams;
    QStringList m_calls;
    qint64 m_restarts = 0; ///< of agents
    QHash<QString, Error> m_failures;
    QList<QJsonObject> m_events; ///< of the store, oldest first
    qint64 m_index = 18'442;     ///< of the store
    QObject m_answering; ///< what is not answered yet goes with it: before this one's children,
                         ///< who wait for it
};

} // namespace qd::demo
