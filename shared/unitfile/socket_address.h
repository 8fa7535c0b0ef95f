// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>

/// Addresses of ListenStream= and its like (ch3-systemd.md 11.1).
namespace qd::unitfile {

/// What a socket is bound to.
struct SocketAddress {
    enum class Family { Unix, Abstract, IPv4, IPv6, VSock };
    Family family = Family::Unix;
    QString path;      ///< of a unix socket; the name of an abstract one
    QString host;      ///< an IP address in its usual form
    QString interface; ///< scope of an IPv6 address; empty = none
    quint32 cid = ~0U; ///< of a virtual machine; ~0 = any
    quint32 port = 0;

    bool isFile() const { return family == Family::Unix; }
    bool isIp() const { return family == Family::IPv4 || family == Family::IPv6; }
    /// As systemd shows it: "[::]:22", "127.0.0.1:80", "/run/x", "@x", "vsock:2:5".
    QString toText() const;
};

/// Reads "22", "127.0.0.1:22", "[::1]:22", "[fe80::1]:22%eth0", "/run/x", "@x", "vsock:2:5".
/// Nothing for what is no address.
std::optional<SocketAddress> parseSocketAddress(const QString &text);

/// "kobject-uevent 1": a family of netlink sockets, and a multicast group.
struct NetlinkAddress {
    int family = 0;
    quint32 group = 0;
};
std::optional<NetlinkAddress> parseNetlinkAddress(const QString &text);

} // namespace qd::unitfile
