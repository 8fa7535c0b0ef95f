// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/peer_pid.h"

#include <QLibrary>

namespace qd::units::bus {

namespace {

// QtDBus does not tell; libdbus, on which it stands, does. Both are in the process already.
using ProcessOf = quint32 (*)(void *connection, unsigned long *pid);

ProcessOf processOf()
{
    static const auto found = reinterpret_cast<ProcessOf>(
        QLibrary(QStringLiteral("dbus-1"), 3).resolve("dbus_connection_get_unix_process_id"));
    return found;
}

} // namespace

std::optional<qint32> peerPid(const QDBusConnection &connection)
{
    if (!connection.baseService().isEmpty())
        return std::nullopt; // a bus: the peer is its daemon
    unsigned long pid = 0;
    void *peer = connection.internalPointer();
    if (!peer || !processOf() || processOf()(peer, &pid) == 0 || pid == 0)
        return std::nullopt;
    return qint32(pid);
}

} // namespace qd::units::bus
