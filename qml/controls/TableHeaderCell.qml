// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck

// A column's title: sorts by it, and shows by an arrow that it does.
AbstractButton {
    id: cell

    required property string title
    property bool sorted: false
    property bool descending: false
    property bool alignRight: false

    focusPolicy: Qt.TabFocus
    Accessible.role: Accessible.ColumnHeader
    Accessible.name: {
        const order = cell.descending ? ", sorted, largest first" : ", sorted";
        return cell.title + (cell.sorted ? order : "");
    }

    contentItem: Item {
        UiText {
            id: label

            anchors.verticalCenter: parent.verticalCenter
            x: cell.alignRight ? parent.width - width - (cell.sorted ? 16 : 0) - Theme.lg : 0
            width: Math.min(implicitWidth, parent.width - 16)
            text: cell.title
            color: cell.sorted || cell.hovered ? Theme.text : Theme.textMuted
            font.pixelSize: Theme.small
            font.weight: Font.Medium
            Accessible.ignored: true
        }
        Icon {
            anchors.left: label.right
            anchors.leftMargin: 4
            anchors.verticalCenter: parent.verticalCenter
            visible: cell.sorted
            name: cell.descending ? "down" : "up"
            size: 10
        }
        FocusRing {
            shown: cell.visualFocus
            anchors.margins: 2
        }
    }
}
