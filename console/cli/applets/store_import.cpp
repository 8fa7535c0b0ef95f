// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/store_import.h"
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"

#include <QFile>
#include <cstdio>

namespace qd::cli {
namespace {

using session::ImportStep;
using Plan = QList<ImportStep>;

std::optional<session::StoreFile> fileOf(Invocation &run)
{
    const QString path = run.values().text(QStringLiteral("FILE"));
    QFile file(path);
    const bool open = path == QLatin1String("-") ? file.open(stdin, QIODevice::ReadOnly)
                                                 : file.open(QIODevice::ReadOnly);
    if (!open) {
        const QString why = QStringLiteral("Cannot read %1: %2.").arg(path, file.errorString());
        run.fail({code::io, why, {}, nullptr});
        return std::nullopt;
    }
    const auto parsed = session::storeFileFrom(file.readAll());
    if (!parsed) {
        run.fail(parsed.error());
        return std::nullopt;
    }
    return *parsed;
}

Tone toneOf(ImportStep::State state)
{
    switch (state) {
    case ImportStep::State::New:
        return Tone::Good;
    case ImportStep::State::Changed:
        return Tone::Warning;
    case ImportStep::State::Blocked:
        return Tone::Bad;
    case ImportStep::State::Same:
        break;
    }
    return Tone::Faint;
}

QString countText(const Plan &plan)
{
    const auto count = session::countOf(plan);
    QString out = QStringLiteral("%1 new, %2 changed, %3 the same")
                      .arg(count.fresh)
                      .arg(count.changed)
                      .arg(count.same);
    if (count.blocked > 0)
        out += QStringLiteral(", %1 blocked").arg(count.blocked);
    return out;
}

void printPlan(Invocation &run, const Plan &plan)
{
    if (run.json())
        return;
    Table table({"STATE", "KEY", "WHY"});
    for (const ImportStep &step : plan) {
        const QString key = step.wanted.dir ? step.wanted.key + QLatin1Char('/') : step.wanted.key;
        if (step.state != ImportStep::State::Same)
            table.add({Cell(session::stateText(step.state), toneOf(step.state)), key, step.why});
    }
    if (!table.isEmpty())
        table.print(run.out());
    run.out().line(countText(plan));
}

void tellOutcome(Invocation &run, const Plan &plan, const session::ImportOutcome &outcome)
{
    if (run.json())
        run.out().json(session::importJson(plan, outcome));
    else
        run.out().line(QStringLiteral("written: %1").arg(outcome.written));
    for (const session::ImportFailure &failure : outcome.failures)
        run.out().error(QStringLiteral("%1: %2").arg(visible(failure.key), failure.error.text()));
    const int blocked = session::countOf(plan).blocked;
    if (blocked > 0)
        run.out().error(
            blocked == 1 ? QStringLiteral("One key is blocked and not written.")
                         : QStringLiteral("%1 keys are blocked and not written.").arg(blocked));
    const bool whole = outcome.failures.isEmpty() && blocked == 0;
    run.finish(whole ? exit_status::done : exit_status::failed);
}

void act(Invocation &run, const Plan &plan)
{
    printPlan(run, plan);
    if (run.values().has(QStringLiteral("yes"))) {
        run.then(
            session::runImport(run.client(), plan),
            [&run, plan](const session::ImportOutcome &outcome) {
                tellOutcome(run, plan, outcome);
            });
        return;
    }
    if (run.json())
        run.out().json(session::importJson(plan, {}));
    else if (session::countOf(plan).writes() > 0)
        run.out().note(QStringLiteral("Nothing is written yet: --yes does it."));
    run.finish();
}

void import(Invocation &run)
{
    const auto file = fileOf(run);
    if (!file)
        return;
    const QString to = run.values().text(QStringLiteral("to"));
    run.then(
        session::plannedImport(run.client(), *file, to.isEmpty() ? file->key : to),
        [&run](const Plan &plan) { act(run, plan); });
}

} // namespace

Applet storeImportApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "import"};
    applet.summary = "Shows what an export would change, and with --yes writes it.";
    applet.details =
        "Each key is new, changed or the same; it is blocked where a folder stands in the\n"
        "place of a key, or a key in that of a folder. What is not in the file stays. A key\n"
        "that changes between plan and writing is left alone and named.";
    applet.arguments = {{"FILE", "of store export; - is stdin"}};
    applet.options = {
        {"to", "KEY", "below this key instead of where it comes from"},
        {"yes", {}, "write it", QLatin1Char('y')}};
    applet.examples = QStringList{
        "qdctl store import app.json", "qdctl store import app.json --to /copy --yes",
        "qdctl store import - --yes <app.json"};
    applet.exits = QStringList{"1 a key was blocked or not as it was seen, or it failed"};
    applet.run = import;
    return applet;
}

} // namespace qd::cli
