// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// What an import would do to one key.
Item {
    id: row

    required property var modelData

    height: 26
    Accessible.role: Accessible.ListItem
    Accessible.name: row.modelData.key + ", " + row.modelData.state
                     + (row.modelData.why ? ", " + row.modelData.why : "")

    StateMark {
        x: Theme.md
        anchors.verticalCenter: parent.verticalCenter
        tone: row.modelData.tone
    }
    UiText {
        x: 30
        width: 70
        height: parent.height
        text: row.modelData.state
        color: Theme.tone(row.modelData.tone)
        font.pixelSize: Theme.small
        font.weight: Font.Medium
        Accessible.ignored: true
    }
    UiText {
        x: 104
        width: parent.width - x - why.width - Theme.lg
        height: parent.height
        elide: Text.ElideMiddle
        text: row.modelData.dir ? row.modelData.key + "/" : row.modelData.key
        mono: true
        Accessible.ignored: true
    }
    UiText {
        id: why

        anchors.right: parent.right
        anchors.rightMargin: Theme.md
        height: parent.height
        text: row.modelData.why
        color: Theme.textMuted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
}
