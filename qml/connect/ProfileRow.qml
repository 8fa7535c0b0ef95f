// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A cluster that can be opened.
Rectangle {
    id: row

    required property var modelData
    property bool current: false

    signal opened(string name)
    signal forgotten(string name)

    function open(): void {
        row.opened(row.modelData.name);
    }

    height: 54
    radius: Theme.radius
    color: row.current ? Theme.selected : pointer.hovered ? Theme.hover : Theme.sunken
    border.color: row.current ? Theme.focus : Theme.line
    Accessible.role: Accessible.ListItem
    Accessible.name: row.modelData.name + ", " + row.modelData.address
    Accessible.onPressAction: row.open()

    HoverHandler {
        id: pointer
    }
    TapHandler {
        onTapped: row.open()
    }
    Icon {
        x: Theme.lg
        anchors.verticalCenter: parent.verticalCenter
        name: "nodes"
        color: Theme.accent
    }
    Column {
        x: 44
        width: parent.width - x - 50
        anchors.verticalCenter: parent.verticalCenter
        spacing: 2

        UiText {
            width: parent.width
            text: row.modelData.name
            font.weight: Font.DemiBold
            Accessible.ignored: true
        }
        UiText {
            readonly property string cluster: row.modelData.clusterName

            width: parent.width
            text: (cluster !== row.modelData.name ? cluster + "  ·  " : "") + row.modelData.address
            color: Theme.textMuted
            font.pixelSize: Theme.small
            Accessible.ignored: true
        }
    }
    UiButton {
        anchors.right: parent.right
        anchors.rightMargin: Theme.sm
        anchors.verticalCenter: parent.verticalCenter
        ghost: true
        glyph: "trash"
        hint: "Forget " + row.modelData.name
        onClicked: row.forgotten(row.modelData.name)
    }
}
