// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Charts
import Quarterdeck.Models

// Who led when, on a time axis: a lane a member, a mark an election.
Panel {
    id: panel

    required property RaftHistory history
    readonly property int labelWidth: 120
    readonly property int laneStep: chart.laneHeight + chart.laneGap
    readonly property string summary: {
        const all = panel.history.elections;
        if (all.length === 0)
            return "no election since this console watches";
        const newest = all[all.length - 1];
        const count = all.length === 1 ? "1 election, " : all.length + " elections, the last one ";
        const name = newest.name || "a member without a name";
        return count + panel.ago(newest.ago) + ": " + name + " in term " + newest.term;
    }

    function ago(seconds: int): string {
        return seconds < 90 ? seconds + " s ago" : Math.round(seconds / 60) + " min ago";
    }

    title: "Elections"
    note: panel.summary
    implicitHeight: panel.headHeight + chart.height + Theme.sm
    tools: [
        Row {
            height: panel.headHeight
            spacing: Theme.md

            LegendItem {
                text: "leads"
                swatch: Theme.good
            }
            LegendItem {
                text: "follows"
                swatch: Theme.lineStrong
            }
            LegendItem {
                text: "stands for election"
                swatch: Theme.warn
            }
            LegendItem {
                text: "not reachable"
                swatch: Theme.bad
            }
        }
    ]

    Repeater {
        model: panel.history.lanes

        UiText {
            required property int index
            required property var modelData

            y: chart.headHeight + index * panel.laneStep
            width: panel.labelWidth - Theme.md
            height: panel.laneStep
            text: modelData.name || "(no name)"
            font.pixelSize: Theme.small
        }
    }
    LaneChart {
        id: chart

        x: panel.labelWidth
        width: parent.width - x
        height: headHeight + panel.history.lanes.length * panel.laneStep + footHeight
        lanes: panel.history.lanes
        elections: panel.history.elections
        windowSeconds: panel.history.windowSeconds
        laneHeight: 16
        laneGap: 8
        headHeight: 18
        footHeight: 18
        colors: [Theme.neutral, Theme.good, Theme.busy, Theme.warn, Theme.bad]
        grounds: [
            Theme.lineStrong, Theme.goodGround, Theme.busyGround, Theme.warnGround, Theme.badGround
        ]
        gridColor: Theme.line
        textColor: Theme.textMuted
        markColor: Theme.text
        fontFamily: Theme.fontFamily
        fontSize: Theme.caption
        Accessible.role: Accessible.Chart
        Accessible.name: "Elections: " + panel.summary

        HoverHandler {
            id: pointer
        }
        ChartNote {
            readonly property point place: pointer.point.position
            readonly property var span: pointer.hovered ? chart.spanAt(place.x, place.y) : ({})

            shown: span.role !== undefined
            at: pointer.point.position.x
            room: chart.width
            text: shown ? span.name + ": " + span.role + ", term " + span.term : ""
        }
    }
}
