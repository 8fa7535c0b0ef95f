// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/founding.h"

#include <QCryptographicHash>
#include <QtEndian>

namespace qd::node {

namespace {

quint64 headOf(const QByteArray &bytes)
{
    return qFromBigEndian<quint64>(
        QCryptographicHash::hash(bytes, QCryptographicHash::Sha1).constData());
}

QStringList sortedUrls(const QList<Endpoint> &places)
{
    QStringList out = urlsOf(places);
    out.sort();
    return out;
}

QList<Endpoint> placesNamed(const QList<NamedPlace> &cluster, const QString &name)
{
    QList<Endpoint> out;
    for (const NamedPlace &each : cluster) {
        if (each.name == name)
            out.append(each.place);
    }
    return out;
}

} // namespace

raft::NodeId memberIdOf(const QList<Endpoint> &places, const QString &token)
{
    return headOf((sortedUrls(places).join(QString()) + token).toUtf8());
}

quint64 clusterIdOf(const QList<MemberInfo> &members)
{
    QList<raft::NodeId> ids;
    for (const MemberInfo &member : members)
        ids.append(member.id);
    std::sort(ids.begin(), ids.end());
    QByteArray bytes;
    for (const raft::NodeId id : std::as_const(ids)) {
        const quint64 big = qToBigEndian(id);
        bytes.append(reinterpret_cast<const char *>(&big), sizeof big);
    }
    return headOf(bytes);
}

QList<MemberInfo> membersOf(const QList<NamedPlace> &cluster, const QString &token)
{
    QList<MemberInfo> out;
    for (const NamedPlace &each : cluster) {
        const bool known = std::any_of(out.begin(), out.end(), [&](const MemberInfo &member) {
            return member.name == each.name;
        });
        if (known)
            continue;
        const QList<Endpoint> places = placesNamed(cluster, each.name);
        out.append(memberAt(memberIdOf(places, token), each.name, places));
    }
    return out;
}

QList<Endpoint> ownPlaces(const EtcdOptions &etcd, const QString &name)
{
    return etcd.advertisePeer.isEmpty() ? placesNamed(etcd.initialCluster, name)
                                        : etcd.advertisePeer;
}

Result<NodeIdentity> foundedTogether(const Config &config, MemberInfo self)
{
    const EtcdOptions &etcd = config.etcd;
    const QList<Endpoint> named = placesNamed(etcd.initialCluster, config.name);
    if (named.isEmpty())
        return fail(
            code::badInput,
            QStringLiteral("couldn't find local name \"%1\" in the initial cluster configuration")
                .arg(config.name));
    const QStringList said = sortedUrls(ownPlaces(etcd, config.name));
    if (said != sortedUrls(named))
        return fail(
            code::badInput,
            QStringLiteral("advertise URLs of \"%1\" do not match in --initial-advertise-peer-urls "
                           "[%2] and --initial-cluster [%3]")
                .arg(
                    config.name, said.join(QLatin1Char(' ')),
                    sortedUrls(named).join(QLatin1Char(' '))));
    NodeIdentity out;
    out.founders = membersOf(etcd.initialCluster, etcd.token);
    out.cluster = clusterIdOf(out.founders);
    out.clusterName = config.clusterName;
    out.founder = true;
    out.self = std::move(self);
    out.self.id = memberIdOf(named, etcd.token);
    if (!etcd.discoverySrv.isEmpty()) {
        for (MemberInfo &member : out.founders) // DNS knows no names: the same on each of them
            member.name = member.address;
    }
    for (const MemberInfo &member : std::as_const(out.founders)) {
        if (member.id != out.self.id)
            out.peers.append(member);
    }
    return out;
}

} // namespace qd::node
