// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/connection_names.h"

#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace qd::units {

namespace {

struct End {
    QString host;
    quint32 port = 0;
    bool isIpv6 = false;
};

QString textOf(int family, const void *binary)
{
    char out[INET6_ADDRSTRLEN] = {};
    inet_ntop(family, binary, out, sizeof out);
    return QString::fromLatin1(out);
}

/// An IPv4 address stays one, in whichever clothes it comes.
End endOf(const sockaddr_storage &storage)
{
    if (storage.ss_family == AF_INET) {
        const auto &address = reinterpret_cast<const sockaddr_in &>(storage);
        return {textOf(AF_INET, &address.sin_addr), ntohs(address.sin_port)};
    }
    if (storage.ss_family == AF_VSOCK) {
        const auto &address = reinterpret_cast<const sockaddr_vm &>(storage);
        return {QString::number(address.svm_cid), address.svm_port};
    }
    const auto &address = reinterpret_cast<const sockaddr_in6 &>(storage);
    const bool isMapped = IN6_IS_ADDR_V4MAPPED(&address.sin6_addr);
    if (isMapped)
        return {textOf(AF_INET, &address.sin6_addr.s6_addr[12]), ntohs(address.sin6_port)};
    return {textOf(AF_INET6, &address.sin6_addr), ntohs(address.sin6_port), true};
}

Connection unixConnection(int file)
{
    ucred who{};
    socklen_t size = sizeof who;
    Connection out;
    const bool isKnown = getsockopt(file, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid > 0;
    out.instance =
        isKnown ? QStringLiteral("%1-%2").arg(who.pid).arg(who.uid) : QStringLiteral("unknown");
    if (isKnown)
        out.peer = QStringLiteral("PID %1/UID %2").arg(who.pid).arg(who.uid);
    return out;
}

} // namespace

std::optional<Connection> nameConnection(int file)
{
    sockaddr_storage own{};
    sockaddr_storage theirs{};
    socklen_t ownSize = sizeof own;
    socklen_t theirSize = sizeof theirs;
    if (getsockname(file, reinterpret_cast<sockaddr *>(&own), &ownSize) != 0)
        return std::nullopt;
    if (own.ss_family == AF_UNIX)
        return unixConnection(file);
    if (getpeername(file, reinterpret_cast<sockaddr *>(&theirs), &theirSize) != 0)
        return std::nullopt;
    const End here = endOf(own);
    const End there = endOf(theirs);
    Connection out;
    out.instance =
        QStringLiteral("%1:%2-%3:%4").arg(here.host).arg(here.port).arg(there.host).arg(there.port);
    out.source = there.host;
    out.remotePort = QString::number(there.port);
    out.peer = (there.isIpv6 ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2"))
                   .arg(there.host, out.remotePort);
    return out;
}

} // namespace qd::units
