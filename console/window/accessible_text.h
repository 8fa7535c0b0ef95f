// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <QString>
#include <optional>

class QWindow;

/// The window as a screen reader finds it. Accessibility must have been switched on before the
/// items were made.
namespace qd::window {

/// A line an item, indented by depth: "role: name", with its value and marks (selected, disabled,
/// focus). Items that cannot be seen are left out.
QString accessibleText(QWindow *window);

/// The middle of the item of this role ("button", "field" ...) and name, in the window's
/// coordinates; of several the topmost. The whole name counts first, then its beginning. Nothing
/// when there is none that can be used.
std::optional<QPointF> placeOf(QWindow *window, const QString &role, const QString &name);

/// Writes NAME.png and NAME.txt (the accessible text) into the folder; false when it cannot.
bool takePicture(QWindow *window, const QString &folder, const QString &name);

} // namespace qd::window
