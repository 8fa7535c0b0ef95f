// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Charts

// A row of a DataTable.
Item {
    id: row

    required property var owner // a DataTable, which cannot be named here: it names this
    required property int index
    required property string key
    required property var cells
    required property int tone
    readonly property bool isCurrent: row.owner.model.currentKey === row.key

    height: Theme.rowHeight
    Accessible.role: Accessible.Row
    Accessible.name: row.cells.filter(one => one !== "").join(", ")
    Accessible.selected: row.isCurrent

    Rectangle {
        anchors.fill: parent
        anchors.leftMargin: Theme.xs
        anchors.rightMargin: Theme.xs
        radius: Theme.radiusSmall
        color: {
            if (row.isCurrent)
                return row.owner.activeFocus ? Theme.selected : Theme.selectedIdle;
            return pointer.hovered ? Theme.hover : "transparent";
        }
    }
    HoverHandler {
        id: pointer
    }
    TapHandler {
        onTapped: {
            row.owner.model.currentKey = row.key;
            row.owner.view.forceActiveFocus();
        }
        onDoubleTapped: row.owner.activated(row.key)
    }
    // One painted item a row: a row that scrolls is a picture that moves, and a row that shows
    // something else is painted once.
    CellsItem {
        x: Theme.md
        width: parent.width - x
        height: parent.height
        cells: row.cells
        columns: row.owner.painted
        tone: row.tone
        gap: Theme.lg
        toneColor: Theme.tone(row.tone)
        textColor: Theme.text
        quietColor: Theme.textMuted
        fontFamily: Theme.fontFamily
        monoFamily: Theme.monoFamily
        fontSize: Theme.body
        monoSize: Theme.small
    }
}
