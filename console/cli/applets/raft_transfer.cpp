// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/named_node.h"

namespace qd::cli {
namespace {

void tell(Invocation &run, const Node &leader)
{
    if (run.json())
        run.out().json(QJsonObject{{QStringLiteral("leader"), leader.id}});
    else
        run.out().line(QStringLiteral("%1 leads").arg(visible(leader.name)));
    run.finish();
}

void transfer(Invocation &run)
{
    const QString name = run.values().text(QStringLiteral("NODE"));
    withNode(run, name, [&run](const Node &node, const QList<Node> &all) {
        run.then(run.api().raftTransfer(node.id), [&run, node, all](const QString &id) {
            const auto leader = std::find_if(
                all.begin(), all.end(), [&id](const Node &other) { return other.id == id; });
            tell(run, leader == all.end() ? node : *leader);
        });
    });
}

} // namespace

Applet raftTransferApplet()
{
    Applet applet;
    applet.words = QStringList{"raft", "transfer"};
    applet.summary = "Lets another node lead.";
    applet.details =
        "Without an election time-out: the leader brings the node's log up to date and\n"
        "then asks it to take over; writes wait for some milliseconds. When the node does\n"
        "not take over in time, the leader leads on.";
    applet.arguments = {{"NODE", "its name or id, as `qdctl node list` shows them"}};
    applet.examples = QStringList{"qdctl raft transfer node-2"};
    applet.exits = QStringList{"1 there is no such node, it cannot lead, or it did not take over"};
    applet.run = transfer;
    return applet;
}

} // namespace qd::cli
