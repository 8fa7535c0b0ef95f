// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/store_answer.h"

#include <QFile>
#include <cstdio>

namespace qd::cli {
namespace {

/// The value as a word, or what comes on stdin. nullopt: the usage was wrong.
std::optional<QByteArray> valueOf(Invocation &run)
{
    const Values &values = run.values();
    const bool piped = values.has(QStringLiteral("stdin"));
    const bool given = values.has(QStringLiteral("VALUE"));
    const bool dir = values.has(QStringLiteral("dir"));
    if (int(piped) + int(given) + int(dir) != 1) {
        run.wrongUsage(QStringLiteral("Give one of VALUE, --stdin and --dir."));
        return std::nullopt;
    }
    if (!piped)
        return values.text(QStringLiteral("VALUE")).toUtf8();
    QFile in;
    if (!in.open(stdin, QIODevice::ReadOnly)) {
        run.fail({code::io, QStringLiteral("Cannot read stdin."), {}, nullptr});
        return std::nullopt;
    }
    return in.readAll();
}

void set(Invocation &run)
{
    const Values &values = run.values();
    const auto value = valueOf(run);
    if (!value)
        return;
    const bool create = values.has(QStringLiteral("create"));
    if (create && values.has(QStringLiteral("update"))) {
        run.wrongUsage(QStringLiteral("--create and --update exclude each other."));
        return;
    }
    session::StoreWrite request = conditionsOf(values);
    request.value = *value;
    request.dir = values.has(QStringLiteral("dir"));
    if (values.has(QStringLiteral("ttl")))
        request.ttl = values.number(QStringLiteral("ttl"), 0);
    if (create || values.has(QStringLiteral("update")))
        request.prevExist = !create;
    run.then(run.api().storeSet(request), [&run](const session::StoreAnswer &answer) {
        if (run.json())
            run.out().json(answerJson(answer));
        else if (answer.entry.dir)
            run.out().line(answer.entry.key + QLatin1Char('/'));
        else
            run.out().bytes(answer.entry.value + '\n');
        run.finish();
    });
}

} // namespace

Applet storeSetApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "set"};
    applet.summary = "Sets a key, and prints its new value.";
    applet.arguments = {
        {"KEY", "such as /app/colour"}, {"VALUE", "the text", Argument::Count::Optional}};
    applet.options =
        QList<Option>{
            {"stdin", {}, "the value comes on stdin, byte for byte"},
            {"dir", {}, "make a directory"},
            {"ttl", "SECONDS", "the key is gone after so long", {}, {}, true},
            {"create", {}, "only if the key is not there"},
            {"update", {}, "only if the key is there"}} +
        conditionOptions();
    applet.examples = QStringList{
        "qdctl store set /app/colour blue", "qdctl store set /app/session x --ttl 30",
        "qdctl store set /app/colour green --if-value blue",
        "qdctl store set /app/logo --stdin <logo.png"};
    applet.exits = QStringList{"1 the condition does not hold, or it failed"};
    applet.run = set;
    return applet;
}

} // namespace qd::cli
