// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/journal_text.h"
#include "console/cli/unit_progress.h"

#include <QElapsedTimer>
#include <QTimer>

namespace qd::cli {
namespace {

constexpr qint64 kLines = 10;

/// So many lines of the node that a unit has moved to are looked at.
constexpr qint64 kLinesAfterMove = 1'000;
/// A unit is placed anew some 30 s after its node was last heard; then it is given up.
constexpr int kPatienceMs = 90'000;
constexpr int kPauseMs = 1'000;
constexpr int kAnswerMs = 15'000; ///< longer than a call waits for its answer
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

/// The log of a unit, wherever it is: what ended by a move, or with the node that the unit was on,
/// is opened again, and goes on with what is younger than the last line that was printed.
class Log : public QObject {
public:
    explicit Log(Invocation &run)
        : m_run(run)
        , m_unit(unitName(run.values().text(QStringLiteral("UNIT"))))
        , m_follow(run.values().has(QStringLiteral("follow")))
        // What is not older than the command belongs to it, should the unit move before its first
        // line.
        , m_last(QDateTime::currentDateTimeUtc())
    {
        m_pause.setSingleShot(true);
        m_pause.setInterval(kPauseMs);
        connect(&m_pause, &QTimer::timeout, this, [this] { open(kLinesAfterMove); });
    }

    void open(qint64 lines)
    {
        m_begun.start();
        const QDateTime before = m_again ? m_last : QDateTime();
        followLines(
            m_run, m_run.api().journal(m_unit, int(lines), m_follow),
            [this, before](const QJsonObject &object) { take(object, before); },
            [this](const Error &error) { return mended(error); });
    }

private:
    void take(const QJsonObject &object, const QDateTime &before)
    {
        const auto line = codec::fromJson<JournalLine>(object);
        if (!line) {
            m_run.fail(line.error());
            return;
        }
        m_lost.invalidate();
        if (before.isValid() && line->time <= before)
            return;
        m_last = line->time;
        print(m_run, object, *line);
    }

    bool mended(const Error &error)
    {
        if (!m_follow)
            return false;
        m_again = true;
        if (error.code == kMoved) {
            m_run.out().note(QStringLiteral("-- %1 has moved to another node --").arg(m_unit));
            open(kLinesAfterMove);
            return true;
        }
        // What stood for so long was answered: this is a new loss.
        const bool freshLoss = !m_lost.isValid() || m_begun.elapsed() > kAnswerMs;
        const bool silent = error.code == code::unreachable || error.code == code::nodeUnreachable;
        // A unit of a lost node is nowhere for a while.
        const bool nowhere = !freshLoss && error.code == code::notFound;
        if (!silent && !nowhere)
            return false;
        if (freshLoss) {
            m_lost.start();
            m_run.out().note(
                QStringLiteral("-- %1 Waiting for %2 --").arg(ended(explain(error)), m_unit));
        }
        if (m_lost.elapsed() > kPatienceMs)
            return false;
        m_pause.start();
        return true;
    }

    Invocation &m_run;
    const QString m_unit;
    const bool m_follow;
    QDateTime m_last; ///< of the last line that was printed
    bool m_again = false;
    QElapsedTimer m_begun; ///< since the stream was asked for
    QElapsedTimer m_lost;  ///< since the last node that had the log is gone
    QTimer m_pause;
};

void open(Invocation &run)
{
    const qint64 lines = run.values().number(QStringLiteral("lines"), kLines);
    run.keep(std::make_unique<Log>(run))->open(qMin<qint64>(lines, 1'000'000));
}

} // namespace

Applet journalApplet()
{
    Applet applet;
    applet.words = QStringList{"journal"};
    applet.summary = "Prints what a unit has logged, wherever it runs.";
    applet.details =
        "With -f it follows the unit to another node, also when its node is lost: it waits up\n"
        "to 90 seconds until the unit has a place. With --json each line is an entry as JSON.";
    applet.arguments = {{"UNIT", "such as hello.service"}};
    applet.options = {
        {"lines", "N", "how many of the last lines (10)", QLatin1Char('n'), {}, true},
        {"follow", {}, "go on with what comes, until Ctrl+C", QLatin1Char('f')},
        {"output", "FORM", "short, or cat: the messages alone", QLatin1Char('o'),
         QStringList{"short", "cat"}}};
    applet.examples = QStringList{
        "qdctl journal hello.service", "qdctl journal -n 100 -f hello.service",
        "qdctl journal -o cat hello.service"};
    applet.exits = QStringList{
        "0 done, or ended by Ctrl+C", "3 with -f: the log has not come back for 90 seconds"};
    applet.run = open;
    return applet;
}

} // namespace qd::cli
