// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// What is wrong with members and does not pass by itself, above everything else.
Rectangle {
    id: list

    required property RaftModel raft
    readonly property var alarms: list.raft.alarms

    visible: list.alarms.length > 0
    implicitHeight: rows.height + Theme.md * 2
    radius: Theme.radius
    color: Theme.toneGround(Tone.Bad)
    Accessible.role: Accessible.AlertMessage
    Accessible.name: "Alarms: " + list.alarms.map(one => one.text).join(". ")

    Column {
        id: rows

        x: Theme.lg
        y: Theme.md
        width: parent.width - Theme.lg * 2
        spacing: Theme.sm

        Repeater {
            model: list.alarms

            Item {
                id: row

                required property var modelData

                width: rows.width
                height: Math.max(18, sentence.height)

                StateMark {
                    id: mark

                    y: 3
                    tone: Tone.Bad
                }
                UiText {
                    id: sentence

                    anchors.left: mark.right
                    anchors.leftMargin: Theme.sm
                    anchors.right: since.left
                    anchors.rightMargin: Theme.lg
                    text: Format.oneLine(row.modelData.text)
                    color: Theme.tone(Tone.Bad)
                    font.weight: Font.Medium
                    wrapMode: Text.WordWrap
                    Accessible.ignored: true
                }
                UiText {
                    id: since

                    anchors.right: parent.right
                    text: "since " + Qt.formatDateTime(row.modelData.since, "d MMM yyyy, HH:mm:ss")
                    color: Theme.text
                    font.pixelSize: Theme.small
                    Accessible.ignored: true
                }
            }
        }
    }
}
