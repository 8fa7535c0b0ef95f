// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"
#include "shared/base/bytes.h"

#include <deque>
#include <unordered_map>

namespace qd::store {

/// The last events of the store and those who wait for the next ones (peer-contracts.md 1.7).
/// Handlers are never called from inside watch() or add(): they go to `defer`, in order.
class WatchHub {
public:
    static constexpr size_t kWindow = 1000;
    using Defer = std::function<void(std::function<void()>)>;

    explicit WatchHub(Defer defer);
    ~WatchHub();
    WatchHub(const WatchHub &) = delete;
    WatchHub &operator=(const WatchHub &) = delete;

    /// `storeIndex` is the store's index now. An index that has left the window ends the watch with
    /// etcd's error 401.
    std::unique_ptr<Watch>
    watch(const WatchRequest &request, quint64 storeIndex, WatchHandler handler);
    /// What watch() from the oldest index that is kept would tell.
    History history(const QString &key, bool recursive, quint64 storeIndex) const;
    /// Keeps the event and tells whoever waits for it. A refresh wakes nobody. `removed` are the
    /// keys below a directory that went: their watchers hear of it.
    void add(const Event &event, const QStringList &removed);
    /// Another state took the place of this one: every watch ends with etcd's error 400.
    void clear(quint64 storeIndex);

    void save(ByteWriter &out) const;
    /// Of the events that are kept.
    quint64 sum() const { return m_sum; }
    Result<void> restore(QByteArrayView bytes);
    qsizetype watcherCount() const { return m_watcherCount; }

private:
    struct Watcher;
    struct Ticket;
    using Shared = std::shared_ptr<Watcher>;

    using Watchers = std::vector<Shared>;

    void tell(const QString &path, const Event &event, bool removed, Watchers &told);
    void deliver(Watchers watchers, Result<Event> result);
    void insert(const Shared &watcher);
    void remove(const Watcher &watcher);
    quint64 firstIndex() const;

    Defer m_defer;
    std::deque<Event> m_history;                      ///< without a gap in their indexes
    quint64 m_sum = 0;                                ///< of them
    std::unordered_map<QString, Watchers> m_watchers; ///< by their keys; none is empty
    qsizetype m_watcherCount = 0;
    std::shared_ptr<WatchHub *> m_self; ///< a ticket may outlive the hub
};

} // namespace qd::store
