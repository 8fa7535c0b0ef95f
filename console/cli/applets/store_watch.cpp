// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"

namespace qd::cli {
namespace {

void print(Invocation &run, const QJsonObject &event)
{
    if (run.json()) {
        run.out().jsonLine(event);
        return;
    }
    const QJsonObject entry = event.value(QLatin1String("entry")).toObject();
    const QJsonValue value = entry.value(QLatin1String("value"));
    const QString text = value.isString() ? value.toString()
                                          : QStringLiteral("(bytes)"); // not UTF-8: {"base64": ...}
    const bool dir = entry.value(QLatin1String("dir")).toBool();
    QString line = event.value(QLatin1String("action")).toString() + QLatin1Char(' ') +
                   visible(entry.value(QLatin1String("key")).toString());
    if (dir)
        line += QLatin1Char('/');
    else if (!text.isEmpty())
        line += QLatin1Char(' ') + visible(text);
    run.out().line(line);
}

void watch(Invocation &run)
{
    const Values &values = run.values();
    std::optional<qint64> after;
    if (values.has(QStringLiteral("after")))
        after = values.number(QStringLiteral("after"), 0);
    const auto left = std::make_shared<qint64>(values.number(QStringLiteral("count"), -1));
    if (*left == 0) {
        run.finish();
        return;
    }
    followLines(
        run,
        run.api().storeWatch(
            values.text(QStringLiteral("KEY")), values.has(QStringLiteral("recursive")), after),
        [&run, left](const QJsonObject &event) {
            print(run, event);
            if (*left > 0 && --*left == 0)
                run.finish();
        });
}

} // namespace

Applet storeWatchApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "watch"};
    applet.summary = "Prints the changes of a key as they come, until Ctrl+C.";
    applet.details = "A line is: action, key, value. With --json each line is a change as JSON.";
    applet.arguments = {{"KEY", "such as /app/colour"}};
    applet.options = {
        {"recursive", {}, "whatever is below the key, too", QLatin1Char('r')},
        {"after", "INDEX", "begin with what came after this index", {}, {}, true},
        {"count", "N", "end after so many changes", QLatin1Char('n'), {}, true}};
    applet.examples = QStringList{
        "qdctl store watch /app/colour", "qdctl store watch -r / --json",
        "qdctl store watch -n 1 /app/ready"};
    applet.exits = QStringList{"0 ended by Ctrl+C or --count"};
    applet.run = watch;
    return applet;
}

} // namespace qd::cli
