// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"
#include "console/cli/unit_progress.h"

#include <QMetaEnum>
#include <algorithm>

namespace qd::cli {
namespace {

QString wordOf(Unit::Target target)
{
    return QString::fromLatin1(QMetaEnum::fromType<Unit::Target>().valueToKey(int(target)))
        .toLower();
}

void print(Invocation &run, QList<Unit> units)
{
    std::sort(
        units.begin(), units.end(), [](const Unit &a, const Unit &b) { return a.name < b.name; });
    Table table({"UNIT", "DESIRED", "CURRENT", "ACTIVE", "SUB", "MACHINE"});
    for (const Unit &unit : std::as_const(units)) {
        const Tone behind = unit.desired == unit.current ? Tone::Plain : Tone::Warning;
        table.add(
            {unit.name,
             wordOf(unit.desired),
             {wordOf(unit.current), behind},
             {unit.activeState, toneOf(unit)},
             unit.subState,
             unit.global ? QStringLiteral("(every)") : machineOf(unit)});
    }
    table.print(run.out());
}

void list(Invocation &run)
{
    run.then(run.api().units(), [&run](const session::Listing<Unit> &units) {
        if (run.json())
            run.out().json(listJson(units.revision, units.items));
        else if (units.items.isEmpty())
            run.out().note(QStringLiteral("There is no unit yet: qdctl unit submit makes one."));
        else
            print(run, units.items);
        run.finish();
    });
}

} // namespace

Applet unitListApplet()
{
    Applet applet;
    applet.words = QStringList{"unit", "list"};
    applet.summary = "Lists the units of the cluster, and where they are.";
    applet.details =
        "DESIRED and CURRENT: inactive (known), loaded (on a node), launched (started\n"
        "there). ACTIVE and SUB are what the node's unit engine says.";
    applet.examples = QStringList{"qdctl unit list", "qdctl unit list --json"};
    applet.run = list;
    return applet;
}

} // namespace qd::cli
