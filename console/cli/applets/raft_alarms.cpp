// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/raft_alarms.h"
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"

#include <QMetaEnum>

namespace qd::cli {
namespace {

void print(Invocation &run, const QList<Alarm> &alarms)
{
    if (alarms.isEmpty()) {
        run.out().line(QStringLiteral("no alarm"));
        return;
    }
    Table table({"SINCE", "KIND", "NODE", "WHAT"});
    for (const Alarm &alarm : alarms) {
        const auto kinds = QMetaEnum::fromType<Alarm::Kind>();
        table.add(QList<Cell>{
            alarm.since.toString(Qt::ISODate),
            {QString::fromLatin1(kinds.valueToKey(int(alarm.kind))), Tone::Bad},
            alarm.name.isEmpty() ? alarm.member : alarm.name,
            alarm.sentence});
    }
    table.print(run.out());
}

void show(Invocation &run)
{
    run.then(run.api().raftStatus(), [&run](const session::Listing<RaftStatus> &raft) {
        const QList<Alarm> alarms = session::alarmsOf(raft.items);
        if (run.json())
            run.out().json(listJson(raft.revision, alarms));
        else
            print(run, alarms);
        if (alarms.isEmpty())
            run.finish();
        else
            run.finish(exit_status::failed);
    });
}

} // namespace

Applet raftAlarmsApplet()
{
    Applet applet;
    applet.words = QStringList{"raft", "alarms"};
    applet.summary = "Shows what is wrong with members and does not pass by itself.";
    applet.details =
        "NoSpace: a member's disk is nearly full, it takes no writes until there is room.\n"
        "Diverged: its state is not that of the others; it has stopped: remove the node and\n"
        "join it anew. Split: the states differ and no majority is right. Corrupt: a file of\n"
        "a member's log or one of its snapshots is damaged.";
    applet.examples = QStringList{"qdctl raft alarms", "qdctl raft alarms --json"};
    applet.exits = QStringList{"0 no alarm", "1 an alarm"};
    applet.run = show;
    return applet;
}

} // namespace qd::cli
