// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/store_answer.h"
#include "console/cli/table.h"

#include <QJsonArray>

namespace qd::cli {
namespace {

constexpr qsizetype kShownOfValue = 40;

QString shownValue(const StoreEntry &entry)
{
    if (entry.dir)
        return QStringLiteral("(folder)");
    const QString value = QString::fromUtf8(entry.value.left(4 * kShownOfValue));
    return value.size() > kShownOfValue ? value.left(kShownOfValue) + QChar(0x2026) : value;
}

void printTable(Invocation &run, const session::StoreHistory &history)
{
    Table table({"INDEX", "ACTION", "KEY", "OLD", "NEW"});
    for (const session::StoreEvent &event : history.events) {
        const QString before = event.previous ? shownValue(*event.previous) : QString();
        table.add(
            {event.index, event.action, event.entry.key, before,
             isRemoval(event) ? QString() : shownValue(event.entry)});
    }
    table.print(run.out());
    // Part of what is told, not of the list: a key without a line may have changed before.
    run.out().note(historyNote(history));
}

void show(Invocation &run)
{
    const Values &values = run.values();
    run.then(
        run.api().storeHistory(
            values.text(QStringLiteral("KEY")), values.has(QStringLiteral("recursive"))),
        [&run](const session::StoreHistory &history) {
            if (run.json()) {
                QJsonArray events;
                for (const session::StoreEvent &event : history.events)
                    events.append(eventJson(event));
                run.out().json(
                    {{QStringLiteral("from"), history.from},
                     {QStringLiteral("to"), history.to},
                     {QStringLiteral("events"), events}});
            } else {
                printTable(run, history);
            }
            run.finish();
        });
}

} // namespace

Applet storeHistoryApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "history"};
    applet.summary = "Shows what has happened to a key of late, oldest first.";
    applet.details =
        "The store keeps its last 1,000 events, of all keys together; what was before them\n"
        "is not known any more. A refresh of a time to live is no event.";
    applet.arguments = {{"KEY", "such as /app/colour"}};
    applet.options = {{"recursive", {}, "whatever is below the key, too", QLatin1Char('r')}};
    applet.examples =
        QStringList{"qdctl store history /app/colour", "qdctl store history -r /app --json"};
    applet.run = show;
    return applet;
}

} // namespace qd::cli
