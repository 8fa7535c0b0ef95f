// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/scripting/script_supervisor.h"

#include <QCoreApplication>
#include <QFileInfo>

namespace qd::cli {
namespace {

QStringList sessionOptions(const Values &values)
{
    QStringList out;
    for (const QString &name : {QStringLiteral("config"), QStringLiteral("profile")}) {
        if (values.has(name))
            out << QStringLiteral("--") + name << values.text(name);
    }
    return out;
}

void print(Invocation &run, const QString &line, scripting::OutputKind kind)
{
    switch (kind) {
    case scripting::OutputKind::Print:
        run.out().line(line);
        break;
    case scripting::OutputKind::Alert:
        run.out().note(QStringLiteral("alert: ") + line);
        break;
    case scripting::OutputKind::Error:
        run.out().note(QStringLiteral("qdctl: ") + line); // as the script's host has said it
        break;
    }
}

void start(Invocation &run)
{
    const Values &values = run.values();
    const QString file = values.text(QStringLiteral("FILE"));
    if (!QFileInfo(file).isReadable()) {
        run.fail({code::notFound, QStringLiteral("Cannot read %1.").arg(file), {}, nullptr});
        return;
    }
    scripting::ScriptLimits limits;
    limits.turnMs = int(qMin<qint64>(values.number(QStringLiteral("seconds"), 30), 86'400) * 1000);
    limits.memoryMiB = int(qMin<qint64>(values.number(QStringLiteral("memory"), 512), 1 << 20));
    auto *const supervisor = run.keep(std::make_unique<scripting::ScriptSupervisor>(
        QCoreApplication::applicationFilePath(), sessionOptions(values), limits));
    using scripting::ScriptSupervisor;
    QObject::connect(
        supervisor, &ScriptSupervisor::output, &run,
        [&run](const QString &line, scripting::OutputKind kind) { print(run, line, kind); });
    QObject::connect(
        supervisor, &ScriptSupervisor::finished, &run, [&run](int status) { run.finish(status); });
    run.onInterrupt([supervisor] { supervisor->stop(); });
    supervisor->start(file, values.all(QStringLiteral("ARGS")));
}

} // namespace

Applet runApplet()
{
    Applet applet;
    applet.words = QStringList{"run"};
    applet.summary = "Runs a script against the cluster.";
    applet.details =
        "The script finds the cluster as `cluster`, its arguments as `args`, and `print`, "
        "`table`,\n"
        "`sleep`, `waitUntil`, `task`, `alert`, `exit`. It runs in a process of its own.";
    applet.arguments = {
        {"FILE", "the script, JavaScript"}, {"ARGS", "its arguments", Argument::Count::Rest}};
    applet.options = {
        {"seconds", "N", "stop it when it works so long without waiting (30)", {}, {}, true},
        {"memory", "MIB", "stop it when it needs more memory than this (512)", {}, {}, true}};
    applet.examples = QStringList{"qdctl run tour.js", "qdctl run rolling-restart.js web@"};
    applet.exits = QStringList{
        "0 the script came to its end", "1 it failed: an error, or a limit",
        "130 stopped by Ctrl+C", "137 stopped for its memory, or killed",
        "N what it gave to exit(N)"};
    applet.json = false;
    applet.needsCluster = false; // the script's own process does
    applet.run = start;
    return applet;
}

} // namespace qd::cli
