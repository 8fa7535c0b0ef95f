// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/socket_address.h"

#include <QHash>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <sys/un.h>

namespace qd::unitfile {

namespace {

using Family = SocketAddress::Family;

constexpr qsizetype kMostPath = sizeof(sockaddr_un::sun_path) - 1;
const QString kVSock = QStringLiteral("vsock:");

std::optional<quint32> portFrom(const QString &text)
{
    bool ok = false;
    const uint port = text.toUInt(&ok);
    return ok && port > 0 && port <= 65'535 ? std::optional(port) : std::nullopt;
}

/// The usual form of an IP address; nothing when it is none.
std::optional<QString> hostFrom(int family, const QString &text)
{
    in6_addr binary{};
    char out[INET6_ADDRSTRLEN];
    if (inet_pton(family, text.toLatin1().constData(), &binary) != 1)
        return std::nullopt;
    return QString::fromLatin1(inet_ntop(family, &binary, out, sizeof out));
}

std::optional<SocketAddress> fileFrom(Family family, const QString &path)
{
    if (path.isEmpty() || path.toUtf8().size() > kMostPath)
        return std::nullopt;
    SocketAddress out;
    out.family = family;
    out.path = path;
    return out;
}

std::optional<SocketAddress>
ipFrom(Family family, const QString &host, const QString &port, const QString &interface = {})
{
    const auto read = hostFrom(family == Family::IPv4 ? AF_INET : AF_INET6, host);
    const auto number = portFrom(port);
    if (!read || !number)
        return std::nullopt;
    SocketAddress out;
    out.family = family;
    out.host = *read;
    out.interface = interface;
    out.port = *number;
    return out;
}

/// "[x]:y" or "[x]:y%dev"
std::optional<SocketAddress> bracketed(const QString &text)
{
    const qsizetype end = text.indexOf(QStringLiteral("]:"));
    if (end < 0)
        return std::nullopt;
    const QString rest = text.mid(end + 2);
    return ipFrom(
        Family::IPv6, text.mid(1, end - 1), rest.section(u'%', 0, 0), rest.section(u'%', 1));
}

/// "vsock:2:5", "vsock::5"
std::optional<SocketAddress> virtualFrom(const QString &text)
{
    const QString cid = text.section(u':', 1, 1);
    SocketAddress out;
    out.family = Family::VSock;
    bool cidOk = true;
    bool portOk = false;
    if (!cid.isEmpty())
        out.cid = cid.toUInt(&cidOk);
    out.port = text.section(u':', 2).toUInt(&portOk);
    return cidOk && portOk ? std::optional(out) : std::nullopt;
}

} // namespace

QString SocketAddress::toText() const
{
    switch (family) {
    case Family::Unix:
        return path;
    case Family::Abstract:
        return u'@' + path;
    case Family::IPv4:
        return QStringLiteral("%1:%2").arg(host).arg(port);
    case Family::IPv6:
        return QStringLiteral("[%1]:%2").arg(host).arg(port) +
               (interface.isEmpty() ? QString() : u'%' + interface);
    case Family::VSock:
        return kVSock + (cid == ~0U ? QString() : QString::number(cid)) +
               QStringLiteral(":%1").arg(port);
    }
    return {};
}

std::optional<SocketAddress> parseSocketAddress(const QString &text)
{
    if (text.startsWith(u'/'))
        return fileFrom(Family::Unix, text);
    if (text.startsWith(u'@'))
        return fileFrom(Family::Abstract, text.mid(1));
    if (text.startsWith(u'['))
        return bracketed(text);
    if (text.startsWith(kVSock))
        return virtualFrom(text);
    const qsizetype colon = text.indexOf(u':');
    if (colon < 0) // of every address, IPv4's as well
        return ipFrom(Family::IPv6, QStringLiteral("::"), text);
    return ipFrom(Family::IPv4, text.left(colon), text.mid(colon + 1));
}

std::optional<NetlinkAddress> parseNetlinkAddress(const QString &text)
{
    static const QHash<QString, int> families{
        {QStringLiteral("route"), NETLINK_ROUTE},
        {QStringLiteral("firewall"), NETLINK_FIREWALL},
        {QStringLiteral("inet-diag"), NETLINK_INET_DIAG},
        {QStringLiteral("nflog"), NETLINK_NFLOG},
        {QStringLiteral("xfrm"), NETLINK_XFRM},
        {QStringLiteral("selinux"), NETLINK_SELINUX},
        {QStringLiteral("iscsi"), NETLINK_ISCSI},
        {QStringLiteral("audit"), NETLINK_AUDIT},
        {QStringLiteral("fib-lookup"), NETLINK_FIB_LOOKUP},
        {QStringLiteral("connector"), NETLINK_CONNECTOR},
        {QStringLiteral("netfilter"), NETLINK_NETFILTER},
        {QStringLiteral("ip6-fw"), NETLINK_IP6_FW},
        {QStringLiteral("dnrtmsg"), NETLINK_DNRTMSG},
        {QStringLiteral("kobject-uevent"), NETLINK_KOBJECT_UEVENT},
        {QStringLiteral("generic"), NETLINK_GENERIC},
        {QStringLiteral("scsitransport"), NETLINK_SCSITRANSPORT},
        {QStringLiteral("ecryptfs"), NETLINK_ECRYPTFS},
        {QStringLiteral("rdma"), NETLINK_RDMA}};
    const QString name = text.section(u' ', 0, 0, QString::SectionSkipEmpty);
    const QString group = text.section(u' ', 1, -1, QString::SectionSkipEmpty);
    const auto family = families.constFind(name);
    bool ok = true;
    const quint32 number = group.isEmpty() ? 0 : group.toUInt(&ok);
    if (family == families.constEnd() || !ok)
        return std::nullopt;
    return NetlinkAddress{*family, number};
}

} // namespace qd::unitfile
