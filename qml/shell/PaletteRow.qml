// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A command that matches.
Rectangle {
    id: row

    required property int index
    required property var modelData
    property bool current: false

    signal chosen

    height: 34
    radius: Theme.radius
    color: row.current ? Theme.selected : pointer.hovered ? Theme.hover : "transparent"
    Accessible.role: Accessible.ListItem
    Accessible.name: row.modelData.text
    Accessible.selected: row.current

    HoverHandler {
        id: pointer
    }
    TapHandler {
        onTapped: row.chosen()
    }
    Icon {
        x: Theme.md
        anchors.verticalCenter: parent.verticalCenter
        name: row.modelData.glyph
    }
    UiText {
        x: 38
        width: parent.width - x - note.width - Theme.xl
        anchors.verticalCenter: parent.verticalCenter
        text: row.modelData.text
        Accessible.ignored: true
    }
    UiText {
        id: note

        anchors.right: parent.right
        anchors.rightMargin: Theme.md
        anchors.verticalCenter: parent.verticalCenter
        text: row.modelData.note
        color: Theme.textMuted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
}
