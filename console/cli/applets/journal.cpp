// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/journal_text.h"
#include "console/cli/unit_progress.h"

namespace qd::cli {
namespace {

constexpr qint64 kLines = 10;

/// So many lines of the node that a unit has moved to are looked at.
constexpr qint64 kLinesAfterMove = 1'000;
const QString kMoved = QStringLiteral("unit.moved");

void print(Invocation &run, const QJsonObject &object, const JournalLine &line)
{
    if (run.json())
        run.out().jsonLine(object);
    else if (run.values().text(QStringLiteral("output")) == QLatin1String("cat"))
        run.out().line(run.out().isTerminal() ? visible(line.message) : line.message);
    else
        run.out().line(journalText(line));
}

/// From here on, or, after a move, from what is younger than the last line that was printed.
void follow(Invocation &run, qint64 lines, std::shared_ptr<QDateTime> last, bool moved)
{
    const Values &values = run.values();
    const QString unit = unitName(values.text(QStringLiteral("UNIT")));
    const bool goesOn = values.has(QStringLiteral("follow"));
    const QDateTime before = *last;
    followLines(
        run, run.api().journal(unit, int(lines), goesOn),
        [&run, last, before, moved](const QJsonObject &object) {
            const auto line = codec::fromJson<JournalLine>(object);
            if (!line) {
                run.fail(line.error());
                return;
            }
            if (moved && line->time <= before)
                return;
            *last = line->time;
            print(run, object, *line);
        },
        [&run, last, unit, goesOn](const Error &error) {
            if (!goesOn || error.code != kMoved)
                return false;
            run.out().note(QStringLiteral("-- %1 has moved to another node --").arg(unit));
            follow(run, kLinesAfterMove, last, true);
            return true;
        });
}

void open(Invocation &run)
{
    const qint64 lines = run.values().number(QStringLiteral("lines"), kLines);
    // What is not older than the command belongs to it, should the unit move before its first line.
    const auto now = std::make_shared<QDateTime>(QDateTime::currentDateTimeUtc());
    follow(run, qMin<qint64>(lines, 1'000'000), now, false);
}

} // namespace

Applet journalApplet()
{
    Applet applet;
    applet.words = QStringList{"journal"};
    applet.summary = "Prints what a unit has logged, wherever it runs.";
    applet.details =
        "With -f it follows the unit to another node. With --json each line is an entry\n"
        "as JSON.";
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
