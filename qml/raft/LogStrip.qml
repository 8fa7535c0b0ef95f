// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// One member's log, to the scale of the others': applied full, committed lighter, not yet committed
// outlined; from its end to the leader's a broken line, and the lag in entries.
Item {
    id: strip

    required property var modelData
    required property real from // the index at the left edge
    required property real to // at the right edge
    readonly property real scale_: bar.width / Math.max(1, strip.to - strip.from)
    readonly property bool behindWindow: strip.modelData.lastIndex < strip.from
    readonly property string lagText: {
        if (!strip.modelData.reachable)
            return "not reachable";
        const lag = strip.modelData.lag;
        return lag === 0 ? "up to date" : Format.grouped(lag) + " behind";
    }

    function place(index: real): real {
        return Math.max(0, Math.min(bar.width, (index - strip.from) * strip.scale_));
    }

    height: 34
    Accessible.role: Accessible.ListItem
    Accessible.name: strip.modelData.nodeName + ", " + strip.modelData.role + ", last entry "
                     + Format.grouped(strip.modelData.lastIndex) + ", committed "
                     + Format.grouped(strip.modelData.commitIndex) + ", applied "
                     + Format.grouped(strip.modelData.appliedIndex) + ", " + strip.lagText

    StateMark {
        anchors.verticalCenter: parent.verticalCenter
        tone: strip.modelData.tone
    }
    UiText {
        x: 18
        width: 96
        height: parent.height
        text: strip.modelData.nodeName || "(no name)"
        font.weight: Font.Medium
        Accessible.ignored: true
    }
    UiText {
        x: 118
        width: 66
        height: parent.height
        text: strip.modelData.role
        color: Theme.tone(strip.modelData.tone)
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
    Rectangle {
        id: bar

        x: 188
        width: Math.max(0, parent.width - x - 244)
        height: 14
        anchors.verticalCenter: parent.verticalCenter
        radius: 2
        color: Theme.sunken

        Rectangle {
            x: strip.place(strip.modelData.firstIndex)
            width: strip.place(strip.modelData.lastIndex) - x
            height: parent.height
            radius: 2
            color: "transparent"
            border.width: 1
            border.color: Theme.warn
            visible: width > 0
        }
        Rectangle {
            x: strip.place(strip.modelData.firstIndex)
            width: strip.place(strip.modelData.commitIndex) - x
            height: parent.height
            radius: 2
            color: strip.modelData.reachable ? Theme.busy : Theme.neutral
            opacity: 0.45
            visible: width > 0
        }
        Rectangle {
            x: strip.place(strip.modelData.firstIndex)
            width: strip.place(strip.modelData.appliedIndex) - x
            height: parent.height
            radius: 2
            color: strip.modelData.reachable ? Theme.busy : Theme.neutral
            visible: width > 0
        }
        Row {
            readonly property real start: strip.place(strip.modelData.lastIndex) + 3

            x: start
            anchors.verticalCenter: parent.verticalCenter
            width: Math.max(0, bar.width - start)
            clip: true
            spacing: 3

            Repeater {
                model: strip.modelData.lag > 0 ? Math.max(0, Math.ceil(bar.width / 7)) : 0

                Rectangle {
                    width: 4
                    height: 1
                    color: Theme.bad
                }
            }
        }
    }
    UiText {
        anchors.right: lag.left
        anchors.rightMargin: Theme.md
        width: 120
        height: parent.height
        elide: Text.ElideLeft
        text: Format.grouped(strip.modelData.lastIndex)
        mono: true
        horizontalAlignment: Text.AlignRight
        Accessible.ignored: true
    }
    UiText {
        id: lag

        anchors.right: parent.right
        width: 100
        height: parent.height
        text: (strip.behindWindow && strip.modelData.reachable ? "◂ " : "") + strip.lagText
        color: {
            if (!strip.modelData.reachable)
                return Theme.bad;
            return strip.modelData.lag > 100 ? Theme.warn : Theme.textMuted;
        }
        font.pixelSize: Theme.small
        horizontalAlignment: Text.AlignRight
        Accessible.ignored: true
    }
}
