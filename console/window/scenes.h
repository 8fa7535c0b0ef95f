// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/demo/demo_connector.h"
#include "console/window/stage.h"

#include <functional>

namespace qd::window {

/// One picture of the console: which invented cluster, and what is done before the picture.
struct Scene {
    QString name;
    QString kind; ///< of demo::DemoData; "offline" = the connection screen
    std::function<void(Stage &, demo::DemoConnector &)> arrange;
    QStringList acts; ///< of Driver, played after that
};

/// Every view, in each of its states. A new view is added to scenes.cpp.
QList<Scene> allScenes();

/// Takes the pictures one after another into `folder`: NAME.png, and NAME.txt with the view's
/// accessible text. `done` gets the trouble, if any.
void takePictures(
    const QString &folder, const QString &filter, bool dark, const QSize &size,
    std::function<void(const Result<void> &)> done);

} // namespace qd::window
