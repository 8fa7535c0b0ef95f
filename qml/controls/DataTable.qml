// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
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
        list.positionViewAtIndex(row, ListView.Contain);
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

    ListView {
        id: list

        property real placeBefore: 0
        property string shownKey

        anchors.top: header.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        focus: true
        clip: true
        model: table.model
        currentIndex: table.model.currentRow
        highlightFollowsCurrentItem: false
        keyNavigationEnabled: false
        reuseItems: true
        cacheBuffer: 0
        boundsBehavior: Flickable.StopAtBounds
        pixelAligned: true
        Accessible.role: Accessible.Table
        Accessible.name: table.label

        ScrollBar.vertical: UiScrollBar {}

        Keys.onPressed: event => {
            const page = Math.max(1, Math.floor(list.height / Theme.rowHeight) - 1);
            const steps = ({
                    [Qt.Key_Down]: 1,
                    [Qt.Key_J]: 1,
                    [Qt.Key_Up]: -1,
                    [Qt.Key_K]: -1,
                    [Qt.Key_PageDown]: page,
                    [Qt.Key_PageUp]: -page,
                    [Qt.Key_Home]: -table.model.count,
                    [Qt.Key_End]: table.model.count
                });
            event.accepted = event.modifiers === Qt.NoModifier && event.key in steps;
            if (event.accepted)
                table.move(steps[event.key]);
        }
        Keys.onReturnPressed: table.activated(table.model.currentKey)

        delegate: TableRow {
            owner: table
            width: list.width
        }

        Connections {
            target: table.model

            // A model that is rebuilt puts the view back to its top: keep the place where it can.
            function onModelAboutToBeReset(): void {
                list.placeBefore = list.contentY;
            }
            function onModelReset(): void {
                const most = Math.max(0, list.count * Theme.rowHeight - list.height);
                list.contentY = Math.min(list.placeBefore, most);
            }
            // Another view may have chosen the row.
            function onCurrentChanged(): void {
                if (list.shownKey === table.model.currentKey || table.model.currentRow < 0)
                    return;
                list.shownKey = table.model.currentKey;
                list.positionViewAtIndex(table.model.currentRow, ListView.Contain);
            }
            function onFilterChanged(): void {
                list.contentY = 0;
            }
        }
    }
}
