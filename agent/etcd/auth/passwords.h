// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QObject>
#include <QSet>
#include <QThreadPool>
#include <functional>

namespace qd::etcd::auth {

/// Passwords as bcrypt hashes (crypt(5), "$2b$"). Hashing takes some 60 ms by design, so a thread
/// of its own does it: the agent's main thread goes on. A password that was found right is known
/// again by a keyed digest, so that a client with a name costs this once.
class Passwords : public QObject {
    Q_OBJECT
public:
    explicit Passwords(QObject *parent = nullptr);
    ~Passwords() override;

    /// `done` comes later, on this object's thread; an empty hash when the system has no bcrypt.
    void hash(const QByteArray &password, std::function<void(const QByteArray &)> done);
    /// `done` may come at once.
    void check(const QByteArray &hash, const QByteArray &password, std::function<void(bool)> done);

private:
    QByteArray digest(const QByteArray &hash, const QByteArray &password) const;

    QByteArray m_key; ///< of this process
    QSet<QByteArray> m_right;
    int m_waiting = 0;
    QThreadPool m_worker;
};

} // namespace qd::etcd::auth
