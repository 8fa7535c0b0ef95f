// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/member_info.h"

#include "agent/raft/membership.h"

#include <QCborValue>

namespace qd::node {

namespace {

const QString kRaftId = QStringLiteral("raftId");
const QString kMachineId = QStringLiteral("machineId");
const QString kName = QStringLiteral("name");
const QString kAddress = QStringLiteral("address");
const QString kEtcdAddress = QStringLiteral("etcdAddress");
const QString kPeerPort = QStringLiteral("peerPort");
const QString kEtcdPort = QStringLiteral("etcdPort");
const QString kControlPort = QStringLiteral("controlPort");

quint16 port(const QCborMap &map, const QString &key, quint16 standard)
{
    const qint64 number = map.value(key).toInteger(standard);
    return number > 0 && number <= 65'535 ? quint16(number) : standard;
}

} // namespace

QString idText(quint64 id)
{
    return QStringLiteral("%1").arg(id, 16, 16, QLatin1Char('0'));
}

quint64 idFromText(const QString &text)
{
    bool ok = false;
    const quint64 id = text.toULongLong(&ok, 16);
    return ok ? id : 0;
}

QCborMap toMap(const MemberInfo &member)
{
    return {{kRaftId, idText(member.id)},
            {kMachineId, member.machineId},
            {kName, member.name},
            {kAddress, member.address},
            {kEtcdAddress, member.etcdAddress},
            {kPeerPort, member.peerPort},
            {kEtcdPort, member.etcdPort},
            {kControlPort, member.controlPort}};
}

Result<MemberInfo> memberFromMap(const QCborMap &map)
{
    MemberInfo out;
    out.id = idFromText(map.value(kRaftId).toString());
    out.machineId = map.value(kMachineId).toString();
    out.name = map.value(kName).toString();
    out.address = map.value(kAddress).toString();
    out.etcdAddress = map.value(kEtcdAddress).toString(out.address);
    out.peerPort = port(map, kPeerPort, out.peerPort);
    out.etcdPort = port(map, kEtcdPort, out.etcdPort);
    out.controlPort = port(map, kControlPort, out.controlPort);
    if (out.id == raft::kNobody || out.machineId.isEmpty() || out.address.isEmpty())
        return fail(
            code::badInput,
            QStringLiteral("a member without raftId, machineId or address does not count"));
    return out;
}

QByteArray contextOf(const MemberInfo &member)
{
    return QCborValue(toMap(member)).toCbor();
}

QList<MemberInfo> membersOf(const raft::Membership &membership)
{
    QList<MemberInfo> out;
    for (const auto &context : membership.contexts) {
        const auto decoded = memberFromMap(QCborValue::fromCbor(context.bytes).toMap());
        MemberInfo member = decoded.value_or(MemberInfo{});
        member.id = context.id;
        member.learner = raft::isLearner(membership, context.id);
        out.append(member);
    }
    return out;
}

} // namespace qd::node
