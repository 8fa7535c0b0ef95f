// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A key of the keyboard.
Rectangle {
    id: cap

    property alias text: label.text

    implicitWidth: Math.max(label.implicitWidth + 10, 18)
    implicitHeight: 18
    radius: Theme.radiusSmall
    color: Theme.neutralGround
    border.color: Theme.lineStrong

    UiText {
        id: label

        anchors.centerIn: parent
        color: Theme.textMuted
        font.pixelSize: Theme.caption
        font.weight: Font.Medium
    }
}
