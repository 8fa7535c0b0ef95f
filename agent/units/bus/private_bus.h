// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QDBusConnection>
#include <QDBusServer>
#include <QObject>
#include <QTimer>
#include <memory>
#include <vector>

class QDBusMessage;
class QDBusVirtualObject;

namespace qd::units::bus {

/// Sockets on which tools talk to the engine without a bus daemon (systemd1-dbus.md 2). Only root
/// and the engine's own user get in. Every peer hears every signal.
class PrivateBus : public QObject {
    Q_OBJECT

public:
    /// `object` answers every path of every connection; it must outlive this.
    explicit PrivateBus(QDBusVirtualObject *object, QObject *parent = nullptr);
    ~PrivateBus() override;

    /// Listens on a socket at `path` (mode 0600), replacing a stale one. Error: code::io.
    Result<void> listen(const QString &path);
    void broadcast(const QDBusMessage &message);
    qsizetype peers() const { return qsizetype(m_peers.size()); }
    /// Whether peerGone() is to come soon, and not with the next broadcast only: QtDBus tells of an
    /// end by a slot's name alone, so it is looked for.
    void lookForGone(bool look);

Q_SIGNALS:
    void peerGone(const QString &connection);

private:
    struct Listener {
        QString path;
        std::unique_ptr<QDBusServer> server;
    };
    void welcome(const QDBusConnection &connection);
    void dropGone();

    QDBusVirtualObject *m_object;
    std::vector<Listener> m_listeners;
    std::vector<QDBusConnection> m_peers;
    QTimer m_look;
};

} // namespace qd::units::bus
