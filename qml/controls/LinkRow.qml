// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck

// A thing that another view shows: leads there.
AbstractButton {
    id: link

    required property int tone
    required property string note

    implicitHeight: 28
    hoverEnabled: true
    Accessible.role: Accessible.Link
    Accessible.name: link.text + ", " + link.note
    Keys.onReturnPressed: link.clicked()

    contentItem: Item {
        StateMark {
            x: Theme.xs
            anchors.verticalCenter: parent.verticalCenter
            tone: link.tone
        }
        UiText {
            x: 22
            width: parent.width - x - noteText.width - Theme.md
            anchors.verticalCenter: parent.verticalCenter
            text: Format.oneLine(link.text)
            maximumLineCount: 1
            color: link.hovered ? Theme.accent : Theme.text
            Accessible.ignored: true
        }
        UiText {
            id: noteText

            anchors.right: parent.right
            anchors.rightMargin: Theme.xs
            anchors.verticalCenter: parent.verticalCenter
            text: link.note
            color: Theme.textMuted
            font.pixelSize: Theme.small
            Accessible.ignored: true
        }
    }
    background: Rectangle {
        radius: Theme.radiusSmall
        color: link.hovered ? Theme.hover : "transparent"

        FocusRing {
            shown: link.visualFocus
            anchors.margins: 0
        }
    }
}
