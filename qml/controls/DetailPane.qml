// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// The pane beside a table: the name of the thing, its state, and what its view puts below.
FocusScope {
    id: pane

    required property string title
    property string subtitle
    property string stateText
    property int tone: 0
    property string closeHint: "Close the details (Esc)"
    readonly property real headHeight: head.height

    signal closed

    Accessible.role: Accessible.Pane
    Accessible.name: "Details of " + pane.title

    Rectangle {
        anchors.fill: parent
        color: Theme.surface
    }
    Item {
        id: head

        width: parent.width
        height: Math.max(Theme.barHeight, words.implicitHeight + Theme.md * 2)

        Column {
            id: words

            x: Theme.lg
            width: parent.width - x - tools.width - Theme.lg
            anchors.verticalCenter: parent.verticalCenter
            spacing: 3

            UiText {
                width: parent.width
                text: pane.title
                font.pixelSize: Theme.heading
                font.weight: Font.DemiBold
                wrapMode: Text.WrapAnywhere
                maximumLineCount: 3
                Accessible.role: Accessible.Heading
            }
            UiText {
                width: parent.width
                visible: text !== ""
                text: pane.subtitle
                color: Theme.textMuted
                font.pixelSize: Theme.small
                wrapMode: Text.Wrap
                maximumLineCount: 2
            }
        }
        Row {
            id: tools

            anchors.right: parent.right
            anchors.rightMargin: Theme.sm
            y: 9
            spacing: Theme.sm

            StatePill {
                anchors.verticalCenter: parent.verticalCenter
                visible: pane.stateText !== ""
                tone: pane.tone
                text: pane.stateText
            }
            UiButton {
                objectName: "closeDetails"
                ghost: true
                glyph: "close"
                hint: pane.closeHint
                onClicked: pane.closed()
            }
        }
    }
}
