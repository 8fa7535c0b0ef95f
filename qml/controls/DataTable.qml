// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Charts
import Quarterdeck.Models

// A table over a LiveTable: a header that sorts, rows that are chosen by mouse or keyboard. The
// model keeps what is current, so that rows may come and go under the cursor.
FocusScope {
    id: table

    required property LiveTable model
    // {title, column, width (0 = takes what is left), kind: "text" | "state" | "mono" | "number"}
    required property var columns
    required property string label
    readonly property int fixedWidth: table.columns.reduce((sum, one) => sum + one.width, 0)
    readonly property int flexCount: table.columns.filter(one => one.width === 0).length
    readonly property real flexWidth: Math.max(
        120, (list.width - Theme.md * 2 - table.fixedWidth) / Math.max(1, table.flexCount))
    readonly property real lowest: Math.max(0, list.contentHeight - list.height)
    property alias view: list

    signal activated(string key)

    // The columns as a row paints them.
    readonly property var painted: table.columns.map(one => ({
                "column": one.column,
                "width": table.widthOf(one),
                "kind": one.kind,
                "quiet": one.quiet === true
            }))

    function widthOf(column: var): real {
        return column.width === 0 ? table.flexWidth : column.width;
    }
    function choose(row: int): void {
        if (row < 0 || row >= table.model.count)
            return;
        table.model.currentKey = table.model.keyAt(row);
        table.reveal(row);
    }
    function reveal(row: int): void {
        const top = row * Theme.rowHeight;
        list.contentY = Math.max(top + Theme.rowHeight - list.height, Math.min(list.contentY, top));
    }
    function move(rows: int): void {
        const from = table.model.currentRow;
        table.choose(from < 0 ? 0 : Math.max(0, Math.min(table.model.count - 1, from + rows)));
    }
    function sortBy(column: int): void {
        const again = table.model.sortColumn === column;
        table.model.sortBy(column, again && !table.model.sortDescending);
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.table
    }
    Rectangle {
        id: header

        width: parent.width
        height: Theme.rowHeight
        color: Theme.surface

        Row {
            x: Theme.md
            height: parent.height

            Repeater {
                model: table.columns

                TableHeaderCell {
                    required property var modelData

                    width: table.widthOf(modelData)
                    height: header.height
                    title: modelData.title
                    alignRight: modelData.kind === "number"
                    sorted: table.model.sortColumn === modelData.column
                    descending: table.model.sortDescending
                    onClicked: table.sortBy(modelData.column)
                }
            }
        }
        Rectangle {
            width: parent.width
            height: 1
            anchors.bottom: parent.bottom
            color: Theme.line
        }
    }

    // The flickable knows how far the table is scrolled; the rows in view stand still in it.
    Flickable {
        id: list

        readonly property int pageRows: Math.max(1, Math.floor(list.height / Theme.rowHeight) - 1)
        property string shownKey

        anchors.top: header.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        contentHeight: table.model.count * Theme.rowHeight
        focus: true
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        pixelAligned: true

        ScrollBar.vertical: UiScrollBar {}

        Keys.onPressed: event => {
            const steps = ({
                    [Qt.Key_Down]: 1,
                    [Qt.Key_J]: 1,
                    [Qt.Key_Up]: -1,
                    [Qt.Key_K]: -1,
                    [Qt.Key_PageDown]: list.pageRows,
                    [Qt.Key_PageUp]: -list.pageRows,
                    [Qt.Key_Home]: -table.model.count,
                    [Qt.Key_End]: table.model.count
                });
            event.accepted = event.modifiers === Qt.NoModifier && event.key in steps;
            if (event.accepted)
                table.move(steps[event.key]);
        }
        Keys.onReturnPressed: table.activated(table.model.currentKey)

        TableRows {
            id: rows

            y: list.contentY
            width: list.width
            height: list.height
            model: table.model
            label: table.label
            offset: list.contentY
            rowHeight: Theme.rowHeight
            currentRow: table.model.currentRow
            hoveredRow: pointer.hovered ? rows.rowAt(pointer.point.position.y) : -1
            columns: table.painted
            look: ({
                    "ground": Theme.table,
                    "hover": Theme.hover,
                    "current": table.activeFocus ? Theme.selected : Theme.selectedIdle,
                    "text": Theme.text,
                    "quiet": Theme.textMuted,
                    "tones": Theme.tones,
                    "fontFamily": Theme.fontFamily,
                    "monoFamily": Theme.monoFamily,
                    "fontSize": Theme.body,
                    "monoSize": Theme.small,
                    "margin": Theme.md,
                    "gap": Theme.lg,
                    "inset": Theme.xs,
                    "radius": Theme.radiusSmall
                })
            Accessible.role: Accessible.Table

            HoverHandler {
                id: pointer
            }
            TapHandler {
                onTapped: eventPoint => {
                    table.choose(rows.rowAt(eventPoint.position.y));
                    list.forceActiveFocus();
                }
                onDoubleTapped: eventPoint => {
                    if (rows.rowAt(eventPoint.position.y) >= 0)
                        table.activated(table.model.currentKey);
                }
            }
        }
        Connections {
            target: table.model

            // Another view may have chosen the row.
            function onCurrentChanged(): void {
                if (list.shownKey === table.model.currentKey || table.model.currentRow < 0)
                    return;
                list.shownKey = table.model.currentKey;
                table.reveal(table.model.currentRow);
            }
            function onFilterChanged(): void {
                list.contentY = 0;
            }
            // Flickable itself does not go back when what it shows has become shorter.
            function onCountChanged(): void {
                list.contentY = Math.min(list.contentY, table.lowest);
            }
        }
    }
}
