// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/unit_progress.h"

namespace qd::cli {
namespace {

void destroyNext(Invocation &run, QStringList names)
{
    if (names.isEmpty()) {
        run.finish();
        return;
    }
    const QString name = names.takeFirst();
    run.then(run.api().unitDestroy(name), [&run, names, name] {
        if (run.json())
            run.out().jsonLine({{QStringLiteral("destroyed"), name}});
        else
            run.out().line(QStringLiteral("%1 destroyed").arg(name));
        destroyNext(run, names);
    });
}

void destroy(Invocation &run)
{
    destroyNext(run, unitNames(run.values().all(QStringLiteral("UNIT"))));
}

} // namespace

Applet unitDestroyApplet()
{
    Applet applet;
    applet.words = QStringList{"unit", "destroy"};
    applet.summary = "Stops units and forgets them.";
    applet.arguments = {{"UNIT", "such as hello.service", Argument::Count::Many}};
    applet.examples = QStringList{"qdctl unit destroy hello.service"};
    applet.run = destroy;
    return applet;
}

} // namespace qd::cli
