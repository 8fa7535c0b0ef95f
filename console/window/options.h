// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QSize>
#include <QStringList>
#include <optional>

namespace qd::window {

/// What the console's command line says.
struct Options {
    QString configFolder;
    QString profile;       ///< opened at once; empty = the connection screen
    QString demoKind;      ///< an invented cluster instead of a real one; empty = real
    QString screenshotDir; ///< pictures of every view, then the end
    QString sceneFilter;   ///< only the scenes whose name contains this
    QString driveFile;     ///< keys and clicks to play, then the end
    bool local = false;    ///< host a local cluster and open it
    int localNodes = 0;    ///< not said: as the nodes are, or three
    QString localDir;
    QString localBase;
    std::optional<bool> dark; ///< no value: as the user left it
    QSize size{1280, 800};
};

/// code::badInput says in a sentence what is wrong. Handles --help and --version (and ends).
Result<Options> readOptions(const QStringList &arguments);

} // namespace qd::window
