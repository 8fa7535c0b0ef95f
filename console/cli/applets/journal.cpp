// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/journal_text.h"
#include "console/cli/unit_progress.h"

namespace qd::cli {
namespace {

constexpr qint64 kLines = 10;

void print(Invocation &run, const QJsonObject &object)
{
    if (run.json()) {
        run.out().jsonLine(object);
        return;
    }
    const auto line = codec::fromJson<JournalLine>(object);
    if (!line)
        run.fail(line.error());
    else if (run.values().text(QStringLiteral("output")) == QLatin1String("cat"))
        run.out().line(run.out().isTerminal() ? visible(line->message) : line->message);
    else
        run.out().line(journalText(*line));
}

void open(Invocation &run)
{
    const Values &values = run.values();
    const auto lines = qMin<qint64>(values.number(QStringLiteral("lines"), kLines), 1'000'000);
    followLines(
        run,
        run.api().journal(
            unitName(values.text(QStringLiteral("UNIT"))), int(lines),
            values.has(QStringLiteral("follow"))),
        [&run](const QJsonObject &line) { print(run, line); });
}

} // namespace

Applet journalApplet()
{
    Applet applet;
    applet.words = QStringList{"journal"};
    applet.summary = "Prints what a unit has logged, wherever it runs.";
    applet.details = "With --json each line is an entry as JSON.";
    applet.arguments = {{"UNIT", "such as hello.service"}};
    applet.options = {
        {"lines", "N", "how many of the last lines (10)", QLatin1Char('n'), {}, true},
        {"follow", {}, "go on with what comes, until Ctrl+C", QLatin1Char('f')},
        {"output", "FORM", "short, or cat: the messages alone", QLatin1Char('o'),
         QStringList{"short", "cat"}}};
    applet.examples = QStringList{
        "qdctl journal hello.service", "qdctl journal -n 100 -f hello.service",
        "qdctl journal -o cat hello.service"};
    applet.exits = QStringList{"0 done, or ended by Ctrl+C"};
    applet.run = open;
    return applet;
}

} // namespace qd::cli
