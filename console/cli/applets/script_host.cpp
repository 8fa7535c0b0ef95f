// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/scripting/fall.h"
#include "console/scripting/script_supervisor.h"

#include <QFile>
#include <csignal>
#include <cstdio>
#include <sys/prctl.h>

namespace qd::cli {
namespace {

/// It ends with whoever started it, and leaves Ctrl+C to him.
void belongToSupervisor()
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_DFL);
}

Result<QString> textOf(const Values &values)
{
    QFile in;
    const QString file = values.text(QStringLiteral("FILE"));
    in.setFileName(file);
    const bool open = values.has(QStringLiteral("stdin")) ? in.open(stdin, QIODevice::ReadOnly)
                                                          : in.open(QIODevice::ReadOnly);
    if (!open)
        return fail(code::io, QStringLiteral("Cannot read %1: %2.").arg(file, in.errorString()));
    return QString::fromUtf8(in.readAll());
}

void host(Invocation &run)
{
    belongToSupervisor();
    const Values &values = run.values();
    const auto text = textOf(values);
    if (!text) {
        run.fail(text.error());
        return;
    }
    scripting::ScriptLimits limits;
    limits.turnMs = int(values.number(QStringLiteral("turn-ms"), limits.turnMs));
    limits.memoryMiB = int(values.number(QStringLiteral("memory-mib"), limits.memoryMiB));
    auto *const script = run.keep(std::make_unique<scripting::ScriptHost>(run.client(), limits));
    using scripting::ScriptHost;
    QObject::connect(
        script, &ScriptHost::output, &run, [&run](const QString &line, scripting::OutputKind kind) {
            run.out().bytes(scripting::encodeOutput(line, kind));
        });
    QObject::connect(
        script, &ScriptHost::finished, &run, [&run](int status) { run.finish(status); });
    if (const auto limited = scripting::fall::limitMemory(limits.memoryMiB); !limited) {
        run.fail(limited.error());
        return;
    }
    script->run(*text, values.text(QStringLiteral("FILE")), values.all(QStringLiteral("ARGS")));
}

} // namespace

Applet scriptHostApplet()
{
    Applet applet;
    applet.words = QStringList{"script-host"};
    applet.summary = "The process of one script; qdctl run and the console start it.";
    applet.arguments = {
        {"FILE", "the script, or what errors call the text on stdin"},
        {"ARGS", "its arguments", Argument::Count::Rest}};
    applet.options = {
        {"turn-ms", "MS", "stop it when it works so long without waiting", {}, {}, true},
        {"memory-mib", "MIB", "its memory", {}, {}, true},
        {"stdin", {}, "the text comes on stdin"}};
    applet.examples = QStringList{"qdctl script-host tour.js"};
    applet.hidden = true;
    applet.json = false;
    applet.run = host;
    return applet;
}

} // namespace qd::cli
