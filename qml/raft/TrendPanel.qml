// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Charts

// A figure second by second over the last minutes.
Panel {
    id: panel

    required property var series
    required property int samples
    required property string unit
    property bool filled: false
    property bool legend: false
    property int decimals: 0
    readonly property var newest: panel.series.map(one => one.values[one.values.length - 1])

    function textOf(value: var): string {
        const known = value !== undefined && value >= 0;
        return known ? value.toFixed(panel.decimals) + " " + panel.unit : "–";
    }
    function noteAt(x: real): string {
        let out = chart.secondsAt(x) + " s ago";
        panel.series.forEach((one, index) => {
            const value = panel.textOf(chart.valueAt(index, x));
            out += "\n" + (one.name ? one.name + ": " + value : value);
        });
        return out;
    }

    tools: [
        Row {
            height: panel.headHeight
            spacing: Theme.md
            visible: panel.legend

            Repeater {
                model: panel.legend ? panel.series.slice(0, 5) : []

                LegendItem {
                    required property int index
                    required property var modelData

                    text: modelData.name || "(no name)"
                    swatch: Theme.series[index % Theme.series.length]
                    limit: 80
                }
            }
        }
    ]

    TimeChart {
        id: chart

        anchors.fill: parent
        series: panel.series
        samples: panel.samples
        unit: panel.unit
        filled: panel.filled
        colors: Theme.series
        gridColor: Theme.line
        textColor: Theme.textMuted
        fontFamily: Theme.fontFamily
        fontSize: Theme.caption
        Accessible.role: Accessible.Chart
        Accessible.name: {
            return panel.title + ", now " + panel.newest.map(one => panel.textOf(one)).join(", ");
        }

        HoverHandler {
            id: pointer
        }
        Rectangle {
            visible: pointer.hovered
            x: Math.round(pointer.point.position.x)
            width: 1
            height: parent.height
            color: Theme.lineStrong
        }
        ChartNote {
            shown: pointer.hovered
            at: pointer.point.position.x
            room: chart.width
            text: shown ? panel.noteAt(pointer.point.position.x) : ""
        }
    }
}
