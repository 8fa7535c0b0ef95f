// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Line numbers; a line with a mark has its shape instead of a bare number.
Item {
    id: gutter

    required property var markOfLine // line number: {severity, message}
    required property real lineHeight
    required property int lineCount
    required property real topPadding
    required property int currentLine

    width: 58

    Rectangle {
        anchors.fill: parent
        anchors.rightMargin: Theme.xs
        color: Theme.surface
    }
    Repeater {
        model: gutter.lineCount

        Item {
            id: line

            required property int index
            readonly property var mark: gutter.markOfLine[line.index + 1] ?? null

            y: gutter.topPadding + line.index * gutter.lineHeight
            width: gutter.width
            height: gutter.lineHeight

            StateMark {
                visible: line.mark !== null
                x: Theme.sm
                anchors.verticalCenter: parent.verticalCenter
                tone: line.mark && line.mark.severity === "Error" ? Tone.Bad : Tone.Warn
            }
            UiText {
                anchors.right: parent.right
                anchors.rightMargin: Theme.md
                height: parent.height
                text: line.index + 1
                mono: true
                color: line.index + 1 === gutter.currentLine ? Theme.text : Theme.textMuted
                Accessible.ignored: line.mark === null
                Accessible.name: line.mark ? "Line " + text + ": " + line.mark.message : text
            }
        }
    }
}
