// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/named_node.h"

namespace qd::cli {

void withNode(
    Invocation &run, const QString &name,
    const std::function<void(const Node &, const QList<Node> &all)> &use)
{
    run.then(run.api().nodes(), [&run, name, use](const session::Listing<Node> &nodes) {
        QList<Node> fitting;
        for (const Node &node : nodes.items) {
            if (node.name == name || node.id == name)
                return use(node, nodes.items);
            if (name.size() >= 4 && node.id.startsWith(name))
                fitting.append(node);
        }
        if (fitting.size() == 1)
            return use(fitting.first(), nodes.items);
        run.fail(
            {code::notFound, QStringLiteral("There is no node \"%1\".").arg(name), {}, nullptr});
    });
}

} // namespace qd::cli
