// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/socket_options.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace qd::units {

namespace {

constexpr quint64 kSecondUs = 1'000'000;

/// Sets options one after another and keeps what went wrong.
class Options {
public:
    explicit Options(int file)
        : m_file(file)
    {
    }

    void set(int level, int option, int value, const char *name)
    {
        if (setsockopt(m_file, level, option, &value, sizeof value) != 0)
            note(name);
    }
    void setIf(bool wanted, int level, int option, int value, const char *name)
    {
        if (wanted)
            set(level, option, value, name);
    }
    void set(int level, int option, const QByteArray &text, const char *name)
    {
        if (setsockopt(m_file, level, option, text.constData(), socklen_t(text.size() + 1)) != 0)
            note(name);
    }
    /// Beyond the limit of everybody where the engine may.
    void setBuffer(int forced, int plain, quint64 size, const char *name)
    {
        const int value = int(std::min<quint64>(size, INT_MAX));
        if (setsockopt(m_file, SOL_SOCKET, forced, &value, sizeof value) != 0)
            set(SOL_SOCKET, plain, value, name);
    }
    void note(const char *name)
    {
        failures.append(QStringLiteral("%1 failed: %2")
                            .arg(QLatin1String(name), QString::fromLocal8Bit(strerror(errno))));
    }

    QStringList failures;

private:
    int m_file;
};

bool isIpv6(const ListenLine &line)
{
    return line.address.family == unitfile::SocketAddress::Family::IPv6;
}

void setTcpOptions(Options &options, const SocketSettings &socket)
{
    const auto seconds = [](quint64 us) { return int(us / kSecondUs); };
    options.setIf(socket.keepAlive, SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE");
    options.setIf(
        socket.keepAliveTimeUs > 0, IPPROTO_TCP, TCP_KEEPIDLE, seconds(socket.keepAliveTimeUs),
        "TCP_KEEPIDLE");
    options.setIf(
        socket.keepAliveIntervalUs > 0, IPPROTO_TCP, TCP_KEEPINTVL,
        seconds(socket.keepAliveIntervalUs), "TCP_KEEPINTVL");
    options.setIf(
        socket.keepAliveProbes > 0, IPPROTO_TCP, TCP_KEEPCNT, int(socket.keepAliveProbes),
        "TCP_KEEPCNT");
    options.setIf(
        socket.deferAcceptUs > 0, IPPROTO_TCP, TCP_DEFER_ACCEPT, seconds(socket.deferAcceptUs),
        "TCP_DEFER_ACCEPT");
    options.setIf(socket.noDelay, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
    if (!socket.tcpCongestion.isEmpty())
        options.set(IPPROTO_TCP, TCP_CONGESTION, socket.tcpCongestion.toLatin1(), "TCP_CONGESTION");
}

void setIpOptions(Options &options, const ListenLine &line, const SocketSettings &socket)
{
    options.setIf(socket.ipTos >= 0, IPPROTO_IP, IP_TOS, socket.ipTos, "IP_TOS");
    if (isIpv6(line))
        options.setIf(
            socket.ipTtl >= 0, IPPROTO_IPV6, IPV6_UNICAST_HOPS, socket.ipTtl, "IPV6_UNICAST_HOPS");
    else
        options.setIf(socket.ipTtl >= 0, IPPROTO_IP, IP_TTL, socket.ipTtl, "IP_TTL");
    if (isIpv6(line))
        options.setIf(socket.passPacketInfo, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
    else
        options.setIf(socket.passPacketInfo, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
}

} // namespace

QStringList setSocketOptions(int file, const ListenLine &line, const SocketSettings &socket)
{
    Options options(file);
    setTcpOptions(options, socket);
    options.setIf(socket.broadcast, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST");
    options.setIf(socket.passCredentials, SOL_SOCKET, SO_PASSCRED, 1, "SO_PASSCRED");
    options.setIf(socket.passSecurity, SOL_SOCKET, SO_PASSSEC, 1, "SO_PASSSEC");
    options.setIf(socket.priority >= 0, SOL_SOCKET, SO_PRIORITY, socket.priority, "SO_PRIORITY");
    options.setIf(socket.mark >= 0, SOL_SOCKET, SO_MARK, socket.mark, "SO_MARK");
    if (socket.timestamping != u"off") {
        const bool isFine = socket.timestamping == u"ns";
        options.set(SOL_SOCKET, isFine ? SO_TIMESTAMPNS : SO_TIMESTAMP, 1, "SO_TIMESTAMP");
    }
    if (socket.receiveBuffer > 0)
        options.setBuffer(SO_RCVBUFFORCE, SO_RCVBUF, socket.receiveBuffer, "SO_RCVBUF");
    if (socket.sendBuffer > 0)
        options.setBuffer(SO_SNDBUFFORCE, SO_SNDBUF, socket.sendBuffer, "SO_SNDBUF");
    setIpOptions(options, line, socket);
    return options.failures;
}

void setBindOptions(int file, const ListenLine &line, const SocketSettings &socket)
{
    Options options(file);
    options.set(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
    if (!line.address.isIp())
        return;
    if (isIpv6(line) && socket.bindIPv6Only != u"default")
        options.set(
            IPPROTO_IPV6, IPV6_V6ONLY, socket.bindIPv6Only == u"ipv6-only" ? 1 : 0, "IPV6_V6ONLY");
    if (!socket.bindToDevice.isEmpty())
        options.set(SOL_SOCKET, SO_BINDTODEVICE, socket.bindToDevice.toUtf8(), "SO_BINDTODEVICE");
    options.setIf(socket.reusePort, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    if (isIpv6(line)) {
        options.setIf(socket.freeBind, IPPROTO_IPV6, IPV6_FREEBIND, 1, "IPV6_FREEBIND");
        options.setIf(socket.transparent, IPPROTO_IPV6, IPV6_TRANSPARENT, 1, "IPV6_TRANSPARENT");
    } else {
        options.setIf(socket.freeBind, IPPROTO_IP, IP_FREEBIND, 1, "IP_FREEBIND");
        options.setIf(socket.transparent, IPPROTO_IP, IP_TRANSPARENT, 1, "IP_TRANSPARENT");
    }
}

} // namespace qd::units
