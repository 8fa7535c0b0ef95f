// SPDX-License-Identifier: GPL-3.0-or-later
// quarterdeck-unitd: the unit engine of a node, a process of its own so that workloads outlive the
// agent (architecture.md 2).
#include "agent/units/unitd/daemon.h"
#include "shared/base/log.h"
#include "shared/base/stop_signals.h"

#include <QCoreApplication>
#include <cstdio>
#include <fcntl.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace {

/// The three standard streams are always open, so that no file of ours comes to stand for one.
void openStandardStreams()
{
    int fd = 0;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

} // namespace

int main(int argc, char **argv)
{
    openStandardStreams();
    // A process group of its own: the kernel's automounter lets its members through to the place.
    (void)setpgid(0, 0);
    qd::logOnOneLine();
    QCoreApplication app(argc, argv);
    qd::StopSignals signalsOfStop;
    QCoreApplication::setApplicationName(QStringLiteral("quarterdeck-unitd"));
    QCoreApplication::setApplicationVersion(QStringLiteral(QD_VERSION));
    const auto options = qd::units::parseDaemonOptions(QCoreApplication::arguments().mid(1));
    if (!options) {
        fprintf(stderr, "quarterdeck-unitd: %s\n", qPrintable(options.error().text()));
        return 2;
    }
    if (options->help || options->version) {
        printf(
            "%s", options->help ? qPrintable(qd::units::daemonHelp())
                                : "quarterdeck-unitd " QD_VERSION "\n");
        return 0;
    }
    qd::units::Daemon daemon(*options);
    QObject::connect(
        &daemon, &qd::units::Daemon::ended, &app, &QCoreApplication::quit, Qt::QueuedConnection);
    QObject::connect(&signalsOfStop, &qd::StopSignals::asked, &daemon, &qd::units::Daemon::stop);
    if (const auto started = daemon.start(); !started) {
        fprintf(stderr, "quarterdeck-unitd: %s\n", qPrintable(started.error().text()));
        return started.error().code == qd::code::conflict ? 3 : 1;
    }
    sd_notify(0, "READY=1");
    const int status = QCoreApplication::exec();
    sd_notify(0, "STOPPING=1");
    return status;
}
