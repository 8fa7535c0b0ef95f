// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/session/store_file.h"

#include <QSaveFile>

namespace qd::cli {
namespace {

const QString kOut = QStringLiteral("out");

void write(Invocation &run, const session::StoreFile &exported)
{
    const QByteArray text = session::toText(exported);
    const QString path = run.values().text(kOut);
    if (path.isEmpty()) {
        run.out().bytes(text);
        run.finish();
        return;
    }
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit()) {
        const QString why = QStringLiteral("Cannot write %1: %2.").arg(path, file.errorString());
        run.fail({code::io, why, {}, nullptr});
        return;
    }
    run.out().line(QStringLiteral("%1 entries of %2 are in %3")
                       .arg(exported.entries.size())
                       .arg(visible(exported.key), path));
    run.finish();
}

void exportKeys(Invocation &run)
{
    session::StoreGet request;
    request.key = run.values().has(QStringLiteral("KEY")) ? run.values().text(QStringLiteral("KEY"))
                                                          : QStringLiteral("/");
    request.recursive = true;
    request.quorum = true;
    run.then(run.api().storeRead(request), [&run](const session::StoreAnswer &answer) {
        write(run, session::storeFileOf(answer));
    });
}

} // namespace

Applet storeExportApplet()
{
    Applet applet;
    applet.words = QStringList{"store", "export"};
    applet.summary = "Writes a key and all below it as JSON, for store import.";
    applet.details = "Hidden keys (a name that begins with _) are not in it.";
    applet.arguments = {{"KEY", "the subtree (/)", Argument::Count::Optional}};
    applet.options = {{kOut, "FILE", "into this file instead of stdout", QLatin1Char('o')}};
    applet.examples = QStringList{"qdctl store export /app", "qdctl store export -o all.json"};
    applet.json = false;
    applet.run = exportKeys;
    return applet;
}

} // namespace qd::cli
