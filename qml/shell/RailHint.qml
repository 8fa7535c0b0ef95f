// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A key and what it does, small.
Item {
    id: hint

    required property string keys
    required property string text

    width: parent.width
    height: 20

    UiText {
        anchors.verticalCenter: parent.verticalCenter
        text: hint.text
        color: Theme.textMuted
        font.pixelSize: Theme.small
    }
    KeyCap {
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        text: hint.keys
    }
}
