// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// A key or a directory in the tree.
Item {
    id: row

    required property StoreTree tree
    required property bool treeFocused
    required property int index
    required property string key
    required property string name
    required property int depth
    required property bool dir
    required property bool expanded
    required property bool busy
    required property string preview
    required property double ttl
    readonly property bool isCurrent: row.tree.currentKey === row.key
    readonly property int indent: Theme.md + Math.min(row.depth, 12) * 18

    signal chosen

    height: 26
    Accessible.role: Accessible.TreeItem
    Accessible.name: {
        if (row.dir)
            return row.name + ", folder, " + (row.expanded ? "open" : "closed");
        const expires = row.ttl >= 0 ? ", expires in " + Format.span(row.ttl) : "";
        return (row.preview === "" ? row.name : row.name + ", " + row.preview) + expires;
    }
    Accessible.selected: row.isCurrent

    Rectangle {
        anchors.fill: parent
        anchors.leftMargin: Theme.xs
        anchors.rightMargin: Theme.xs
        radius: Theme.radiusSmall
        color: {
            if (row.isCurrent)
                return row.treeFocused ? Theme.selected : Theme.selectedIdle;
            return pointer.hovered ? Theme.hover : "transparent";
        }
    }
    HoverHandler {
        id: pointer
    }
    TapHandler {
        onTapped: eventPoint => {
            row.chosen();
            if (row.dir && eventPoint.position.x < row.indent + 18)
                row.tree.setExpanded(row.index, !row.expanded);
        }
        onDoubleTapped: eventPoint => {
            if (eventPoint.position.x >= row.indent + 18)
                row.tree.setExpanded(row.index, !row.expanded);
        }
    }
    Icon {
        visible: row.dir
        x: row.indent
        anchors.verticalCenter: parent.verticalCenter
        name: row.busy ? "refresh" : row.expanded ? "down" : "right"
        size: 11
    }
    Icon {
        x: row.indent + 18
        anchors.verticalCenter: parent.verticalCenter
        name: row.dir ? "folder" : "file"
        color: row.dir ? Theme.accent : Theme.textMuted
        size: 13
    }
    UiText {
        id: label

        x: row.indent + 38
        width: Math.min(implicitWidth, row.width - x - Theme.lg)
        height: parent.height
        text: row.name
        font.weight: row.dir ? Font.Medium : Font.Normal
        Accessible.ignored: true
    }
    UiText {
        anchors.left: label.right
        anchors.leftMargin: Theme.md
        anchors.right: lease.visible ? lease.left : parent.right
        anchors.rightMargin: Theme.md
        height: parent.height
        visible: width > 20
        text: row.preview
        mono: true
        color: Theme.textMuted
        Accessible.ignored: true
    }
    UiText {
        id: lease

        anchors.right: parent.right
        anchors.rightMargin: Theme.lg
        height: parent.height
        visible: row.ttl >= 0
        text: Format.span(row.ttl)
        color: Theme.warn
        font.pixelSize: Theme.caption
        Accessible.ignored: true
    }
}
