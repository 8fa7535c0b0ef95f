// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

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
    Row {
        x: Theme.md
        height: parent.height

        Repeater {
            model: row.owner.columns

            Item {
                id: cell

                required property var modelData
                readonly property string kind: cell.modelData.kind

                width: row.owner.widthOf(cell.modelData)
                height: row.height

                StateMark {
                    visible: cell.kind === "state"
                    anchors.verticalCenter: parent.verticalCenter
                    tone: row.tone
                }
                UiText {
                    x: cell.kind === "state" ? 16 : 0
                    width: parent.width - x - (cell.kind === "number" ? Theme.xl : Theme.lg)
                    height: parent.height
                    text: row.cells[cell.modelData.column] ?? ""
                    mono: cell.kind === "mono" || cell.kind === "number"
                    maximumLineCount: 1
                    horizontalAlignment: cell.kind === "number" ? Text.AlignRight : Text.AlignLeft
                    color: {
                        if (cell.kind === "state")
                            return Theme.tone(row.tone);
                        return cell.modelData.quiet ? Theme.textMuted : Theme.text;
                    }
                    Accessible.ignored: true
                }
            }
        }
    }
}
