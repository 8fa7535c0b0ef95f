// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/update/semaphore.h"

#include <QObject>

namespace qd::update {

/// locksmith's lock in the store, changed by compare-and-swap. There is nothing of it but the key
/// that everybody sees and may write over etcd's API. It has no expiry.
class RebootLock : public QObject {
    Q_OBJECT
public:
    template <class T>
    using Done = std::function<void(const Result<T> &)>;

    /// What stood, or stands now, under the key.
    struct State {
        QString key;
        Semaphore semaphore;
        quint64 index = 0; ///< the key's modified index
    };
    struct Change {
        State before;
        State after;
    };

    /// The store must outlive it.
    explicit RebootLock(store::StoreClient &store, QObject *parent = nullptr);
    /// Makes the key when it is missing. Each is answered once, later; not after this object's end.
    void read(const QString &group, Done<State> done);
    /// The same without making it: who may only look changes nothing.
    void peek(const QString &group, Done<State> done);
    void take(const QString &group, const QString &holder, Done<Claim> done);
    void release(const QString &group, const QString &holder, Done<State> done);
    void setMax(const QString &group, qint64 max, Done<Change> done);
    /// stillHeld() by a linearizable read.
    void check(const Claim &claim, Done<void> done);
    /// The groups in which the machine holds a slot; makes no key.
    void groupsOf(const QString &holder, Done<QStringList> done);

private:
    using Edit = std::function<Result<Semaphore>(const Semaphore &)>;
    void get(const store::GetRequest &request, store::EventHandler done);
    void write(const store::WriteRequest &request, store::EventHandler done);
    void look(const QString &key, Done<State> done);
    void make(const QString &key, Done<State> done);
    void change(const QString &key, Edit edit, Done<Change> done, int triesLeft);
    void settle(const Change &meant, const Edit &edit, const Done<Change> &done, int triesLeft);

    store::StoreClient &m_store;
};

} // namespace qd::update
