// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"

#include <QMetaEnum>
#include <algorithm>

namespace qd::cli {
namespace {

Tone toneOf(Node::State state)
{
    switch (state) {
    case Node::State::Ready:
        return Tone::Good;
    case Node::State::Lost:
        return Tone::Bad;
    case Node::State::Joining:
        break;
    }
    return Tone::Warning;
}

QString metadataOf(const Node &node)
{
    QStringList out;
    for (auto it = node.metadata.cbegin(); it != node.metadata.cend(); ++it)
        out.append(it.key() + QLatin1Char('=') + it.value());
    return out.join(QLatin1Char(','));
}

void print(Invocation &run, QList<Node> nodes)
{
    std::sort(
        nodes.begin(), nodes.end(), [](const Node &a, const Node &b) { return a.name < b.name; });
    Table table({"NAME", "STATE", "ADDRESS", "ROLE", "UNITS", "VERSION", "ID", "METADATA"});
    for (const Node &node : std::as_const(nodes)) {
        const auto word = [](auto value) {
            return QString::fromLatin1(
                QMetaEnum::fromType<decltype(value)>().valueToKey(int(value)));
        };
        const bool known = node.role != Node::Role::None;
        table.add(
            {node.name,
             {word(node.state), toneOf(node.state)},
             node.address,
             known ? word(node.role) : QString(),
             qint64(node.unitCount),
             node.version,
             {node.id.left(8), Tone::Faint},
             metadataOf(node)});
    }
    table.print(run.out());
}

void list(Invocation &run)
{
    run.then(run.api().nodes(), [&run](const session::Listing<Node> &nodes) {
        if (run.json())
            run.out().json(listJson(nodes.revision, nodes.items));
        else
            print(run, nodes.items);
        run.finish();
    });
}

} // namespace

Applet nodeListApplet()
{
    Applet applet;
    applet.words = QStringList{"node", "list"};
    applet.summary = "Lists the machines of the cluster.";
    applet.details =
        "State: Ready; Lost when it has not been heard of for a while; Joining before\n"
        "it was heard of for the first time.";
    applet.examples = QStringList{"qdctl node list", "qdctl node list --json"};
    applet.run = list;
    return applet;
}

} // namespace qd::cli
