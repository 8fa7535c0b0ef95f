// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/identity.h"

#include <QCborArray>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>
#include <sys/stat.h>

namespace qd::node {

namespace {

QJsonObject toJson(const MemberInfo &member)
{
    return toMap(member).toJsonObject();
}

Result<MemberInfo> memberFromJson(const QJsonValue &value)
{
    return memberFromMap(QCborMap::fromJsonObject(value.toObject()));
}

QJsonArray toJson(const QList<MemberInfo> &members)
{
    QJsonArray out;
    for (const MemberInfo &member : members)
        out.append(toJson(member));
    return out;
}

QList<MemberInfo> membersFromJson(const QJsonValue &value)
{
    QList<MemberInfo> out;
    const QJsonArray all = value.toArray();
    for (const QJsonValue &each : all) {
        if (const auto member = memberFromJson(each))
            out.append(*member);
    }
    return out;
}

} // namespace

Result<NodeIdentity> loadIdentity(const NodePaths &paths)
{
    QFile file(paths.identity());
    if (!file.exists())
        return fail(
            code::notFound,
            QStringLiteral("%1 holds no node: `quarterdeckd init` makes a cluster, `quarterdeckd "
                           "join` enters one")
                .arg(paths.state));
    if (!file.open(QIODevice::ReadOnly))
        return fail(
            code::io,
            QStringLiteral("cannot read %1: %2").arg(file.fileName(), file.errorString()));
    const QJsonObject json = QJsonDocument::fromJson(file.readAll()).object();
    NodeIdentity out;
    out.cluster = idFromText(json.value(QLatin1String("clusterId")).toString());
    out.clusterName = json.value(QLatin1String("clusterName")).toString();
    out.founder = json.value(QLatin1String("founder")).toBool();
    out.started = json.value(QLatin1String("started")).toBool();
    out.removed = json.value(QLatin1String("removed")).toBool();
    out.diverged = json.value(QLatin1String("diverged")).toString();
    auto self = memberFromJson(json.value(QLatin1String("self")));
    if (out.cluster == 0 || !self || self->machineId.isEmpty())
        return fail(
            code::corrupt, QStringLiteral("%1 does not say who the node is").arg(file.fileName()));
    out.self = std::move(*self);
    out.peers = membersFromJson(json.value(QLatin1String("peers")));
    out.founders = membersFromJson(json.value(QLatin1String("founders")));
    return out;
}

Result<void> saveIdentity(const NodePaths &paths, const NodeIdentity &identity)
{
    const QJsonObject json{
        {QStringLiteral("clusterId"), idText(identity.cluster)},
        {QStringLiteral("clusterName"), identity.clusterName},
        {QStringLiteral("founder"), identity.founder},
        {QStringLiteral("started"), identity.started},
        {QStringLiteral("removed"), identity.removed},
        {QStringLiteral("diverged"), identity.diverged},
        {QStringLiteral("self"), toJson(identity.self)},
        {QStringLiteral("peers"), toJson(identity.peers)},
        {QStringLiteral("founders"), toJson(identity.founders)}};
    QSaveFile file(paths.identity());
    if (!file.open(QIODevice::WriteOnly) ||
        !file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) ||
        file.write(QJsonDocument(json).toJson()) < 0 || !file.commit())
        return fail(
            code::io,
            QStringLiteral("cannot write %1: %2").arg(file.fileName(), file.errorString()));
    return {};
}

Result<void> claimStateFolder(const NodePaths &paths)
{
    const QString certificate = paths.pki() + QStringLiteral("/node.crt");
    for (const QString &trace : {paths.identity(), paths.wal(), certificate}) {
        if (QFile::exists(trace))
            return fail(
                code::conflict,
                QStringLiteral("%1 holds a node already (%2 is there): remove the folder first if "
                               "that node is to be forgotten")
                    .arg(paths.state, trace));
    }
    if (!QDir().mkpath(paths.state) ||
        ::chmod(QFile::encodeName(paths.state).constData(), 0700) != 0)
        return fail(code::io, QStringLiteral("cannot make the folder %1").arg(paths.state));
    return {};
}

} // namespace qd::node
