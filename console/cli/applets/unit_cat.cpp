// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/unit_progress.h"

namespace qd::cli {
namespace {

void cat(Invocation &run)
{
    const QString name = unitName(run.values().text(QStringLiteral("UNIT")));
    run.then(run.api().unitCat(name), [&run, name](const QString &text) {
        if (run.json())
            run.out().json({{QStringLiteral("name"), name}, {QStringLiteral("text"), text}});
        else
            run.out().bytes(text.toUtf8());
        run.finish();
    });
}

} // namespace

Applet unitCatApplet()
{
    Applet applet;
    applet.words = QStringList{"unit", "cat"};
    applet.summary = "Prints a unit's file as it was submitted.";
    applet.arguments = {{"UNIT", "such as hello.service"}};
    applet.examples = QStringList{"qdctl unit cat hello.service"};
    applet.run = cat;
    return applet;
}

} // namespace qd::cli
