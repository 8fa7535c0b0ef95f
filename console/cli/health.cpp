// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/health.h"

#include "console/session/raft_alarms.h"

#include <QMetaEnum>
#include <QSet>
#include <algorithm>

namespace qd::cli {
namespace {

QString ailmentOf(const Node &node, const QList<RaftStatus> &raft)
{
    if (node.state != Node::State::Ready)
        return QStringLiteral("%1 is %2")
            .arg(
                node.name, QString::fromLatin1(
                               QMetaEnum::fromType<Node::State>().valueToKey(int(node.state))));
    const auto row = std::find_if(raft.cbegin(), raft.cend(), [&](const RaftStatus &status) {
        return status.nodeId == node.id;
    });
    if (row == raft.cend() || !row->reachable)
        return QStringLiteral("the consensus of %1 cannot be reached").arg(node.name);
    if (row->leader.isEmpty())
        return QStringLiteral("%1 knows no leader").arg(node.name);
    if (row->role == Node::Role::Learner || node.role == Node::Role::Learner)
        return QStringLiteral("%1 has no vote yet").arg(node.name);
    return {};
}

} // namespace

QStringList ailments(const QList<Node> &nodes, const QList<RaftStatus> &raft, int wanted)
{
    QStringList out;
    if (nodes.isEmpty() || nodes.size() < wanted)
        out.append(
            QStringLiteral("there are %1 nodes of %2").arg(nodes.size()).arg(qMax(1, wanted)));
    QSet<QString> leaders;
    for (const Node &node : nodes) {
        if (const QString ailment = ailmentOf(node, raft); !ailment.isEmpty())
            out.append(ailment);
    }
    for (const RaftStatus &status : raft) {
        if (status.reachable && !status.leader.isEmpty())
            leaders.insert(status.leader);
    }
    for (const Alarm &alarm : session::alarmsOf(raft))
        out.append(session::alarmText(alarm));
    if (leaders.size() > 1)
        out.append(QStringLiteral("the nodes do not agree who leads"));
    return out;
}

} // namespace qd::cli
