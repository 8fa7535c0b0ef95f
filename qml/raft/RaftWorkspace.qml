// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// Consensus made visible: who leads, how far each member's log is, who was elected when, and how
// much goes through it at what price.
Workspace {
    id: workspace

    readonly property RaftModel raft: workspace.session.raft
    readonly property RaftHistory history: workspace.session.raftHistory
    readonly property var leader: workspace.raft.leader
    readonly property bool led: workspace.leader.nodeId !== undefined
    readonly property bool majority: workspace.raft.reachableCount >= workspace.raft.needed
    readonly property bool shown: workspace.raft.total > 0

    function scroll(by: real): void {
        const most = Math.max(0, flick.contentHeight - flick.height);
        flick.contentY = Math.max(0, Math.min(most, flick.contentY + by));
    }

    function goToMembers(): void {
        const most = Math.max(0, flick.contentHeight - flick.height);
        flick.contentY = Math.min(most, Math.max(0, membersPanel.y));
        membersPanel.focusRows();
    }

    title: "Raft"
    keyHelp: [
        {
            "keys": "↑ ↓",
            "what": "Scroll"
        },
        {
            "keys": "W",
            "what": "Newest entries or the whole log"
        },
        {
            "keys": "M",
            "what": "To the members; ↑ ↓ choose one"
        },
        {
            "keys": "A",
            "what": "Add a member"
        },
        {
            "keys": "T, V, R, Del",
            "what": "Let the chosen member lead, let it vote, restart it (or all), remove it"
        }
    ]
    Keys.onUpPressed: workspace.scroll(-60)
    Keys.onDownPressed: workspace.scroll(60)
    Keys.onPressed: event => {
        const acts = ({
                [Qt.Key_W]: () => logPanel.whole = !logPanel.whole,
                [Qt.Key_M]: workspace.goToMembers,
                [Qt.Key_A]: membersPanel.add,
                [Qt.Key_T]: membersPanel.transfer,
                [Qt.Key_V]: membersPanel.promote,
                [Qt.Key_R]: membersPanel.restart,
                [Qt.Key_Delete]: membersPanel.remove
            });
        event.accepted = event.modifiers === Qt.NoModifier && event.key in acts;
        if (event.accepted)
            acts[event.key]();
    }

    WorkspaceBar {
        id: bar

        width: parent.width
        title: workspace.title
        summary: {
            if (!workspace.shown)
                return "";
            const reach = workspace.raft.reachableCount + " of " + workspace.raft.total;
            return reach + " members reachable, " + workspace.raft.needed + " are a majority";
        }
    }
    Flickable {
        id: flick

        anchors.top: bar.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: workspace.shown
        clip: true
        contentHeight: content.height + Theme.lg * 2
        boundsBehavior: Flickable.StopAtBounds

        ScrollBar.vertical: UiScrollBar {}

        Column {
            id: content

            x: Theme.lg
            y: Theme.lg
            width: flick.width - Theme.lg * 2
            spacing: Theme.md

            AlarmList {
                objectName: "alarmList"
                width: parent.width
                raft: workspace.raft
            }
            UiText {
                objectName: "raftAdvice"
                width: parent.width
                visible: text !== ""
                text: workspace.raft.advice
                color: Theme.warn
                wrapMode: Text.WordWrap
            }
            Row {
                id: figures

                readonly property real each: (width - spacing * 4) / 5

                width: parent.width
                spacing: Theme.lg

                RaftFigure {
                    objectName: "leaderFigure"
                    width: figures.each
                    label: "Leader"
                    value: workspace.led ? workspace.leader.nodeName || "(no name)" : "none"
                    remark: workspace.led ? "" : "nothing can be written"
                    valueColor: workspace.led ? Theme.text : Theme.bad
                }
                RaftFigure {
                    width: figures.each
                    label: "Term"
                    value: workspace.led ? Format.grouped(workspace.leader.term) : "–"
                }
                RaftFigure {
                    width: figures.each
                    label: "Committed"
                    value: workspace.led ? Format.grouped(workspace.leader.commitIndex) : "–"
                }
                RaftFigure {
                    width: figures.each
                    label: "Throughput"
                    value: {
                        const rate = workspace.leader.proposalsPerSecond ?? 0;
                        return workspace.led ? rate.toFixed(0) + " /s" : "–";
                    }
                }
                RaftFigure {
                    width: figures.each
                    label: "Majority"
                    value: workspace.majority ? "yes" : "no"
                    remark: {
                        const reach = workspace.raft.reachableCount + " reachable, ";
                        return reach + workspace.raft.needed + " needed";
                    }
                    valueColor: workspace.majority ? Theme.text : Theme.bad
                }
            }
            LogPanel {
                id: logPanel

                objectName: "logPanel"
                width: parent.width
                raft: workspace.raft
            }
            MembersPanel {
                id: membersPanel

                objectName: "membersPanel"
                width: parent.width
                session: workspace.session
            }
            ElectionPanel {
                objectName: "electionPanel"
                width: parent.width
                history: workspace.history
            }
            StorePanel {
                objectName: "storePanel"
                width: parent.width
                raft: workspace.raft
            }
            Row {
                readonly property real above: y + Theme.lg * 2

                width: parent.width
                height: Math.max(200, flick.height - above)
                spacing: Theme.md

                TrendPanel {
                    width: (parent.width - parent.spacing) / 2
                    height: parent.height
                    title: "Throughput"
                    note: "proposals a second"
                    unit: "/s"
                    filled: true
                    samples: workspace.history.samples
                    series: [
                        {
                            "name": "",
                            "values": workspace.history.throughput
                        }
                    ]
                }
                TrendPanel {
                    width: (parent.width - parent.spacing) / 2
                    height: parent.height
                    title: "Sync latency"
                    note: "mean of fdatasync"
                    unit: "ms"
                    decimals: 1
                    legend: true
                    samples: workspace.history.samples
                    series: workspace.history.sync
                }
            }
        }
    }
    StateView {
        anchors.top: bar.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: !workspace.shown
        kind: {
            if (workspace.raft.phase === LiveTable.Failed)
                return "error";
            return workspace.raft.phase === LiveTable.Ready ? "empty" : "loading";
        }
        glyph: "raft"
        title: {
            if (kind === "error")
                return "The members cannot be read";
            return kind === "empty" ? "No member reports" : "Asking the members";
        }
        text: workspace.raft.errorText
    }
}
