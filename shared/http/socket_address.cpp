// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/socket_address.h"

#include <QHostAddress>
#include <sys/socket.h>

namespace qd::http {

QByteArray peerAddress(int socket)
{
    sockaddr_storage address = {};
    socklen_t size = sizeof address;
    auto *const plain = reinterpret_cast<sockaddr *>(&address);
    if (getpeername(socket, plain, &size) != 0)
        return {};
    if (address.ss_family != AF_INET && address.ss_family != AF_INET6)
        return {};
    return QHostAddress(plain).toString().toLatin1();
}

} // namespace qd::http
