// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QStringList>

namespace qd::units {

/// How quarterdeck-unitd was asked to run.
struct DaemonOptions {
    QString run = QStringLiteral("/run/quarterdeck");
    QString log = QStringLiteral("/var/log");
    QString stamps = QStringLiteral("/var/lib/systemd/timers"); ///< last times of timers
    QString systemBus;          ///< the socket of a message bus to join; empty = none
    QString power;              ///< the pipe to the machine's power; empty = it has none
    bool isContainer = false;   ///< not the machine itself
    QString kernelLog;          ///< whose messages go to the journal; empty = none
    QStringList privateSockets; ///< besides <run>/unitd.sock
    QStringList unitPaths;      ///< highest priority first
    QString target = QStringLiteral("default.target"); ///< empty: start nothing
    bool help = false;
    bool version = false;

    /// Where enabling makes its links: the first folder that a restart of the machine keeps.
    QString persistentUnits() const;
    /// The same until the next start of the machine: the first folder below /run or the run folder.
    QString runtimeUnits() const;

private:
    bool isRuntime(const QString &folder) const;
};

/// The words after the program's name. Error: an unknown flag, a flag without its value.
Result<DaemonOptions> parseDaemonOptions(const QStringList &words);
QString daemonHelp();

} // namespace qd::units
