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
const QString kPeerUrls = QStringLiteral("peerUrls");
const QString kClientUrls = QStringLiteral("clientUrls");

quint16 port(const QCborMap &map, const QString &key, quint16 standard)
{
    const qint64 number = map.value(key).toInteger(standard);
    return number > 0 && number <= 65'535 ? quint16(number) : standard;
}

} // namespace

QList<Endpoint> MemberInfo::peerEndpoints() const
{
    if (!peerUrls.isEmpty() || address.isEmpty())
        return peerUrls;
    return {{QStringLiteral("https"), address, peerPort}};
}

bool MemberInfo::isAt(const Endpoint &place) const
{
    const QList<Endpoint> all = peerEndpoints();
    return std::any_of(
        all.begin(), all.end(), [&](const Endpoint &each) { return each.isAt(place); });
}

QList<Endpoint> MemberInfo::clientEndpoints() const
{
    if (machineId.isEmpty() || !clientUrls.isEmpty())
        return clientUrls;
    return {{QStringLiteral("http"), etcdAddress, etcdPort}};
}

MemberInfo memberAt(raft::NodeId id, const QString &name, const QList<Endpoint> &peerUrls)
{
    MemberInfo out;
    out.id = id;
    out.name = name;
    out.address = peerUrls.first().host;
    out.etcdAddress = out.address;
    out.peerPort = peerUrls.first().port;
    out.peerUrls = peerUrls;
    return out;
}

MemberInfo reservation(raft::NodeId id, const QList<Endpoint> &peerUrls)
{
    MemberInfo out = memberAt(id, {}, peerUrls);
    out.learner = true;
    return out;
}

QCborArray toArray(const QList<Endpoint> &peerUrls)
{
    return QCborArray::fromStringList(urlsOf(peerUrls));
}

QList<Endpoint> endpointsFromArray(const QCborArray &urls)
{
    QList<Endpoint> out;
    for (const QCborValue &url : urls) {
        if (const auto endpoint = endpointFromUrl(url.toString()))
            out.append(*endpoint);
    }
    return out;
}

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
    QCborMap out{{kRaftId, idText(member.id)},
                 {kMachineId, member.machineId},
                 {kName, member.name},
                 {kAddress, member.address},
                 {kEtcdAddress, member.etcdAddress},
                 {kPeerPort, member.peerPort},
                 {kEtcdPort, member.etcdPort},
                 {kControlPort, member.controlPort}};
    if (!member.peerUrls.isEmpty())
        out.insert(kPeerUrls, toArray(member.peerUrls));
    if (!member.clientUrls.isEmpty())
        out.insert(kClientUrls, toArray(member.clientUrls));
    return out;
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
    out.peerUrls = endpointsFromArray(map.value(kPeerUrls).toArray());
    out.clientUrls = endpointsFromArray(map.value(kClientUrls).toArray());
    if (out.id == raft::kNobody || out.address.isEmpty())
        return fail(
            code::badInput, QStringLiteral("a member without raftId or address does not count"));
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
