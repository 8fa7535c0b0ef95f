// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A part of a workspace on a ground of its own: a heading, a note at its right, and what it shows.
Rectangle {
    id: panel

    required property string title
    property string note
    property alias tools: toolRow.data
    default property alias content: body.data
    readonly property int headHeight: 36

    implicitHeight: panel.headHeight + body.childrenRect.height + Theme.md
    radius: Theme.radius
    color: Theme.surface
    border.color: Theme.line
    Accessible.role: Accessible.Grouping
    Accessible.name: panel.title

    UiText {
        id: heading

        x: Theme.lg
        height: panel.headHeight
        text: panel.title
        font.weight: Font.DemiBold
        Accessible.role: Accessible.Heading
    }
    UiText {
        anchors.left: heading.right
        anchors.leftMargin: Theme.md
        anchors.right: toolRow.left
        anchors.rightMargin: Theme.md
        height: panel.headHeight
        text: panel.note
        color: Theme.textMuted
        font.pixelSize: Theme.small
    }
    Row {
        id: toolRow

        anchors.right: parent.right
        anchors.rightMargin: Theme.lg
        height: panel.headHeight
        spacing: Theme.md
    }
    Item {
        id: body

        x: Theme.lg
        y: panel.headHeight
        width: panel.width - Theme.lg * 2
        height: panel.height - y - Theme.md
    }
}
