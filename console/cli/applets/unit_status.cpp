// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/journal_text.h"
#include "console/cli/table.h"
#include "console/cli/unit_progress.h"

namespace qd::cli {
namespace {

QJsonObject detailsJson(const session::UnitDetails &details)
{
    QJsonObject properties;
    for (auto it = details.properties.cbegin(); it != details.properties.cend(); ++it)
        properties.insert(it.key(), it.value());
    QJsonArray lines;
    for (const JournalLine &line : details.lines)
        lines.append(codec::toJson(line));
    return {
        {QStringLiteral("unit"), codec::toJson(details.unit)},
        {QStringLiteral("properties"), properties},
        {QStringLiteral("lines"), lines}};
}

void print(Invocation &run, const session::UnitDetails &details)
{
    Output &out = run.out();
    const Unit &unit = details.unit;
    const auto row = [&out](const QString &name, const QString &value) {
        if (!value.isEmpty())
            out.line(QStringLiteral("%1: %2").arg(name, 11).arg(visible(value)));
    };
    const QString mark = out.coloured(QString(QChar(0x25cf)), toneOf(unit));
    out.line(
        mark + QLatin1Char(' ') + unit.name +
        (unit.description.isEmpty() ? QString() : QStringLiteral(" - ") + unit.description));
    QString active = unit.activeState;
    if (!unit.subState.isEmpty())
        active += QStringLiteral(" (%1)").arg(unit.subState);
    if (unit.since.isValid())
        active += QStringLiteral(" since ") +
                  unit.since.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
    row(QStringLiteral("Active"), active);
    row(QStringLiteral("Loaded"), unit.loadState);
    row(QStringLiteral("Machine"), unit.global ? QStringLiteral("every node") : machineOf(unit));
    row(QStringLiteral("Placement"), unit.reason);
    row(QStringLiteral("Main PID"), unit.mainPid > 0 ? QString::number(unit.mainPid) : QString());
    row(QStringLiteral("Invocation"), unit.invocationId);
    if (!details.lines.isEmpty())
        out.line(QString());
    for (const JournalLine &line : details.lines)
        out.line(journalText(line));
}

void show(Invocation &run)
{
    const QString name = unitName(run.values().text(QStringLiteral("UNIT")));
    run.then(run.api().unitStatus(name), [&run](const session::UnitDetails &details) {
        if (run.json())
            run.out().json(detailsJson(details));
        else
            print(run, details);
        run.finish();
    });
}

} // namespace

Applet unitStatusApplet()
{
    Applet applet;
    applet.words = QStringList{"unit", "status"};
    applet.summary = "Shows a unit's state, where it is and why, and its last lines.";
    applet.arguments = {{"UNIT", "such as hello.service"}};
    applet.examples =
        QStringList{"qdctl unit status hello.service", "qdctl unit status hello.service --json"};
    applet.run = show;
    return applet;
}

} // namespace qd::cli
