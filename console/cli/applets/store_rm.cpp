// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/store_answer.h"

namespace qd::cli {
namespace {

void remove(Invocation &run)
{
    session::StoreWrite request = conditionsOf(run.values());
    request.recursive = run.values().has(QStringLiteral("recursive"));
    request.dir = run.values().has(QStringLiteral("dir")) || request.recursive;
    run.then(run.api().storeDelete(request), [&run](const session::StoreAnswer &answer) {
        if (run.json())
            run.out().json(answerJson(answer));
        else
            run.out().line(QStringLiteral("removed %1").arg(visible(answer.entry.key)));
        run.finish();
    });
}

} // namespace

Applet storeRmApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "rm"};
    applet.summary = "Removes a key.";
    applet.arguments = {{"KEY", "such as /app/colour"}};
    applet.options =
        QList<Option>{
            {"recursive", {}, "a directory with all that is in it", QLatin1Char('r')},
            {"dir", {}, "an empty directory"}} +
        conditionOptions();
    applet.examples = QStringList{
        "qdctl store rm /app/colour", "qdctl store rm -r /app",
        "qdctl store rm /app/colour --if-value blue"};
    applet.exits = QStringList{"1 there is no such key, the condition does not hold, or it failed"};
    applet.run = remove;
    return applet;
}

} // namespace qd::cli
