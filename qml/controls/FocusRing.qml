// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// The mark of the item that has the keyboard.
Rectangle {
    property bool shown: false

    anchors.fill: parent
    anchors.margins: -2
    radius: Theme.radius + 1
    color: "transparent"
    border.width: 2
    border.color: Theme.focus
    visible: shown
}
