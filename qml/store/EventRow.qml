// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A change of a key: at which index, what was done, and what became of what.
Item {
    id: row

    required property bool current
    required property bool listFocused
    required property int index
    required property double eventIndex
    required property string action
    required property string key
    required property string before
    required property string after
    required property int tone
    property bool showKey: false
    readonly property string change: {
        if (row.before !== "" && row.after !== "")
            return row.before + " → " + row.after;
        return row.after !== "" ? row.after : row.before;
    }

    signal chosen

    height: row.showKey ? 42 : 26
    Accessible.role: Accessible.ListItem
    Accessible.name: "index " + Format.grouped(row.eventIndex) + ", " + row.action + ", " + row.key
                     + (row.change === "" ? "" : ", " + row.change)
    Accessible.selected: row.current

    Rectangle {
        anchors.fill: parent
        anchors.leftMargin: Theme.xs
        anchors.rightMargin: Theme.xs
        radius: Theme.radiusSmall
        color: {
            if (row.current)
                return row.listFocused ? Theme.selected : Theme.selectedIdle;
            return pointer.hovered ? Theme.hover : "transparent";
        }
    }
    HoverHandler {
        id: pointer
    }
    TapHandler {
        onTapped: row.chosen()
    }
    StateMark {
        x: Theme.md
        y: 13 - height / 2
        tone: row.tone
    }
    UiText {
        id: number

        x: 26
        width: 66
        height: 26
        text: Format.grouped(row.eventIndex)
        mono: true
        elide: Text.ElideLeft
        horizontalAlignment: Text.AlignRight
        Accessible.ignored: true
    }
    UiText {
        id: word

        x: number.x + number.width + Theme.md
        width: 120
        height: 26
        text: row.action
        color: Theme.tone(row.tone)
        font.pixelSize: Theme.small
        font.weight: Font.Medium
        Accessible.ignored: true
    }
    UiText {
        id: name

        x: word.x + word.width + Theme.sm
        width: parent.width - x - Theme.lg
        height: 26
        visible: row.showKey
        elide: Text.ElideMiddle
        text: row.key
        Accessible.ignored: true
    }
    UiText {
        x: row.showKey ? word.x : name.x
        y: row.showKey ? 20 : 0
        width: parent.width - x - Theme.lg
        height: row.showKey ? 20 : 26
        text: row.change
        mono: true
        color: Theme.textMuted
        Accessible.ignored: true
    }
}
