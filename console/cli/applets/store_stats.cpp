// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"

#include <algorithm>

namespace qd::cli {
namespace {

Cell rate(double perSecond)
{
    Cell out(QString::number(perSecond, 'f', 1));
    out.right = true;
    return out;
}

/// One row a member and operation.
void print(Invocation &run, const QList<RaftStatus> &all)
{
    Table table({"NODE", "OPERATION", "DONE", "FAILED", "PER S"});
    for (const RaftStatus &member : all) {
        for (const StoreOperation &one : member.operations)
            table.add({member.nodeName, one.name, one.success, one.fail, rate(one.perSecond)});
        table.add(
            {member.nodeName, QStringLiteral("watchers"), member.watchers, QString(), QString()});
    }
    table.print(run.out());
}

QJsonObject statsJson(const RaftStatus &member)
{
    const QJsonObject whole = codec::toJson(member);
    QJsonObject out;
    for (const char *name : {"nodeId", "nodeName", "operations", "watchers", "reachable"})
        out.insert(QLatin1String(name), whole.value(QLatin1String(name)));
    return out;
}

void show(Invocation &run)
{
    run.then(run.api().raftStatus(), [&run](const session::Listing<RaftStatus> &raft) {
        QList<RaftStatus> all = raft.items;
        std::sort(all.begin(), all.end(), [](const RaftStatus &a, const RaftStatus &b) {
            return a.nodeName < b.nodeName;
        });
        if (run.json()) {
            QJsonArray items;
            for (const RaftStatus &member : std::as_const(all))
                items.append(statsJson(member));
            run.out().json(
                {{QStringLiteral("revision"), raft.revision}, {QStringLiteral("items"), items}});
        } else {
            print(run, all);
        }
        run.finish();
    });
}

} // namespace

Applet storeStatsApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "stats"};
    applet.summary = "Shows what each node's store has been asked, and how often.";
    applet.details =
        "Since the node's agent started, with the rate over the last second. Writes are\n"
        "replicated, so every node counts them; a read counts where it was answered, and a\n"
        "failure where it happened.";
    applet.examples = QStringList{"qdctl store stats", "qdctl store stats --json"};
    applet.run = show;
    return applet;
}

} // namespace qd::cli
