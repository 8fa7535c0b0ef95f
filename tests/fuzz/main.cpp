// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/run.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QFile>
#include <algorithm>
#include <cstdio>

using namespace qd::fuzz;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const std::vector<Target> all = targets();
    QStringList names;
    for (const Target &target : all)
        names.append(QString::fromLatin1(target.name));
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Hostile bytes against our readers: ") + names.join(QStringLiteral(", ")));
    parser.addHelpOption();
    parser.addOptions(
        {{QStringLiteral("target"), QStringLiteral("which reader"), QStringLiteral("NAME")},
         {QStringLiteral("seconds"), QStringLiteral("how long (10)"), QStringLiteral("N"),
          QStringLiteral("10")},
         {QStringLiteral("seed"), QStringLiteral("of the changes (1)"), QStringLiteral("S"),
          QStringLiteral("1")},
         {QStringLiteral("input"), QStringLiteral("try this file alone"), QStringLiteral("FILE")},
         {QStringLiteral("corpus"), QStringLiteral("folder with a folder for each target"),
          QStringLiteral("DIR")},
         {QStringLiteral("keep"), QStringLiteral("where bad inputs go (.)"), QStringLiteral("DIR"),
          QStringLiteral(".")}});
    parser.process(app);
    const QByteArray name = parser.value(QStringLiteral("target")).toLatin1();
    const auto target =
        std::find_if(all.begin(), all.end(), [&](const Target &each) { return each.name == name; });
    if (target == all.end()) {
        fprintf(stderr, "qd-fuzz: --target is one of %s\n", qPrintable(names.join(u' ')));
        return 2;
    }
    if (parser.isSet(QStringLiteral("input"))) {
        QFile file(parser.value(QStringLiteral("input")));
        if (!file.open(QIODevice::ReadOnly)) {
            fprintf(stderr, "qd-fuzz: %s\n", qPrintable(file.errorString()));
            return 2;
        }
        return reproduce(*target, file.readAll());
    }
    Plan plan;
    plan.seconds = parser.value(QStringLiteral("seconds")).toInt();
    plan.seed = parser.value(QStringLiteral("seed")).toULongLong();
    if (parser.isSet(QStringLiteral("corpus")))
        plan.corpus = parser.value(QStringLiteral("corpus")) + u'/' + QString::fromLatin1(name);
    plan.keep = parser.value(QStringLiteral("keep"));
    return run(*target, plan);
}
