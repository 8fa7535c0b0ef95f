// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck

// Text with line numbers, and marks at the lines that have something to say.
// marks: {line (from 1), severity: "Error" | "Warning", message}
FocusScope {
    id: editor

    required property string label
    property alias text: area.text
    property alias area: area
    property bool readOnly: false
    property var marks: []
    readonly property var markOfLine: {
        const out = {};
        for (const mark of editor.marks)
            if (!(mark.line in out) || mark.severity === "Error")
                out[mark.line] = mark;
        return out;
    }
    readonly property real lineHeight: area.contentHeight / Math.max(1, area.lineCount)

    signal edited(string text)

    function goToLine(line: int): void {
        const lines = area.text.split("\n").slice(0, Math.max(0, line - 1));
        area.cursorPosition = Math.min(area.length, lines.join("\n").length + (line > 1 ? 1 : 0));
        area.forceActiveFocus();
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.sunken
    }
    Flickable {
        id: flick

        anchors.fill: parent
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        contentWidth: Math.max(width, gutter.width + area.implicitWidth)
        contentHeight: Math.max(height, area.implicitHeight)

        ScrollBar.vertical: UiScrollBar {}
        ScrollBar.horizontal: UiScrollBar {}

        EditorGutter {
            id: gutter

            markOfLine: editor.markOfLine
            lineHeight: editor.lineHeight
            lineCount: area.lineCount
            topPadding: area.topPadding
            height: flick.contentHeight
            currentLine: area.text.slice(0, area.cursorPosition).split("\n").length
        }
        TextArea {
            id: area

            x: gutter.width
            width: flick.contentWidth - gutter.width
            height: flick.contentHeight
            focus: true
            padding: Theme.sm
            readOnly: editor.readOnly
            textFormat: TextEdit.PlainText
            wrapMode: TextEdit.NoWrap
            selectByMouse: true
            color: Theme.text
            selectionColor: Theme.accent
            selectedTextColor: Theme.textOnAccent
            placeholderTextColor: Theme.textMuted
            font.family: Theme.monoFamily
            font.pixelSize: Theme.body
            background: Item {}
            Accessible.name: editor.label
            onTextChanged: editor.edited(area.text)
            onCursorRectangleChanged: {
                const y = area.cursorRectangle.y;
                if (y < flick.contentY)
                    flick.contentY = y;
                else if (y + editor.lineHeight * 2 > flick.contentY + flick.height)
                    flick.contentY = Math.max(0, y + editor.lineHeight * 2 - flick.height);
            }
        }
    }
}
