// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusServiceWatcher>
#include <QDBusVirtualObject>
#include <QHash>
#include <QTimer>
#include <memory>

namespace qd::units {
class PathWatch;
}

namespace qd::units::bus {

/// The engine on the node's message bus, where tools look for it when they wait for a unit's end:
/// `systemd-run --wait`. Nobody but root and who runs the engine is answered. There need be no bus;
/// when one comes, the engine joins it.
class SystemBus : public QDBusVirtualObject {
    Q_OBJECT

public:
    /// `object` answers every path; it must outlive this.
    explicit SystemBus(QDBusVirtualObject *object, QObject *parent = nullptr);
    ~SystemBus() override;

    /// Joins the bus that listens at `socket`, now or when it is there.
    void join(const QString &socket);
    bool isOpen() const { return m_open; }
    void broadcast(const QDBusMessage &message);

    bool handleMessage(const QDBusMessage &message, const QDBusConnection &connection) override;
    QString introspect(const QString &path) const override { return m_object->introspect(path); }

Q_SIGNALS:
    void clientGone(const QString &client);

private:
    void watch();
    void look();
    void connected();
    /// Their names may be others' on the next bus.
    void forgetClients();
    void ask(const QString &client, const QDBusConnection &connection);
    void answer(const QDBusMessage &message, const QDBusConnection &connection);

    QDBusVirtualObject *m_object;
    QString m_socket;
    std::unique_ptr<PathWatch> m_watch;
    QTimer m_check; ///< whether the bus is still there: QtDBus does not tell
    bool m_connecting = false;
    bool m_open = false;
    QDBusServiceWatcher m_clients;
    QHash<QString, bool> m_known;                  ///< whether a client is answered
    QHash<QString, QList<QDBusMessage>> m_waiting; ///< until it is known who the client is
};

} // namespace qd::units::bus
