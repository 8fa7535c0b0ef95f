// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"

namespace qd::cli {
namespace {

void issue(Invocation &run)
{
    const QString kind = run.values().text(QStringLiteral("kind"));
    const QString role = run.values().text(QStringLiteral("role"));
    if (kind.isEmpty()) {
        run.wrongUsage(QStringLiteral("--kind is missing: node or console."));
        return;
    }
    if (kind == QLatin1String("node") && !role.isEmpty()) {
        run.wrongUsage(QStringLiteral("--role belongs to --kind console: a node has none."));
        return;
    }
    run.then(run.api().clusterToken(kind, role), [&run](const session::IssuedToken &issued) {
        if (run.json())
            run.out().json(
                {{QStringLiteral("token"), issued.token},
                 {QStringLiteral("expires"), issued.expires.toMSecsSinceEpoch()}});
        else
            run.out().line(issued.token);
        if (run.out().isTerminal() && !run.json())
            run.out().note(QStringLiteral("It can be used once, until %1.")
                               .arg(issued.expires.toLocalTime().toString(
                                   QStringLiteral("yyyy-MM-dd HH:mm:ss"))));
        run.finish();
    });
}

} // namespace

Applet clusterTokenApplet()
{
    Applet applet;
    applet.words = QStringList{"cluster", "token"};
    applet.summary = "Issues a one-time token, by which a node joins or a console pairs.";
    applet.details = "It is valid for 15 minutes. Needs the role admin.";
    applet.options = {
        {"kind", "KIND", "node or console", {}, QStringList{"node", "console"}},
        {"role",
         "ROLE",
         "of a console: viewer, operator or admin (the agent's choice)",
         {},
         QStringList{"viewer", "operator", "admin"}}};
    applet.examples = QStringList{
        "qdctl cluster token --kind node", "qdctl cluster token --kind console --role operator"};
    applet.run = issue;
    return applet;
}

} // namespace qd::cli
