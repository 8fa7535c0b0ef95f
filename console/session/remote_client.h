// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "shared/rpc/dial.h"
#include "shared/security/tls.h"

#include <QPointer>
#include <QPromise>
#include <QSet>
#include <QTimer>

namespace qd::session {

class RemoteStream;
class RemoteSubscription;

/// The client over the control protocol. Reconnects by itself with growing pauses, and to another
/// known node when the first is gone; subscriptions go on where they were.
class RemoteClient : public Client {
    Q_OBJECT
public:
    struct Setup {
        QStringList addresses; ///< "host" or "host:port", in the order of preference
        security::Credentials credentials;
        QString clientName = QStringLiteral("quarterdeck");
        int connectMs = 5'000;
        int firstPauseMs = 200;
        int longestPauseMs = 5'000;
        rpc::Limits limits;
    };
    explicit RemoteClient(Setup setup, QObject *parent = nullptr);
    ~RemoteClient() override;

    void connectToCluster();
    void disconnectFromCluster();
    /// All addresses that are known by now: those given, then those learnt from node.list.
    QStringList addresses() const { return m_addresses; }
    QString connectedTo() const { return m_connectedTo; }

    State state() const override { return m_state; }
    QCborMap welcome() const override { return m_welcome; }
    QFuture<Result<QCborMap>>
    call(const QString &method, const QCborMap &params, const CallOptions &options = {}) override;
    std::unique_ptr<Subscription>
    subscribe(const QString &collection, const QCborMap &params = {}) override;
    std::unique_ptr<ByteStream>
    open(const QString &method, const QCborMap &params, const CallOptions &options = {}) override;

Q_SIGNALS:
    /// New addresses were learnt: a profile may keep them.
    void addressesLearnt(const QStringList &addresses);

private:
    friend class RemoteSubscription;
    void setState(State state);
    void tryNext();
    void connected(const QString &address, const rpc::Dialled &dialled);
    void lost(const Error &why);
    void pauseThenRetry();
    void learnAddresses();
    void routeFrame(const QCborMap &frame);
    void start(RemoteSubscription &subscription);

    Setup m_setup;
    QStringList m_addresses;
    qsizetype m_next = 0;   ///< whose turn it is
    qsizetype m_failed = 0; ///< attempts since the last success
    QString m_connectedTo;
    State m_state = State::Disconnected;
    QCborMap m_welcome;
    std::shared_ptr<rpc::Connection> m_connection;
    std::unique_ptr<QObject> m_attempt; ///< the context of the attempt that runs
    QTimer m_pause;
    QSet<RemoteSubscription *> m_subscriptions;
    QHash<qint64, RemoteSubscription *> m_bySub;
};

} // namespace qd::session
