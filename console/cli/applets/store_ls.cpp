// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"

namespace qd::cli {
namespace {

constexpr qsizetype kShownOfValue = 60;

QString shownKey(const StoreEntry &entry)
{
    return entry.dir ? entry.key + QLatin1Char('/') : entry.key;
}

void printLong(Invocation &run, const QList<StoreEntry> &entries)
{
    Table table({"KEY", "CHANGED AT", "TTL", "VALUE"});
    for (const StoreEntry &entry : entries) {
        QString value = QString::fromUtf8(entry.value.left(4 * kShownOfValue));
        if (value.size() > kShownOfValue)
            value = value.left(kShownOfValue) + QChar(0x2026);
        Cell ttl(entry.ttl);
        if (entry.ttl == 0)
            ttl.text.clear();
        table.add({shownKey(entry), entry.modifiedIndex, ttl, value});
    }
    table.print(run.out());
}

void print(Invocation &run, const session::StoreAnswer &answer)
{
    // Of a key that is no directory: the key itself, as etcdctl does.
    const QList<StoreEntry> entries =
        answer.entry.dir ? answer.children : QList<StoreEntry>{answer.entry};
    if (run.json()) {
        run.out().json(listJson(answer.index, entries));
    } else if (run.values().has(QStringLiteral("long"))) {
        printLong(run, entries);
    } else {
        for (const StoreEntry &entry : entries)
            run.out().line(visible(shownKey(entry)));
    }
    run.finish();
}

void list(Invocation &run)
{
    session::StoreGet request;
    request.key = run.values().has(QStringLiteral("KEY")) ? run.values().text(QStringLiteral("KEY"))
                                                          : QStringLiteral("/");
    request.recursive = run.values().has(QStringLiteral("recursive"));
    request.quorum = run.values().has(QStringLiteral("quorum"));
    run.then(run.api().storeRead(request), [&run](const session::StoreAnswer &answer) {
        print(run, answer);
    });
}

} // namespace

Applet storeLsApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "ls"};
    applet.summary = "Lists the keys in a directory; those of directories end in a slash.";
    applet.arguments = {{"KEY", "the directory (/)", Argument::Count::Optional}};
    applet.options = {
        {"recursive", {}, "what is in the directories, too", QLatin1Char('r')},
        {"long", {}, "with value, time to live and the index of the last change", QLatin1Char('l')},
        {"quorum", {}, "ask a majority: never an old list"}};
    applet.examples = QStringList{
        "qdctl store ls", "qdctl store ls -r /_coreos.com/fleet", "qdctl store ls -l /app"};
    applet.run = list;
    return applet;
}

} // namespace qd::cli
