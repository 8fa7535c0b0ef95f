// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A workspace's head: its title, how much it shows, and its tools on the right.
Item {
    id: bar

    property string title
    property string summary
    default property alias tools: toolRow.data

    implicitHeight: Theme.barHeight

    UiText {
        id: titleText

        x: Theme.lg
        anchors.verticalCenter: parent.verticalCenter
        text: bar.title
        font.pixelSize: Theme.heading
        font.weight: Font.DemiBold
        Accessible.role: Accessible.Heading
    }
    UiText {
        anchors.left: titleText.right
        anchors.leftMargin: Theme.md
        anchors.right: toolRow.left
        anchors.rightMargin: Theme.md
        anchors.verticalCenter: titleText.verticalCenter
        text: bar.summary
        color: Theme.textMuted
        font.pixelSize: Theme.small
    }
    Row {
        id: toolRow

        anchors.right: parent.right
        anchors.rightMargin: Theme.lg
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.sm
    }
    Rectangle {
        width: parent.width
        height: 1
        anchors.bottom: parent.bottom
        color: Theme.line
    }
}
