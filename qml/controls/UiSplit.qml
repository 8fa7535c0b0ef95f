// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import Quarterdeck

// Panes side by side, or one above the other.
SplitView {
    id: split

    handle: Rectangle {
        implicitWidth: 1
        implicitHeight: 1
        color: T.SplitHandle.hovered || T.SplitHandle.pressed ? Theme.accent : Theme.line

        containmentMask: Item {
            x: split.orientation === Qt.Horizontal ? -4 : 0
            y: split.orientation === Qt.Horizontal ? 0 : -4
            width: split.orientation === Qt.Horizontal ? 9 : split.width
            height: split.orientation === Qt.Horizontal ? split.height : 9
        }
    }
}
