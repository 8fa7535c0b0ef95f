// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"

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

void print(Invocation &run, QList<RaftStatus> all)
{
    std::sort(all.begin(), all.end(), [](const RaftStatus &a, const RaftStatus &b) {
        return a.nodeName < b.nodeName;
    });
    qint64 last = 0; // of the leader's log
    for (const RaftStatus &status : std::as_const(all)) {
        if (status.role == Node::Role::Leader && status.reachable)
            last = std::max(last, status.lastIndex);
    }
    Table table(
        {"NODE", "ROLE", "TERM", "LEADER", "LAST", "COMMIT", "APPLIED", "LAG", "WRITES/S",
         "SYNC MS"});
    for (const RaftStatus &status : std::as_const(all)) {
        Cell lag(std::max<qint64>(0, last - status.lastIndex));
        if (last == 0)
            lag.text.clear();
        Cell writes(QString::number(status.proposalsPerSecond, 'f', 1));
        Cell sync(QString::number(status.syncMs, 'f', 2));
        writes.right = sync.right = true;
        table.add(
            {status.nodeName, roleCell(status), status.term, nameOf(status.leader, all),
             status.lastIndex, status.commitIndex, status.appliedIndex, lag, writes, sync});
    }
    table.print(run.out());
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
        "LAG is by how many entries a log is behind the leader's. Of a node that cannot\n"
        "be reached the last that was known is shown. --json has the leader's view of\n"
        "its peers, too.";
    applet.examples = QStringList{"qdctl raft status", "qdctl raft status --json"};
    applet.run = show;
    return applet;
}

} // namespace qd::cli
