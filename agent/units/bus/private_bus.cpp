// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/private_bus.h"

#include <QDBusError>
#include <QDBusMessage>
#include <QDBusVirtualObject>
#include <QFile>
#include <QFileInfo>
#include <QUrl>
#include <algorithm>
#include <sys/stat.h>

namespace qd::units::bus {

namespace {

constexpr int kLookMs = 250;

/// ~QDBusServer lets QtDBus' own thread free what the destructor still holds the lock of; once in
/// some hundred times that thread then waits for ever, and with it the end of the process. So what
/// has listened is never destroyed: without its path nobody finds it.
void keepUntilTheEnd(std::unique_ptr<QDBusServer> server)
{
    static auto &kept = *new std::vector<std::unique_ptr<QDBusServer>>;
    kept.push_back(std::move(server));
}

} // namespace

PrivateBus::PrivateBus(QDBusVirtualObject *object, QObject *parent)
    : QObject(parent)
    , m_object(object)
{
    m_look.setInterval(kLookMs);
    connect(&m_look, &QTimer::timeout, this, &PrivateBus::dropGone);
}

void PrivateBus::lookForGone(bool look)
{
    if (look && !m_look.isActive())
        m_look.start();
    else if (!look)
        m_look.stop();
}

PrivateBus::~PrivateBus()
{
    for (const QDBusConnection &peer : m_peers)
        QDBusConnection::disconnectFromPeer(peer.name());
    for (Listener &listener : m_listeners) {
        disconnect(listener.server.get(), nullptr, this, nullptr);
        QFile::remove(listener.path);
        keepUntilTheEnd(std::move(listener.server));
    }
}

Result<void> PrivateBus::listen(const QString &path)
{
    const QString address =
        QStringLiteral("unix:path=") + QString::fromLatin1(QUrl::toPercentEncoding(path, "/"));
    // libdbus makes the socket open to all: nobody may slip in before the mode is set.
    const mode_t before = umask(0177);
    auto server = std::make_unique<QDBusServer>(address);
    umask(before);
    if (!server->isConnected())
        return fail(
            code::io,
            QStringLiteral("cannot listen on %1: %2").arg(path, server->lastError().message()));
    QFile::setPermissions(path, QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    connect(server.get(), &QDBusServer::newConnection, this, [this](const QDBusConnection &peer) {
        welcome(peer);
    });
    m_listeners.push_back({path, std::move(server)});
    return {};
}

void PrivateBus::welcome(const QDBusConnection &connection)
{
    dropGone();
    QDBusConnection peer = connection;
    peer.registerVirtualObject(QStringLiteral("/"), m_object, QDBusConnection::SubPath);
    m_peers.push_back(peer);
}

void PrivateBus::dropGone()
{
    QStringList gone;
    std::erase_if(m_peers, [&gone](const QDBusConnection &peer) {
        if (peer.isConnected())
            return false;
        gone.append(peer.name());
        QDBusConnection::disconnectFromPeer(peer.name());
        return true;
    });
    for (const QString &name : std::as_const(gone))
        Q_EMIT peerGone(name);
}

void PrivateBus::broadcast(const QDBusMessage &message)
{
    dropGone();
    for (const QDBusConnection &peer : m_peers)
        peer.send(message);
}

} // namespace qd::units::bus
