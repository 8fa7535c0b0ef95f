// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/named_node.h"

namespace qd::cli {
namespace {

void remove(Invocation &run)
{
    const QString name = run.values().text(QStringLiteral("NODE"));
    withNode(run, name, [&run](const Node &node, const QList<Node> &) {
        run.then(run.api().nodeRemove(node.id), [&run, node] {
            if (run.json())
                run.out().json(QJsonObject{{QStringLiteral("removed"), node.id}});
            else
                run.out().line(QStringLiteral("removed %1").arg(visible(node.name)));
            run.finish();
        });
    });
}

} // namespace

Applet nodeRemoveApplet()
{
    Applet applet;
    applet.words = QStringList{"node", "remove"};
    applet.summary = "Removes a node from the cluster, for good.";
    applet.details =
        "The node's agent stops its units and ends; to bring the machine back, its state\n"
        "folder is removed and it joins with a new token. Refused when too few of the\n"
        "others could be reached to decide anything without it. The leader may be removed,\n"
        "too: another one takes over.";
    applet.arguments = {{"NODE", "its name or id, as `qdctl node list` shows them"}};
    applet.examples = QStringList{"qdctl node remove node-3"};
    applet.exits = QStringList{"1 there is no such node, it would cost the majority, or it failed"};
    applet.run = remove;
    return applet;
}

} // namespace qd::cli
