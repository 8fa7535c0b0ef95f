// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/system_bus.h"

#include "agent/units/bus/errors.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/driver/path_watch.h"
#include "shared/base/log.h"

#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QFileInfo>
#include <QThread>
#include <unistd.h>

namespace qd::units::bus {

namespace {

const QString kConnection = QStringLiteral("quarterdeck-system-bus");
constexpr int kCheckMs = 2'000;
const QString kDaemon = QStringLiteral("org.freedesktop.DBus");

} // namespace

SystemBus::SystemBus(QDBusVirtualObject *object, QObject *parent)
    : QDBusVirtualObject(parent)
    , m_object(object)
{
    m_check.setInterval(kCheckMs);
    connect(&m_check, &QTimer::timeout, this, &SystemBus::look);
    m_clients.setWatchMode(QDBusServiceWatcher::WatchForUnregistration);
    connect(
        &m_clients, &QDBusServiceWatcher::serviceUnregistered, this, [this](const QString &name) {
            m_clients.removeWatchedService(name);
            m_known.remove(name);
            Q_EMIT clientGone(name);
        });
}

SystemBus::~SystemBus()
{
    if (m_open)
        QDBusConnection::disconnectFromBus(kConnection);
}

void SystemBus::join(const QString &socket)
{
    m_socket = socket;
    m_check.start();
    watch();
}

/// A watch sees no further than the folders that are there when it begins. As a glob: so that it is
/// the folder that is watched.
void SystemBus::watch()
{
    m_watch = std::make_unique<PathWatch>(
        QList<PathLine>{PathLine{PathKind::ExistsGlob, m_socket, false}});
    connect(m_watch.get(), &PathWatch::changed, this, &SystemBus::watch, Qt::QueuedConnection);
    look();
}

/// On a thread of its own: a bus that is started by its socket needs the engine for its start.
void SystemBus::look()
{
    if (m_open && !QDBusConnection(kConnection).isConnected()) {
        QDBusConnection::disconnectFromBus(kConnection);
        m_open = false;
        forgetClients();
    }
    if (m_open || m_connecting || !QFileInfo::exists(m_socket))
        return;
    m_connecting = true;
    QThread *thread = QThread::create([address = QStringLiteral("unix:path=") + m_socket] {
        QDBusConnection::connectToBus(address, kConnection);
    });
    connect(thread, &QThread::finished, this, &SystemBus::connected);
    connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    thread->start();
}

void SystemBus::connected()
{
    m_connecting = false;
    forgetClients();
    QDBusConnection bus(kConnection);
    m_open = bus.isConnected() &&
             bus.registerVirtualObject(QStringLiteral("/"), this, QDBusConnection::SubPath);
    m_clients.setConnection(bus);
    if (m_open && bus.registerService(kService))
        return;
    qCWarning(lcUnits).noquote() << "not on the bus at" << m_socket << ':'
                                 << bus.lastError().message();
    QDBusConnection::disconnectFromBus(kConnection);
    m_open = false;
}

void SystemBus::forgetClients()
{
    const QStringList clients = m_known.keys();
    m_known.clear();
    m_waiting.clear();
    m_clients.setWatchedServices({});
    for (const QString &client : clients)
        Q_EMIT clientGone(client);
}

void SystemBus::broadcast(const QDBusMessage &message)
{
    if (m_open)
        QDBusConnection(kConnection).send(message);
}

bool SystemBus::handleMessage(const QDBusMessage &message, const QDBusConnection &connection)
{
    if (message.type() != QDBusMessage::MethodCallMessage)
        return false;
    const QString client = message.service();
    if (m_known.contains(client) && !m_waiting.contains(client)) {
        answer(message, connection);
        return true;
    }
    const bool isAsked = m_waiting.contains(client);
    m_waiting[client].append(message);
    if (!isAsked)
        ask(client, connection);
    return true;
}

void SystemBus::ask(const QString &client, const QDBusConnection &connection)
{
    QDBusMessage call = QDBusMessage::createMethodCall(
        kDaemon, QStringLiteral("/org/freedesktop/DBus"), kDaemon,
        QStringLiteral("GetConnectionUnixUser"));
    call << client;
    auto *watcher = new QDBusPendingCallWatcher(connection.asyncCall(call), this);
    connect(
        watcher, &QDBusPendingCallWatcher::finished, this,
        [this, client, connection](QDBusPendingCallWatcher *done) {
            done->deleteLater();
            const QDBusPendingReply<uint> uid = *done;
            m_clients.addWatchedService(client);
            m_known.insert(client, uid.isValid() && (uid.value() == 0 || uid.value() == geteuid()));
            const QList<QDBusMessage> waiting = m_waiting.take(client);
            for (const QDBusMessage &message : waiting)
                answer(message, connection);
        });
}

void SystemBus::answer(const QDBusMessage &message, const QDBusConnection &connection)
{
    if (m_known.value(message.service())) {
        m_object->handleMessage(message, connection);
    } else if (message.isReplyRequired()) {
        connection.send(message.createErrorReply(
            error::accessDenied, QStringLiteral("Only root may speak to the unit engine.")));
    }
}

} // namespace qd::units::bus
