// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"

#include <QFile>
#include <QFileInfo>

namespace qd::cli {
namespace {

struct File {
    QString name;
    QString text;
};

/// The cluster keeps text. Bytes that are none would come back as other ones.
Result<QString> unitText(const QString &path, const QByteArray &bytes)
{
    QString text;
    int number = 0;
    for (qsizetype at = 0; at < bytes.size();) {
        ++number;
        const qsizetype end = bytes.indexOf('\n', at);
        const qsizetype next = end < 0 ? bytes.size() : end + 1;
        const QByteArray line = bytes.mid(at, next - at);
        const QString read = QString::fromUtf8(line);
        if (read.toUtf8() != line)
            return fail(
                code::badInput,
                QStringLiteral("%1 was not submitted: %2, line %3: it is not plain text in UTF-8.")
                    .arg(QFileInfo(path).fileName(), path)
                    .arg(number));
        text += read;
        at = next;
    }
    return text;
}

/// All of them, or none is submitted.
Result<QList<File>> readAll(const QStringList &paths)
{
    QList<File> out;
    for (const QString &path : paths) {
        QFile in(path);
        if (!in.open(QIODevice::ReadOnly))
            return fail(
                code::io, QStringLiteral("Cannot read %1: %2.").arg(path, in.errorString()));
        const auto text = unitText(path, in.readAll());
        if (!text)
            return fail(text.error());
        out.append({QFileInfo(path).fileName(), *text});
    }
    return out;
}

/// One after the other; the first that is refused ends it.
void submitNext(Invocation &run, QList<File> files)
{
    if (files.isEmpty()) {
        run.finish();
        return;
    }
    const File file = files.takeFirst();
    const bool replace = run.values().has(QStringLiteral("replace"));
    run.settle(
        run.api().unitSubmit(file.name, file.text, replace),
        [&run, files, name = file.name](const Result<Unit> &unit) {
            if (!unit) {
                run.fail(unit.error().during(QStringLiteral("%1 was not submitted").arg(name)));
                return;
            }
            if (run.json())
                run.out().jsonLine(codec::toJson(*unit));
            else
                run.out().line(QStringLiteral("%1 submitted").arg(unit->name));
            submitNext(run, files);
        });
}

void submit(Invocation &run)
{
    const auto files = readAll(run.values().all(QStringLiteral("FILE")));
    if (files)
        submitNext(run, *files);
    else
        run.fail(files.error());
}

} // namespace

Applet unitSubmitApplet()
{
    Applet applet;
    applet.words = QStringList{"unit", "submit"};
    applet.summary = "Hands unit files to the cluster; they do not run yet.";
    applet.details = "The unit is called as its file is. With --json a line of JSON for each unit.";
    applet.arguments = {{"FILE", "such as hello.service", Argument::Count::Many}};
    applet.options = {{"replace", {}, "take the place of a unit of the same name"}};
    applet.examples = QStringList{
        "qdctl unit submit hello.service", "qdctl unit submit --replace web@.service db.service"};
    applet.exits = QStringList{"1 a file cannot be read, or the cluster refused a unit"};
    applet.run = submit;
    return applet;
}

} // namespace qd::cli
