// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// A member as the leader sees it. The leader itself has no progress.
Item {
    id: row

    required property var modelData
    required property var columns
    required property int nameWidth
    required property bool current
    required property bool listFocused
    readonly property bool followed: row.modelData.progress !== ""
    readonly property string underWay: {
        const bytes = Number(row.modelData.inflightBytes);
        return row.modelData.inflight + (bytes > 0 ? " · " + Format.bytes(bytes) : "");
    }
    readonly property var cells: [
        row.followed ? Format.grouped(row.modelData.matchIndex) : "–",
        row.followed ? Format.grouped(row.modelData.nextIndex) : "–",
        row.followed ? Format.grouped(row.modelData.lag) : "–",
        row.followed ? row.underWay : "–"
    ]
    readonly property string progressText: {
        if (row.modelData.role === "leader")
            return "leads";
        if (!row.followed)
            return "unknown";
        return row.modelData.active ? row.modelData.progress : "silent";
    }
    readonly property int progressTone: {
        if (row.modelData.role === "leader")
            return Tone.Good;
        if (!row.followed)
            return Tone.Neutral;
        if (!row.modelData.active)
            return Tone.Bad;
        return row.modelData.progress === "replicate" ? Tone.Neutral :
               row.modelData.progress === "snapshot" ? Tone.Busy : Tone.Warn;
    }
    readonly property real sentShare: {
        const total = Number(row.modelData.snapshotBytes);
        return total > 0 ? Math.min(1, Number(row.modelData.snapshotSent) / total) : 0;
    }

    signal chosen

    function cellX(column: int): real {
        let x = row.nameWidth;
        for (let i = 0; i < column; ++i)
            x += row.columns[i].width;
        return x;
    }

    height: 30
    Accessible.role: Accessible.ListItem
    Accessible.name: {
        const learner = row.modelData.learner ? ", learner" : "";
        const name = (row.modelData.nodeName || "(no name)") + learner;
        if (!row.followed)
            return name + ", " + row.progressText;
        const snapshot = row.modelData.snapshotText;
        return name + ", " + row.progressText + ", match " + row.cells[0] + ", next " + row.cells[1]
                + ", lag " + row.cells[2] + ", under way " + row.cells[3]
                + (snapshot === "" ? "" : ", snapshot " + snapshot);
    }
    Accessible.selected: row.current

    Rectangle {
        anchors.fill: parent
        anchors.leftMargin: -Theme.sm
        anchors.rightMargin: -Theme.sm
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
        anchors.verticalCenter: parent.verticalCenter
        tone: row.modelData.tone
    }
    UiText {
        id: name

        x: 18
        width: Math.min(implicitWidth, row.nameWidth - x - (learner.visible ? learner.width : 0)
                        - Theme.md)
        height: parent.height
        text: Format.oneLine(row.modelData.nodeName || "(no name)")
        font.weight: Font.Medium
        Accessible.ignored: true
    }
    UiText {
        id: learner

        anchors.left: name.right
        anchors.leftMargin: Theme.sm
        height: parent.height
        visible: row.modelData.learner
        text: "learner"
        color: Theme.busy
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
    StatePill {
        x: row.cellX(0)
        anchors.verticalCenter: parent.verticalCenter
        tone: row.progressTone
        text: row.progressText
        Accessible.ignored: true
    }
    Repeater {
        model: row.cells

        UiText {
            required property int index
            required property string modelData

            x: row.cellX(index + 1)
            width: row.columns[index + 1].width - Theme.md
            height: row.height
            elide: Text.ElideLeft
            text: modelData
            mono: true
            horizontalAlignment: Text.AlignRight
            color: modelData === "–" ? Theme.textMuted : Theme.text
            Accessible.ignored: true
        }
    }
    Item {
        x: row.cellX(5)
        width: row.columns[5].width
        height: parent.height
        visible: row.modelData.snapshotText !== ""

        UiText {
            id: sent

            width: parent.width
            height: 18
            text: row.modelData.snapshotText
            font.pixelSize: Theme.small
            Accessible.ignored: true
        }
        Rectangle {
            anchors.top: sent.bottom
            anchors.topMargin: 2
            width: parent.width
            height: 4
            radius: 2
            color: Theme.neutralGround

            Rectangle {
                width: parent.width * row.sentShare
                height: parent.height
                radius: 2
                color: Theme.busy
            }
        }
    }
}
