// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Charts
import Quarterdeck.Models

// What the run printed. It follows its end until someone scrolls up.
FocusScope {
    id: pane

    required property ScriptConsole script
    property bool follow: true
    readonly property string outcome: {
        if (pane.script.running)
            return "running";
        const words = ({
                [-1]: "",
                [0]: "done",
                [130]: "stopped",
                [137]: "killed"
            });
        return words[pane.script.status] ?? "failed";
    }
    readonly property int tone: {
        if (pane.script.running)
            return Tone.Busy;
        if (pane.script.status === 0)
            return Tone.Good;
        return pane.script.status === 130 ? Tone.Neutral : Tone.Bad;
    }

    signal lineWanted(int line)

    function toEnd(): void {
        if (pane.follow)
            lines.positionViewAtEnd();
    }

    Rectangle {
        id: head

        width: parent.width
        height: 36
        color: Theme.surface

        UiText {
            id: title

            x: Theme.lg
            height: parent.height
            text: "Output"
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        StatePill {
            id: pill

            objectName: "outcome"
            anchors.left: title.right
            anchors.leftMargin: Theme.md
            anchors.verticalCenter: parent.verticalCenter
            visible: pane.outcome !== ""
            tone: pane.tone
            text: pane.outcome
        }
        UiText {
            anchors.left: pill.right
            anchors.leftMargin: Theme.md
            height: parent.height
            visible: pane.script.dropped > 0
            text: pane.script.dropped + " earlier lines are gone"
            color: Theme.textMuted
            font.pixelSize: Theme.small
        }
        Row {
            anchors.right: parent.right
            anchors.rightMargin: Theme.lg
            anchors.verticalCenter: parent.verticalCenter
            spacing: Theme.sm

            UiButton {
                ghost: true
                visible: !pane.follow
                glyph: "down"
                hint: "Follow the end"
                onClicked: {
                    pane.follow = true;
                    pane.toEnd();
                }
            }
            UiButton {
                ghost: true
                text: "Copy"
                enabled: pane.script.count > 0
                onClicked: {
                    clipboard.text = pane.script.outputText();
                    clipboard.selectAll();
                    clipboard.copy();
                    clipboard.clear();
                }
            }
            UiButton {
                ghost: true
                text: "Clear"
                enabled: pane.script.count > 0
                onClicked: pane.script.clear()
            }
        }
        Rectangle {
            width: parent.width
            height: 1
            anchors.bottom: parent.bottom
            color: Theme.line
        }
    }
    // Once a batch, when the list has laid out what came.
    Timer {
        id: soon

        interval: 0
        onTriggered: {
            pane.toEnd();
            ReadingOrder.mend(lines.contentItem);
        }
    }
    // The list's own count says nothing of a batch that replaces as many lines as it brings.
    Connections {
        target: pane.script

        function onCountChanged(): void {
            soon.restart();
        }
    }
    TextEdit {
        id: clipboard

        visible: false
        Accessible.ignored: true
    }
    Rectangle {
        anchors.top: head.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        color: Theme.sunken
    }
    ListView {
        id: lines

        objectName: "output"
        anchors.top: head.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        topMargin: Theme.sm
        bottomMargin: Theme.sm
        clip: true
        focus: true
        activeFocusOnTab: true
        reuseItems: true
        boundsBehavior: Flickable.StopAtBounds
        model: pane.script
        Accessible.role: Accessible.List
        Accessible.name: "Output of the script"
        onHeightChanged: soon.restart()
        onMovementEnded: {
            pane.follow = lines.atYEnd;
            ReadingOrder.mend(lines.contentItem);
        }

        ScrollBar.vertical: UiScrollBar {}

        delegate: OutputLine {
            script: pane.script
            width: lines.width
            onLineWanted: line => pane.lineWanted(line)
        }
    }
    StateView {
        anchors.fill: lines
        visible: pane.script.count === 0
        glyph: pane.script.ready ? "play" : "warn"
        kind: pane.script.ready ? "empty" : "error"
        title: {
            if (!pane.script.ready)
                return "Scripts cannot run here";
            if (pane.script.running)
                return "Running, nothing printed yet";
            return pane.script.status < 0 ? "Nothing has run yet" : "The script printed nothing";
        }
        text: {
            if (pane.script.ready)
                return "";
            return "The program that runs scripts (qdctl) was not found beside this one.";
        }
    }
}
