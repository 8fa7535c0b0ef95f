// SPDX-License-Identifier: GPL-3.0-or-later
// qdctl: the client without a window.
#include "console/cli/applets.h"
#include "console/cli/interrupt.h"
#include "console/cli/program.h"

#include <QCoreApplication>
#include <QLoggingCategory>

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("qdctl"));
    QCoreApplication::setApplicationVersion(QStringLiteral(QD_VERSION));
    // What happens on the way is for those who ask by QT_LOGGING_RULES, which outranks this.
    QLoggingCategory::setFilterRules(QStringLiteral("qd.*.info=false\nqd.*.debug=false"));
    qd::cli::Output out = qd::cli::Output::standard();
    qd::cli::Interrupt interrupt;
    qd::cli::Program program(qd::cli::applets(), out, qd::cli::openProfile);
    QObject::connect(
        &interrupt, &qd::cli::Interrupt::raised, &program, &qd::cli::Program::interrupt);
    // Queued: what ends at once ends before the event loop has begun.
    QObject::connect(
        &program, &qd::cli::Program::finished, &app, &QCoreApplication::exit, Qt::QueuedConnection);
    program.run(QCoreApplication::arguments().mid(1));
    return QCoreApplication::exec();
}
