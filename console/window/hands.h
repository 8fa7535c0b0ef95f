// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <QString>

class QWindow;

/// Keys and clicks as the platform delivers them: shortcuts, focus and pointer handlers see what a
/// person's would be. For pictures, for `--drive`, and for tests.
namespace qd::window::hands {

/// "Ctrl+K", "Return", "S". False when it names no key.
bool press(QWindow *window, const QString &sequence);
void type(QWindow *window, const QString &text);
/// Presses and releases the left button there.
void click(QWindow *window, const QPointF &at);

} // namespace qd::window::hands
