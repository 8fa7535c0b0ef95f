// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/store_answer.h"

namespace qd::cli {
namespace {

void print(Invocation &run, const session::StoreAnswer &answer)
{
    if (run.json()) {
        run.out().json(
            {{QStringLiteral("entry"), codec::toJson(answer.entry)},
             {QStringLiteral("index"), answer.index}});
    } else if (answer.entry.dir) {
        run.out().error(
            QStringLiteral("%1 is a directory: qdctl store ls %1 lists it.").arg(answer.entry.key));
        run.finish(exit_status::failed);
        return;
    } else if (run.out().isTerminal()) {
        run.out().line(shownOnTerminal(answer.entry.value));
    } else {
        run.out().bytes(answer.entry.value + '\n');
    }
    run.finish();
}

void get(Invocation &run)
{
    session::StoreGet request;
    request.key = run.values().text(QStringLiteral("KEY"));
    request.quorum = run.values().has(QStringLiteral("quorum"));
    run.then(run.api().storeRead(request), [&run](const session::StoreAnswer &answer) {
        print(run, answer);
    });
}

} // namespace

Applet storeGetApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "get"};
    applet.summary = "Prints the value of a key.";
    applet.arguments = {{"KEY", "such as /app/colour"}};
    applet.options = {{"quorum", {}, "ask a majority: never an old value"}};
    applet.examples =
        QStringList{"qdctl store get /app/colour", "qdctl store get /app/colour --quorum --json"};
    applet.run = get;
    return applet;
}

} // namespace qd::cli
