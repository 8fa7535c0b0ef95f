// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/engine/cluster_state.h"
#include "agent/store/store_client.h"

#include <QObject>
#include <QPointer>
#include <QTimer>
#include <vector>

namespace qd::fleet {

/// fleet's part of the store, read once and then kept up by a watch.
class StoreMirror : public QObject {
    Q_OBJECT
public:
    StoreMirror(store::StoreClient &store, const Keys &keys, QObject *parent = nullptr);
    ~StoreMirror() override;

    void start();
    bool isReady() const { return m_watch != nullptr; }
    const ClusterState &state() const { return m_state; }
    QSet<QString> takeChanged() { return m_state.takeChanged(); }
    /// The store's index up to which `state` has everything.
    quint64 index() const { return m_index; }
    /// Calls `then` once the mirror has seen the index, at the latest after `patienceMs` (0: no
    /// limit); not at all when `context` is gone by then.
    void whenSeen(
        quint64 index, QObject *context, std::function<void()> then, int patienceMs = kPatienceMs);
    static constexpr int kPatienceMs = 2'000;

Q_SIGNALS:
    /// Something has changed; `decisive`: not only heartbeats and states. Many changes make one.
    void changed(bool decisive);

private:
    void load();
    void take(const store::Node &node);
    void onEvent(const Result<store::Event> &event);
    void announce(bool decisive);
    void settle();

    struct Waiter {
        quint64 index;
        QPointer<QObject> context;
        std::function<void()> then;
        bool patient;
    };
    store::StoreClient &m_store;
    ClusterState m_state;
    quint64 m_index = 0;
    std::unique_ptr<store::Watch> m_watch;
    std::vector<Waiter> m_waiters;
    QTimer m_reload;
    QTimer m_announce;
    bool m_decisive = false;
};

/// A write without conditions, to begin a request with. `ttl` in seconds; 0: for ever.
store::WriteRequest putRequest(const QString &key, const QByteArray &value, int ttl = 0);
/// More time for a key that has this value; it wakes no watcher.
store::WriteRequest refreshRequest(const QString &key, const QByteArray &value, int ttl);
store::WriteRequest deleteRequest(const QString &key);
/// Whether the error is etcd's of this number.
bool isEtcdError(const Error &error, int number);

} // namespace qd::fleet
