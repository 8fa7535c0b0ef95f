// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// What a colour of a chart stands for.
Row {
    id: item

    required property string text
    required property color swatch
    property bool soft: false
    property bool outlined: false
    property int limit: 120

    height: 36
    spacing: 5

    Rectangle {
        anchors.verticalCenter: parent.verticalCenter
        width: 10
        height: 10
        radius: 2
        color: item.outlined ? "transparent" : item.swatch
        opacity: item.soft ? 0.45 : 1
        border.width: item.outlined ? 1 : 0
        border.color: item.swatch
    }
    UiText {
        height: parent.height
        width: Math.min(implicitWidth, item.limit)
        text: item.text
        color: Theme.textMuted
        font.pixelSize: Theme.small
    }
}
