// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMetaMethod>
#include <QSet>

namespace qd::proof {

namespace {

struct Claims {
    QMap<QString, QSet<QString>> byFunction;
    QMap<QString, int> checks;
};

Claims &claims()
{
    static Claims all;
    return all;
}

QString currentFunction()
{
    return QString::fromLatin1(QTest::currentTestFunction());
}

/// Watches the test object's own cleanup-by-function through Qt Test's log: a function that failed
/// or was skipped loses its claims.
QSet<QString> failedFunctions(const QString &logFile)
{
    QSet<QString> failed;
    QFile log(logFile);
    if (!log.open(QIODevice::ReadOnly))
        return failed;
    while (!log.atEnd()) {
        const QString line = QString::fromUtf8(log.readLine());
        if (!line.startsWith(QLatin1String("not ok")) && !line.contains(QLatin1String("# SKIP")))
            continue;
        const qsizetype from = line.indexOf(QLatin1String(" - "));
        if (from >= 0)
            failed.insert(line.mid(from + 3).section(QLatin1Char('('), 0, 0));
    }
    return failed;
}

} // namespace

void claim(std::initializer_list<const char *> ids)
{
    for (const char *id : ids)
        claims().byFunction[currentFunction()].insert(QString::fromLatin1(id));
}

void checked()
{
    claims().checks[currentFunction()]++;
}

int run(QObject *test, int argc, char **argv)
{
    const QString folder = qEnvironmentVariable("QD_PROOFS");
    if (folder.isEmpty() || argc > 1)
        return QTest::qExec(test, argc, argv);
    QDir().mkpath(folder);
    const QString name =
        QString::fromLatin1(test->metaObject()->className()).section(QStringLiteral("::"), -1);
    const QString log = folder + QLatin1Char('/') + name + QStringLiteral(".tap");
    const QString proofs = folder + QLatin1Char('/') + name + QStringLiteral(".json");
    QFile::remove(proofs);
    const int failures = QTest::qExec(
        test, {QString::fromLocal8Bit(argv[0]), QStringLiteral("-o"), QStringLiteral("-,txt"),
               QStringLiteral("-o"), log + QStringLiteral(",tap")});

    const QSet<QString> failed = failedFunctions(log);
    QJsonArray out;
    for (auto it = claims().byFunction.cbegin(); it != claims().byFunction.cend(); ++it) {
        if (failed.contains(it.key()) || claims().checks.value(it.key()) == 0)
            continue;
        for (const QString &id : it.value())
            out.append(QJsonObject{
                {QStringLiteral("id"), id},
                {QStringLiteral("test"), name + QStringLiteral("::") + it.key()}});
    }
    QFile file(proofs);
    if (file.open(QIODevice::WriteOnly))
        file.write(QJsonDocument(out).toJson());
    return failures;
}

} // namespace qd::proof
