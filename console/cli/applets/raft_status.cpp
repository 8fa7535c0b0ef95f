// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"
#include "console/session/raft_alarms.h"
#include "console/session/raft_progress.h"

#include <QMetaEnum>
#include <algorithm>

namespace qd::cli {
namespace {

QString nameOf(const QString &raftId, const QList<RaftStatus> &all)
{
    for (const RaftStatus &status : all) {
        if (status.raftId == raftId)
            return status.nodeName;
    }
    return raftId;
}

Cell roleCell(const RaftStatus &status)
{
    if (!status.reachable)
        return {QStringLiteral("unreachable"), Tone::Bad};
    return {
        QString::fromLatin1(QMetaEnum::fromType<Node::Role>().valueToKey(int(status.role))),
        status.role == Node::Role::Leader ? Tone::Good : Tone::Plain};
}

/// How the leader sends to this one: state, match, next, what is under way, a snapshot's way.
QList<Cell> progressCells(const RaftStatus &status, const QList<RaftStatus> &all)
{
    const auto peer = session::progressOf(status, all);
    if (!peer)
        return {QString(), QString(), QString(), QString(), QString()};
    const bool sends = peer->state == QLatin1String("replicate");
    Cell inflight(qint64(peer->inflight));
    return {
        {peer->state, sends ? Tone::Plain : Tone::Warning},
        peer->matchIndex,
        peer->nextIndex,
        inflight,
        session::snapshotText(*peer)};
}

void print(Invocation &run, QList<RaftStatus> all)
{
    std::sort(all.begin(), all.end(), [](const RaftStatus &a, const RaftStatus &b) {
        return a.nodeName < b.nodeName;
    });
    const RaftStatus *leader = session::leaderOf(all);
    const qint64 last = leader ? leader->lastIndex : 0;
    Table table(
        {"NODE", "ROLE", "TERM", "LEADER", "LAST", "COMMIT", "APPLIED", "LAG", "STATE", "MATCH",
         "NEXT", "UNDER WAY", "SNAPSHOT", "WRITES/S", "SYNC MS"});
    for (const RaftStatus &status : std::as_const(all)) {
        Cell lag(std::max<qint64>(0, last - status.lastIndex));
        if (last == 0)
            lag.text.clear();
        Cell writes(QString::number(status.proposalsPerSecond, 'f', 1));
        Cell sync(QString::number(status.syncMs, 'f', 2));
        writes.right = sync.right = true;
        table.add(
            QList<Cell>{
                status.nodeName, roleCell(status), status.term, nameOf(status.leader, all),
                status.lastIndex, status.commitIndex, status.appliedIndex, lag} +
            progressCells(status, all) + QList<Cell>{writes, sync});
    }
    table.print(run.out());
    for (const Alarm &alarm : session::alarmsOf(all))
        run.out().line(QStringLiteral("ALARM: ") + session::alarmText(alarm));
}

void show(Invocation &run)
{
    run.then(run.api().raftStatus(), [&run](const session::Listing<RaftStatus> &raft) {
        if (run.json())
            run.out().json(listJson(raft.revision, raft.items));
        else
            print(run, raft.items);
        run.finish();
    });
}

} // namespace

Applet raftStatusApplet()
{
    Applet applet;
    applet.words = QStringList{"raft", "status"};
    applet.summary = "Shows each node's view of the consensus.";
    applet.details =
        "LAG is by how many entries a log is behind the leader's. STATE is how the leader\n"
        "sends to a follower: probe (one message at a time), replicate, snapshot; MATCH is\n"
        "what it knows to be there, NEXT what it sends next, UNDER WAY how many messages are\n"
        "not answered yet. Of a node that cannot be reached the last that was known is shown.\n"
        "Alarms stand below the table; qdctl raft alarms tells since when.";
    applet.examples = QStringList{"qdctl raft status", "qdctl raft status --json"};
    applet.run = show;
    return applet;
}

} // namespace qd::cli
