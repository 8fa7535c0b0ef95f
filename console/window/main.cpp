// SPDX-License-Identifier: GPL-3.0-or-later
// quarterdeck: the console's window.
#include "console/window/options.h"
#include "console/window/scenes.h"

#include <QAccessible>
#include <QFont>
#include <QGuiApplication>
#include <QQuickWindow>
#include <cstdio>

using namespace qd;

namespace {

int complain(const Error &error)
{
    fprintf(stderr, "quarterdeck: %s\n", qPrintable(error.text()));
    return error.code == code::badInput ? 2 : 1;
}

int photograph(const window::Options &options)
{
    int status = 0;
    window::takePictures(
        options.screenshotDir, options.sceneFilter, options.dark, options.size,
        [&status](const Result<void> &result) {
            status = result ? 0 : complain(result.error());
            QMetaObject::invokeMethod(qApp, &QCoreApplication::quit, Qt::QueuedConnection);
        });
    QCoreApplication::exec();
    return status;
}

int show(models::Connector &connector, const window::Options &options)
{
    const SystemClock clock;
    window::Stage stage(connector, clock);
    if (const auto opened = stage.open(options.dark, options.size); !opened)
        return complain(opened.error());
    if (!options.profile.isEmpty())
        stage.session().connectTo(options.profile);
    return QCoreApplication::exec();
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication::setApplicationName(QStringLiteral("quarterdeck"));
    QCoreApplication::setApplicationVersion(QStringLiteral(QD_VERSION));
    // Before any item is made, else names are missing from what a screen reader finds.
    QAccessible::setActive(true);
    QGuiApplication app(argc, argv);
    QGuiApplication::setFont(QFont(QStringLiteral("Inter"), 10));
    const auto options = window::readOptions(QCoreApplication::arguments());
    if (!options)
        return complain(options.error());
    if (!options->screenshotDir.isEmpty()) {
        QGuiApplication::setQuitOnLastWindowClosed(false);
        return photograph(*options);
    }
    demo::DemoConnector connector(
        options->demoKind.isEmpty() ? QStringLiteral("normal") : options->demoKind);
    return show(connector, *options);
}
