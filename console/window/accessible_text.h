// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QWindow;

namespace qd::window {

/// What a screen reader would find in the window: a line an item, indented by depth, "role: name",
/// with its value and marks (selected, disabled, focused). Items that cannot be seen are left out.
/// Accessibility must have been switched on before the items were made.
QString accessibleText(QWindow *window);

} // namespace qd::window
