// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Every member's log on one scale: the newest entries (so that a lag of a few can be seen), or all.
Panel {
    id: logs

    required property RaftModel raft
    property bool whole: false
    readonly property real last: logs.raft.lastIndex
    readonly property real first: logs.raft.firstIndex
    // At least 100 entries, and twice the lag of the slowest member that answers.
    readonly property real tail: logs.round(Math.max(100, logs.raft.widestLag * 2))
    readonly property real from: {
        return logs.whole ? logs.first : Math.max(logs.first, logs.last - logs.tail);
    }

    function round(number: real): real {
        const power = Math.pow(10, Math.floor(Math.log10(number)));
        return [1, 2, 5, 10].map(step => step * power).find(step => step >= number);
    }

    title: "Logs"
    note: "entries " + Format.grouped(logs.from) + " to " + Format.grouped(logs.last)
    tools: [
        Row {
            height: logs.headHeight
            spacing: Theme.md

            LegendItem {
                text: "applied"
                swatch: Theme.busy
            }
            LegendItem {
                text: "committed"
                swatch: Theme.busy
                soft: true
            }
            LegendItem {
                text: "not committed"
                swatch: Theme.warn
                outlined: true
            }
        },
        Segmented {
            objectName: "logScale"
            anchors.verticalCenter: parent.verticalCenter
            label: "Scale of the logs"
            value: logs.whole ? "whole" : "tail"
            choices: [
                {
                    "value": "tail",
                    "text": "Newest"
                },
                {
                    "value": "whole",
                    "text": "Whole log"
                }
            ]
            onChosen: value => logs.whole = value === "whole"
        }
    ]

    Column {
        width: parent.width

        Repeater {
            model: logs.raft.members

            LogStrip {
                width: parent.width
                from: logs.from
                to: logs.last
            }
        }
    }
}
