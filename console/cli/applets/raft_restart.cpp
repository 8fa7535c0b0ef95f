// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/named_node.h"
#include "console/session/rolling_restart.h"

namespace qd::cli {
namespace {

using Plan = QList<session::RestartStep>;

void tellPlan(Invocation &run, const Plan &plan, const Result<void> &may)
{
    if (run.json()) {
        run.out().json(QJsonObject{{QStringLiteral("steps"), session::restartJson(plan)}});
    } else {
        for (const session::RestartStep &step : plan) {
            const QString hand = step.leads ? QStringLiteral(" (hands over first)") : QString();
            run.out().line(visible(step.name) + hand);
        }
    }
    if (!may)
        return run.fail(may.error().during(
            QStringLiteral("%1 could not be restarted now").arg(plan.first().name)));
    run.finish();
}

void carryOut(Invocation &run, const Plan &plan)
{
    session::RestartOptions options{plan};
    options.deadlineMs = int(run.values().number(QStringLiteral("wait"), 60) * 1000);
    const auto told = [&run](const QString &sentence) {
        if (!run.json() && !run.isOver())
            run.out().line(visible(sentence));
    };
    run.then(session::runRestart(run.client(), options, told), [&run, plan] {
        if (run.json())
            run.out().json(QJsonObject{{QStringLiteral("steps"), session::restartJson(plan)}});
        run.finish();
    });
}

void begin(Invocation &run, const session::RestartScope &scope)
{
    run.then(session::surveyMembers(run.client()), [&run, scope](const QList<RaftStatus> &members) {
        const auto plan = session::planRestart(members, scope);
        if (!plan)
            return run.fail(plan.error());
        if (!run.values().has(QStringLiteral("plan")))
            return carryOut(run, *plan);
        tellPlan(run, *plan, session::mayRestart(members, plan->first().nodeId));
    });
}

void restart(Invocation &run)
{
    const QString name = run.values().text(QStringLiteral("NODE"));
    if (name.isEmpty() != run.values().has(QStringLiteral("all")))
        return run.wrongUsage(QStringLiteral("Say which node, or --all."));
    if (name.isEmpty())
        return begin(run, {true, {}});
    withNode(run, name, [&run](const Node &node, const QList<Node> &) {
        begin(run, {false, {node.id}});
    });
}

} // namespace

Applet raftRestartApplet()
{
    Applet applet;
    applet.words = QStringList{"raft", "restart"};
    applet.summary = "Restarts the agents of the store's members, one after the other.";
    applet.details =
        "Who leads comes last and hands over first. The next one is restarted only when the\n"
        "last one takes part again and has caught up; units run on. It stops, and says at\n"
        "which node and why, when one does not come back, or when the loss of one more would\n"
        "cost the majority.";
    applet.arguments = {
        {"NODE", "its name or id, as `qdctl node list` shows them", Argument::Count::Optional}};
    applet.options = {
        {"all", {}, "every member"},
        {"plan", {}, "only say in which order, and whether it could begin"},
        {"wait", "SECONDS", "how long to wait for each to come back (60)"}};
    applet.options.last().number = true;
    applet.examples = QStringList{"qdctl raft restart --all --plan", "qdctl raft restart node-2"};
    applet.exits = QStringList{"1 a node may not go, or did not come back"};
    applet.run = restart;
    return applet;
}

} // namespace qd::cli
