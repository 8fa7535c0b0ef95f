// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// The left edge: where one can go, and how many of what need a look.
Rectangle {
    id: rail

    required property ConsoleSession session
    required property var places
    required property int current
    readonly property var counts: [
        rail.session.nodes.total - rail.session.nodes.readyCount,
        rail.session.units.failedCount,
        Object.keys(rail.session.raft.leader).length === 0 && rail.session.raft.total > 0 ? 1 : 0,
        0,
        0
    ]

    signal chosen(int place)

    color: Theme.surface

    Row {
        x: Theme.lg
        height: Theme.barHeight
        spacing: Theme.sm

        Logo {
            anchors.verticalCenter: parent.verticalCenter
        }
        UiText {
            anchors.verticalCenter: parent.verticalCenter
            text: "Quarterdeck"
            font.weight: Font.DemiBold
        }
    }
    Column {
        y: Theme.barHeight + Theme.sm
        width: parent.width
        spacing: 2

        Repeater {
            model: rail.places

            NavItem {
                required property int index
                required property var modelData

                x: Theme.sm
                width: rail.width - Theme.sm * 2
                text: modelData.title
                glyph: modelData.glyph
                keys: "Ctrl " + (index + 1)
                alerts: rail.counts[index]
                chosen: rail.current === index
                onClicked: rail.chosen(index)
            }
        }
    }
    Column {
        x: Theme.lg
        width: parent.width - Theme.lg * 2
        anchors.bottom: parent.bottom
        anchors.bottomMargin: Theme.lg
        spacing: 6

        RailHint {
            keys: "Ctrl K"
            text: "Commands"
        }
        RailHint {
            keys: "/"
            text: "Filter"
        }
        RailHint {
            keys: "?"
            text: "Keys of this view"
        }
    }
    Rectangle {
        anchors.right: parent.right
        width: 1
        height: parent.height
        color: Theme.line
    }
}
