// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/properties.h"
#include "agent/units/bus/wire_types.h"

#include <QMetaType>

namespace qd::units::bus {

namespace {

QVariant wide(quint64 value)
{
    return QVariant::fromValue<qulonglong>(value);
}

QVariantMap livingProperties(const Unit &unit)
{
    QVariantMap out;
    out[QStringLiteral("ControlPID")] = quint32(unit.command.pid);
    out[QStringLiteral("Result")] = toText(unit.result);
    out[QStringLiteral("NConnections")] = quint32(unit.listening.connections.size());
    out[QStringLiteral("NAccepted")] = unit.listening.accepted;
    out[QStringLiteral("NRefused")] = unit.listening.refused;
    out[QStringLiteral("UID")] = ~0U;
    out[QStringLiteral("GID")] = ~0U;
    return out;
}

void addFlags(QVariantMap &out, const SocketSettings &socket)
{
    out[QStringLiteral("Accept")] = socket.accept;
    out[QStringLiteral("Broadcast")] = socket.broadcast;
    out[QStringLiteral("FlushPending")] = socket.flushPending;
    out[QStringLiteral("FreeBind")] = socket.freeBind;
    out[QStringLiteral("KeepAlive")] = socket.keepAlive;
    out[QStringLiteral("NoDelay")] = socket.noDelay;
    out[QStringLiteral("PassCredentials")] = socket.passCredentials;
    out[QStringLiteral("PassPacketInfo")] = socket.passPacketInfo;
    out[QStringLiteral("PassSecurity")] = socket.passSecurity;
    out[QStringLiteral("RemoveOnStop")] = socket.removeOnStop;
    out[QStringLiteral("ReusePort")] = socket.reusePort;
    out[QStringLiteral("Transparent")] = socket.transparent;
    out[QStringLiteral("Writable")] = socket.writable;
}

void addNumbers(QVariantMap &out, const SocketSettings &socket)
{
    out[QStringLiteral("Backlog")] = socket.backlog;
    out[QStringLiteral("DirectoryMode")] = quint32(socket.directoryMode);
    out[QStringLiteral("SocketMode")] = quint32(socket.mode);
    out[QStringLiteral("KeepAliveProbes")] = socket.keepAliveProbes;
    out[QStringLiteral("MaxConnections")] = socket.maxConnections;
    out[QStringLiteral("MaxConnectionsPerSource")] = socket.maxConnectionsPerSource;
    out[QStringLiteral("TriggerLimitBurst")] = quint32(socket.triggerLimitBurst);
    out[QStringLiteral("TriggerLimitIntervalUSec")] = wide(socket.triggerLimitIntervalUs);
    out[QStringLiteral("TimeoutUSec")] = wide(socket.timeoutUs);
    out[QStringLiteral("DeferAcceptUSec")] = wide(socket.deferAcceptUs);
    out[QStringLiteral("KeepAliveTimeUSec")] = wide(socket.keepAliveTimeUs);
    out[QStringLiteral("KeepAliveIntervalUSec")] = wide(socket.keepAliveIntervalUs);
    out[QStringLiteral("PipeSize")] = wide(socket.pipeSize);
    out[QStringLiteral("ReceiveBuffer")] = wide(socket.receiveBuffer);
    out[QStringLiteral("SendBuffer")] = wide(socket.sendBuffer);
    out[QStringLiteral("IPTOS")] = socket.ipTos;
    out[QStringLiteral("IPTTL")] = socket.ipTtl;
    out[QStringLiteral("Mark")] = socket.mark;
    out[QStringLiteral("Priority")] = socket.priority;
    out[QStringLiteral("SocketProtocol")] = socket.protocol;
    out[QStringLiteral("MessageQueueMaxMessages")] = qlonglong(socket.queueMessages);
    out[QStringLiteral("MessageQueueMessageSize")] = qlonglong(socket.queueMessageSize);
}

void addTexts(QVariantMap &out, const Unit &unit)
{
    const SocketSettings &socket = unit.socket;
    QList<Pair> lines;
    for (const ListenLine &line : socket.lines)
        lines.append({toText(line.kind), line.text});
    out[QStringLiteral("Listen")] = QVariant::fromValue(lines);
    out[QStringLiteral("BindIPv6Only")] = socket.bindIPv6Only;
    out[QStringLiteral("BindToDevice")] = socket.bindToDevice;
    out[QStringLiteral("FileDescriptorName")] =
        socket.descriptorName.isEmpty() ? unit.id : socket.descriptorName;
    for (const char *label : {"SmackLabel", "SmackLabelIPIn", "SmackLabelIPOut"})
        out[QLatin1String(label)] = QString();
    out[QStringLiteral("SocketUser")] = socket.user;
    out[QStringLiteral("SocketGroup")] = socket.group;
    out[QStringLiteral("TCPCongestion")] = socket.tcpCongestion;
    out[QStringLiteral("Timestamping")] = socket.timestamping;
    out[QStringLiteral("Symlinks")] = socket.symlinks;
}

QStringList commandNames()
{
    return {
        QStringLiteral("ExecStartPre"), QStringLiteral("ExecStartPost"),
        QStringLiteral("ExecStopPre"), QStringLiteral("ExecStopPost")};
}

} // namespace

QVariantMap socketProperties(const Unit &unit)
{
    QVariantMap out = livingProperties(unit);
    addFlags(out, unit.socket);
    addNumbers(out, unit.socket);
    addTexts(out, unit);
    addCommandProperties(out, unit, commandNames());
    addProcessProperties(out, unit);
    return out;
}

ChangedProperties changedSocketProperties(const Unit &unit)
{
    return {livingProperties(unit), commandNames()};
}

} // namespace qd::units::bus
