// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/named_node.h"

namespace qd::cli {
namespace {

void promote(Invocation &run)
{
    const QString name = run.values().text(QStringLiteral("NODE"));
    withNode(run, name, [&run](const Node &node, const QList<Node> &) {
        run.then(run.api().raftPromote(node.id), [&run, node] {
            if (run.json())
                run.out().json(QJsonObject{{QStringLiteral("promoted"), node.id}});
            else
                run.out().line(QStringLiteral("%1 votes").arg(visible(node.name)));
            run.finish();
        });
    });
}

} // namespace

Applet raftPromoteApplet()
{
    Applet applet;
    applet.words = QStringList{"raft", "promote"};
    applet.summary = "Lets a learner vote.";
    applet.details =
        "A node that has joined learns first, and votes by itself once it has caught up.\n"
        "Where it never quite does, because much is written or its link is slow, this lets\n"
        "it vote while it is a little behind. Refused while it does not answer, while a\n"
        "snapshot is on its way to it, or more than 10,000 entries behind.";
    applet.arguments = {{"NODE", "its name or id, as `qdctl node list` shows them"}};
    applet.examples = QStringList{"qdctl raft promote node-4"};
    applet.exits =
        QStringList{"1 there is no such node, it votes already, or it is too far behind"};
    applet.run = promote;
    return applet;
}

} // namespace qd::cli
