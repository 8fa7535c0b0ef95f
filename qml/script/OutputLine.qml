// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// A line that a script printed; one that names a line of the text leads there.
Item {
    id: row

    required property ScriptConsole script
    required property string line
    required property int kind // print, alert, error
    readonly property int target: row.kind === 2 ? row.script.lineNamedIn(row.line) : 0

    signal lineWanted(int line)

    height: Math.max(18, body.implicitHeight)
    Accessible.role: Accessible.ListItem
    Accessible.name: (row.kind === 2 ? "error: " : row.kind === 1 ? "alert: " : "") + row.line

    StateMark {
        x: Theme.md
        y: 4
        visible: row.kind > 0
        tone: row.kind === 2 ? Tone.Bad : Tone.Warn
    }
    UiText {
        id: body

        x: Theme.md + 18
        width: parent.width - x - Theme.md
        text: row.line
        mono: true
        wrapMode: Text.WrapAnywhere
        maximumLineCount: 200
        color: row.kind === 2 ? Theme.bad : row.kind === 1 ? Theme.warn : Theme.text
        font.underline: row.target > 0 && pointer.hovered
        Accessible.ignored: true
    }
    HoverHandler {
        id: pointer

        cursorShape: row.target > 0 ? Qt.PointingHandCursor : Qt.ArrowCursor
    }
    TapHandler {
        enabled: row.target > 0
        onTapped: row.lineWanted(row.target)
    }
}
