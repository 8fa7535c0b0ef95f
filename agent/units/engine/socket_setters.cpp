// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/socket_setters.h"

#include "shared/unitfile/unit_name.h"

#include <algorithm>
#include <climits>
#include <netinet/in.h>
#include <netinet/ip.h>

namespace qd::units {

namespace {

using namespace setters;

constexpr qsizetype kMostName = 255;
constexpr int kBurst = 20;
constexpr int kBurstOfConnections = 200;

Setter word(QString SocketSettings::*member, const QStringList &allowed)
{
    return [member, allowed](Loading &l, const QString &value) {
        if (allowed.contains(value))
            l.unit.socket.*member = value;
    };
}

Setter size(quint64 SocketSettings::*member)
{
    return parsed(
        [member](Loading &l) -> quint64 & { return l.unit.socket.*member; },
        [](const QString &value) { return unitfile::parseLimit(value, true); });
}

Setter number(qint32 SocketSettings::*member)
{
    return [member](Loading &l, const QString &value) {
        bool ok = false;
        const qint32 read = value.toInt(&ok, 0);
        if (ok)
            l.unit.socket.*member = read;
    };
}

void setTos(Loading &l, const QString &value)
{
    static const QHash<QString, int> names{
        {QStringLiteral("low-delay"), IPTOS_LOWDELAY},
        {QStringLiteral("throughput"), IPTOS_THROUGHPUT},
        {QStringLiteral("reliability"), IPTOS_RELIABILITY},
        {QStringLiteral("low-cost"), IPTOS_LOWCOST}};
    bool ok = names.contains(value);
    const int tos = ok ? names.value(value) : value.toInt(&ok, 0);
    if (ok && tos >= 0 && tos <= 255)
        l.unit.socket.ipTos = tos;
}

void setProtocol(Loading &l, const QString &value)
{
    if (value == u"udplite")
        l.unit.socket.protocol = IPPROTO_UDPLITE;
    else if (value == u"sctp")
        l.unit.socket.protocol = IPPROTO_SCTP;
}

void setTimestamping(Loading &l, const QString &value)
{
    if (value == u"off")
        l.unit.socket.timestamping = value;
    else if (value == u"us" || value == u"usec" || value == u"µs")
        l.unit.socket.timestamping = QStringLiteral("us");
    else if (value == u"ns" || value == u"nsec")
        l.unit.socket.timestamping = QStringLiteral("ns");
}

void setDescriptorName(Loading &l, const QString &value)
{
    const QString name = expanded(l, value);
    const bool isPlain = std::all_of(
        name.begin(), name.end(), [](QChar c) { return c >= u' ' && c < QChar(127) && c != u':'; });
    if (isPlain && name.size() <= kMostName)
        l.unit.socket.descriptorName = name;
}

void setService(Loading &l, const QString &value)
{
    const QString name = expanded(l, value);
    if (unitfile::nameKind(name) != unitfile::NameKind::Template &&
        unitfile::nameType(name) == u"service" && unitfile::isValidName(name))
        l.unit.socket.service = name;
}

void addFlags(const std::function<void(const char *, const Setter &)> &socket)
{
    const auto flag = [&socket](const char *name, bool SocketSettings::*member) {
        socket(name, boolean([member](Loading &l) -> bool & { return l.unit.socket.*member; }));
    };
    flag("Accept", &SocketSettings::accept);
    flag("Writable", &SocketSettings::writable);
    flag("FlushPending", &SocketSettings::flushPending);
    flag("RemoveOnStop", &SocketSettings::removeOnStop);
    flag("KeepAlive", &SocketSettings::keepAlive);
    flag("NoDelay", &SocketSettings::noDelay);
    flag("FreeBind", &SocketSettings::freeBind);
    flag("Transparent", &SocketSettings::transparent);
    flag("Broadcast", &SocketSettings::broadcast);
    flag("PassCredentials", &SocketSettings::passCredentials);
    flag("PassSecurity", &SocketSettings::passSecurity);
    flag("PassPacketInfo", &SocketSettings::passPacketInfo);
    flag("ReusePort", &SocketSettings::reusePort);
}

void addNumbers(const std::function<void(const char *, const Setter &)> &socket)
{
    const auto counted = [&socket](const char *name, quint32 SocketSettings::*member) {
        socket(name, count([member](Loading &l) -> quint32 & { return l.unit.socket.*member; }));
    };
    counted("Backlog", &SocketSettings::backlog);
    counted("MaxConnections", &SocketSettings::maxConnections);
    counted("MaxConnectionsPerSource", &SocketSettings::maxConnectionsPerSource);
    counted("KeepAliveProbes", &SocketSettings::keepAliveProbes);
    socket("TriggerLimitBurst", count([](Loading &l) -> qint32 & {
               return l.unit.socket.triggerLimitBurst;
           }));
    socket("MessageQueueMaxMessages", count([](Loading &l) -> qint64 & {
               return l.unit.socket.queueMessages;
           }));
    socket("MessageQueueMessageSize", count([](Loading &l) -> qint64 & {
               return l.unit.socket.queueMessageSize;
           }));
    socket("Priority", number(&SocketSettings::priority));
    socket("Mark", number(&SocketSettings::mark));
    socket("IPTTL", number(&SocketSettings::ipTtl));
    socket("IPTOS", setTos);
    socket("ReceiveBuffer", size(&SocketSettings::receiveBuffer));
    socket("SendBuffer", size(&SocketSettings::sendBuffer));
    socket("PipeSize", size(&SocketSettings::pipeSize));
    const auto time = [&socket](const char *name, quint64 SocketSettings::*member, bool off) {
        socket(
            name, span([member](Loading &l) -> quint64 & { return l.unit.socket.*member; }, off));
    };
    time("KeepAliveTimeSec", &SocketSettings::keepAliveTimeUs, false);
    time("KeepAliveIntervalSec", &SocketSettings::keepAliveIntervalUs, false);
    time("DeferAcceptSec", &SocketSettings::deferAcceptUs, false);
    time("TriggerLimitIntervalSec", &SocketSettings::triggerLimitIntervalUs, false);
    time("TimeoutSec", &SocketSettings::timeoutUs, true);
}

/// Why a socket cannot be; empty when it can.
QString wrongSocket(const SocketSettings &socket)
{
    const auto &lines = socket.lines;
    if (lines.isEmpty())
        return QStringLiteral("Unit has no Listen setting (ListenStream=, ListenDatagram=, "
                              "ListenFIFO=, ...). Refusing.");
    const bool allAccept = std::all_of(
        lines.begin(), lines.end(), [](const ListenLine &line) { return line.takesConnections(); });
    if (socket.accept && !allAccept)
        return QStringLiteral("Unit configured for accepting sockets, but sockets are "
                              "non-accepting. Refusing.");
    if (socket.accept && socket.maxConnections == 0)
        return QStringLiteral("MaxConnection= setting too small. Refusing.");
    if (socket.accept && !socket.service.isEmpty())
        return QStringLiteral("Explicit service configuration for accepting socket units not "
                              "supported. Refusing.");
    const auto files = std::count_if(
        lines.begin(), lines.end(), [](const ListenLine &line) { return line.isFile(); });
    if (!socket.symlinks.isEmpty() && files != 1)
        return QStringLiteral("Unit has symlinks set but none or more than one node in the file "
                              "system. Refusing.");
    return {};
}

} // namespace

void addSocketSetters(Setters &all)
{
    const auto socket = [&all](const char *name, const Setter &setter) {
        all.insert(QStringLiteral("Socket/") + QLatin1String(name), setter);
    };
    addFlags(socket);
    addNumbers(socket);
    for (const char *step : {"ExecStartPre", "ExecStartPost", "ExecStopPre", "ExecStopPost"}) {
        const QString name = QLatin1String(step);
        socket(step, [name](Loading &l, const QString &value) {
            addCommands(l, l.unit.commands[name], value);
        });
    }
    socket(
        "BindIPv6Only",
        word(
            &SocketSettings::bindIPv6Only,
            {QStringLiteral("default"), QStringLiteral("both"), QStringLiteral("ipv6-only")}));
    const auto mode = [&socket](const char *name, uint SocketSettings::*member) {
        socket(
            name, parsed(
                      [member](Loading &l) -> uint & { return l.unit.socket.*member; },
                      unitfile::parseMode));
    };
    mode("SocketMode", &SocketSettings::mode);
    mode("DirectoryMode", &SocketSettings::directoryMode);
    const auto string = [&socket](const char *name, QString SocketSettings::*member) {
        socket(name, text([member](Loading &l) -> QString & { return l.unit.socket.*member; }));
    };
    string("SocketUser", &SocketSettings::user);
    string("SocketGroup", &SocketSettings::group);
    string("BindToDevice", &SocketSettings::bindToDevice);
    string("TCPCongestion", &SocketSettings::tcpCongestion);
    socket("Symlinks", list([](Loading &l) -> QStringList & { return l.unit.socket.symlinks; }));
    socket("SocketProtocol", setProtocol);
    socket("Timestamping", setTimestamping);
    socket("FileDescriptorName", setDescriptorName);
    socket("Service", setService);
}

bool addListenLine(Loading &loading, const unitfile::Option &option)
{
    const auto kind = listenKindFrom(option.name);
    if (!kind)
        return false;
    QList<ListenLine> &lines = loading.unit.socket.lines;
    if (option.value.isEmpty()) {
        lines.clear();
        return true;
    }
    ListenLine line;
    line.kind = *kind;
    line.text = expanded(loading, option.value);
    switch (*kind) {
    case ListenKind::Stream:
    case ListenKind::Datagram:
    case ListenKind::SequentialPacket: {
        const auto address = unitfile::parseSocketAddress(line.text);
        const bool isUnix = address && !address->isIp() &&
                            address->family != unitfile::SocketAddress::Family::VSock;
        if (!address || (*kind == ListenKind::SequentialPacket && !isUnix))
            return true;
        line.address = *address;
        line.text = address->toText();
        break;
    }
    case ListenKind::Netlink: {
        const auto netlink = unitfile::parseNetlinkAddress(line.text);
        if (!netlink)
            return true;
        line.netlink = *netlink;
        line.text = QStringLiteral("%1 %2")
                        .arg(line.text.section(u' ', 0, 0, QString::SectionSkipEmpty))
                        .arg(netlink->group);
        break;
    }
    default:
        if (!line.text.startsWith(u'/'))
            return true;
    }
    lines.append(line);
    return true;
}

void finishSocket(Loading &loading)
{
    SocketSettings &socket = loading.unit.socket;
    socket.backlog = std::min<quint32>(socket.backlog, INT_MAX); // more cannot be asked for
    if (socket.triggerLimitBurst < 0)
        socket.triggerLimitBurst = socket.accept ? kBurstOfConnections : kBurst;
    if (loading.wrong.isEmpty()) {
        loading.wrong = wrongSocket(socket);
        if (!loading.wrong.isEmpty())
            loading.out.messages.append(loading.unit.id + QStringLiteral(": ") + loading.wrong);
    }
    for (const ListenLine &line : std::as_const(socket.lines)) {
        if (line.isFile() || line.kind == ListenKind::Special)
            loading.unit.settings.requiresMountsFor.append(line.text);
    }
    if (socket.service.isEmpty() && !socket.accept)
        socket.service = unitfile::nameStem(loading.unit.id) + QStringLiteral(".service");
}

} // namespace qd::units
