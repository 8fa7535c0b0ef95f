// SPDX-License-Identifier: GPL-3.0-or-later
// quarterdeck: the console's window.
#include "console/window/driver.h"
#include "console/window/local_nodes.h"
#include "console/window/look.h"
#include "console/window/options.h"
#include "console/window/remote_connector.h"
#include "console/window/scenes.h"

#include <QDir>
#include <QFileInfo>
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

QString beside(const char *program)
{
    return QCoreApplication::applicationDirPath() + QLatin1Char('/') + QLatin1String(program);
}

/// Ends the event loop from within a callback, also before it has begun.
void endWith(int status)
{
    QMetaObject::invokeMethod(
        qApp, [status] { QCoreApplication::exit(status); }, Qt::QueuedConnection);
}

int photograph(const window::Options &options)
{
    window::takePictures(
        options.screenshotDir, options.sceneFilter, options.dark.value_or(true), options.size,
        [](const Result<void> &result) { endWith(result ? 0 : complain(result.error())); });
    return QCoreApplication::exec();
}

/// Plays the driver's file on the window, then ends the program.
Result<void> drive(window::Stage &stage, const QString &file)
{
    const auto lines = window::Driver::read(file);
    if (!lines)
        return fail(lines.error());
    const QString folder = QFileInfo(file).absolutePath();
    auto driver =
        std::make_unique<window::Driver>(stage.window(), folder, *lines, stage.window()).release();
    driver->play([&stage](const Result<void> &result) {
        if (!result)
            complain(result.error());
        stage.window()->setProperty("driven", bool(result));
        stage.window()->close();
    });
    return {};
}

int show(models::Connector &connector, const window::Options &options, window::LocalNodes *nodes)
{
    const SystemClock clock;
    window::Stage stage(connector, clock);
    window::Look look(options.configFolder);
    if (const auto opened = stage.open(options.dark.value_or(look.dark()), options.size); !opened)
        return complain(opened.error());
    look.follow(stage.window());
    stage.window()->requestActivate();
    if (nodes) {
        stage.session().setNotice(
            QStringLiteral("Starting %1 nodes on this machine …").arg(options.localNodes));
        nodes->up([&stage](const Result<void> &result) {
            stage.session().setNotice(result ? QString() : result.error().text());
            if (result)
                stage.session().connectTo(QStringLiteral("local"));
        });
    } else if (!options.profile.isEmpty()) {
        stage.session().connectTo(options.profile);
    }
    if (!options.driveFile.isEmpty()) {
        if (const auto begun = drive(stage, options.driveFile); !begun)
            return complain(begun.error());
    }
    // The nodes that the window hosts go with it.
    QObject::connect(qApp, &QGuiApplication::lastWindowClosed, &stage.session(), [&] {
        const bool driven =
            options.driveFile.isEmpty() || stage.window()->property("driven").toBool();
        const int status = driven ? 0 : 1;
        stage.session().disconnectFrom();
        if (!nodes) {
            endWith(status);
            return;
        }
        nodes->down([status](const Result<void> &result) {
            endWith(result ? status : complain(result.error()));
        });
    });
    return QCoreApplication::exec();
}

int showLocal(const window::Options &options)
{
    window::LocalNodes nodes(
        {beside("quarterdeckd"), QDir(options.localDir).absolutePath(), options.localNodes,
         options.localBase});
    window::RemoteConnector connector(nodes.configFolder(), beside("qdctl"));
    return show(connector, options, &nodes);
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication::setApplicationName(QStringLiteral("quarterdeck"));
    QCoreApplication::setApplicationVersion(QStringLiteral(QD_VERSION));
    window::Stage::prepare();
    QGuiApplication app(argc, argv);
    QGuiApplication::setQuitOnLastWindowClosed(false);
    QGuiApplication::setFont(QFont(QStringLiteral("Inter"), 10));
    const auto options = window::readOptions(QCoreApplication::arguments());
    if (!options)
        return complain(options.error());
    if (!options->screenshotDir.isEmpty())
        return photograph(*options);
    if (options->local)
        return showLocal(*options);
    if (!options->demoKind.isEmpty()) {
        demo::DemoConnector connector(options->demoKind);
        return show(connector, *options, nullptr);
    }
    window::RemoteConnector connector(options->configFolder, beside("qdctl"));
    return show(connector, *options, nullptr);
}
