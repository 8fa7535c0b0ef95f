// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck

// One of two values side by side, to read and to copy from.
Item {
    id: side

    required property string title
    required property string text
    property string absent // said instead, when there is no value
    property string note

    UiText {
        id: heading

        height: 24
        text: side.title
        font.pixelSize: Theme.small
        font.weight: Font.DemiBold
        Accessible.role: Accessible.Heading
    }
    UiText {
        anchors.right: parent.right
        anchors.left: heading.right
        anchors.leftMargin: Theme.sm
        height: 24
        horizontalAlignment: Text.AlignRight
        text: side.note
        color: Theme.textMuted
        font.pixelSize: Theme.small
    }
    Rectangle {
        anchors.top: heading.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        radius: Theme.radius
        color: Theme.sunken
        border.color: Theme.line
        clip: true

        FocusRing {
            shown: content.activeFocus
        }
        Flickable {
            anchors.fill: parent
            anchors.margins: 1
            clip: true
            boundsBehavior: Flickable.StopAtBounds
            contentWidth: width
            contentHeight: content.implicitHeight

            ScrollBar.vertical: UiScrollBar {}

            TextEdit {
                id: content

                width: parent.width
                padding: Theme.sm
                readOnly: true
                selectByMouse: true
                activeFocusOnTab: true
                textFormat: TextEdit.PlainText
                wrapMode: TextEdit.WrapAtWordBoundaryOrAnywhere
                text: side.text
                color: Theme.text
                selectionColor: Theme.accent
                selectedTextColor: Theme.textOnAccent
                font.family: Theme.monoFamily
                font.pixelSize: Theme.small
                Accessible.role: Accessible.EditableText
                Accessible.readOnly: true
                Accessible.name: side.title + " value"
            }
        }
        UiText {
            anchors.centerIn: parent
            width: parent.width - Theme.lg * 2
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            maximumLineCount: 3
            visible: text !== ""
            text: side.absent !== "" ? side.absent : side.text === "" ? "The value is empty." : ""
            color: Theme.textMuted
        }
    }
}
