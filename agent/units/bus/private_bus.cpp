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

PrivateBus::PrivateBus(QDBusVirtualObject *object, QObject *parent)
    : QObject(parent)
    , m_object(object)
{
}

PrivateBus::~PrivateBus()
{
    for (const QDBusConnection &peer : m_peers)
        QDBusConnection::disconnectFromPeer(peer.name());
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
    m_servers.push_back(std::move(server));
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
    std::erase_if(m_peers, [](const QDBusConnection &peer) {
        if (peer.isConnected())
            return false;
        QDBusConnection::disconnectFromPeer(peer.name());
        return true;
    });
}

void PrivateBus::broadcast(const QDBusMessage &message)
{
    dropGone();
    for (const QDBusConnection &peer : m_peers)
        peer.send(message);
}

} // namespace qd::units::bus
