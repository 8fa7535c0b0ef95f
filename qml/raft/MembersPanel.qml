// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Every member, how the leader sends to it, and what can be done to it.
Panel {
    id: panel

    required property ConsoleSession session
    readonly property RaftModel raft: panel.session.raft
    readonly property var members: panel.raft.members
    readonly property var chosen: {
        const found = panel.members.find(one => one.nodeId === panel.raft.currentKey);
        return found ?? {};
    }
    readonly property bool known: panel.chosen.nodeId !== undefined
    readonly property bool live: panel.session.link === ConsoleSession.Live
    readonly property bool mayTransfer: panel.known && panel.live && panel.session.mayOperate
                                        && panel.chosen.reachable && !panel.chosen.learner
                                        && panel.chosen.role !== "leader"
    readonly property bool mayAdd: panel.live && panel.session.mayAdminister
    readonly property bool mayPromote: panel.known && panel.mayAdd && panel.chosen.learner === true
    readonly property bool mayRestart: panel.live && panel.session.mayAdminister
                                       && !panel.session.restarting && panel.members.length > 0
    readonly property bool mayRemove: panel.known && panel.live && panel.session.mayAdminister
    readonly property var columns: [
        {
            "text": "Progress",
            "width": 104
        },
        {
            "text": "Match",
            "width": 108,
            "right": true
        },
        {
            "text": "Next",
            "width": 108,
            "right": true
        },
        {
            "text": "Lag",
            "width": 84,
            "right": true
        },
        {
            "text": "Under way",
            "width": 116,
            "right": true
        },
        {
            "text": "Snapshot",
            "width": 190
        }
    ]
    readonly property int nameWidth: {
        const taken = panel.columns.reduce((sum, one) => sum + one.width, 0);
        return Math.max(90, panel.width - Theme.lg * 2 - taken);
    }

    function move(by: int): void {
        const at = panel.members.findIndex(one => one.nodeId === panel.raft.currentKey);
        const next = Math.max(0, Math.min(panel.members.length - 1, at + by));
        if (panel.members[next])
            panel.raft.currentKey = panel.members[next].nodeId;
    }
    function transfer(): void {
        if (panel.mayTransfer)
            transferDialog.begin(panel.chosen.nodeName || panel.chosen.nodeId);
    }
    function promote(): void {
        if (panel.mayPromote)
            promoteDialog.begin(panel.chosen.nodeName || panel.chosen.nodeId);
    }
    function add(): void {
        if (panel.mayAdd)
            addDialog.begin();
    }
    function restart(): void {
        if (panel.mayRestart)
            restartDialog.about(panel.chosen);
    }
    function remove(): void {
        if (panel.mayRemove)
            removeDialog.ask(panel.chosen.nodeName || panel.chosen.nodeId);
    }
    function focusRows(): void {
        rows.forceActiveFocus();
        if (!panel.known)
            panel.move(0);
    }

    title: "Members"
    note: panel.known ? "" : "choose one to let it lead, or to remove it"
    tools: [
        UiButton {
            objectName: "addMember"
            anchors.verticalCenter: parent.verticalCenter
            enabled: panel.mayAdd
            ghost: true
            glyph: "plus"
            text: "Add"
            hint: "A machine joins the cluster (A)"
            onClicked: panel.add()
        },
        UiButton {
            objectName: "promoteMember"
            anchors.verticalCenter: parent.verticalCenter
            visible: panel.mayPromote
            ghost: true
            text: "Let it vote"
            hint: "The learner that is chosen votes from now on (V)"
            onClicked: panel.promote()
        },
        UiButton {
            objectName: "transferLead"
            anchors.verticalCenter: parent.verticalCenter
            enabled: panel.mayTransfer
            ghost: true
            text: "Let it lead"
            hint: "The member that is chosen takes over (T)"
            onClicked: panel.transfer()
        },
        UiButton {
            objectName: "restartMembers"
            anchors.verticalCenter: parent.verticalCenter
            enabled: panel.mayRestart
            ghost: true
            text: panel.known ? "Restart" : "Restart all"
            hint: panel.known ? "The agent of the member that is chosen starts anew (R)"
                              : "Every member's agent starts anew, one after the other (R)"
            onClicked: panel.restart()
        },
        UiButton {
            objectName: "removeNode"
            anchors.verticalCenter: parent.verticalCenter
            enabled: panel.mayRemove
            ghost: true
            danger: true
            glyph: "trash"
            text: "Remove"
            hint: "Out of the cluster, for good (Del)"
            onClicked: panel.remove()
        }
    ]

    Column {
        width: parent.width

        Row {
            x: panel.nameWidth
            height: 24

            Repeater {
                model: panel.columns

                UiText {
                    required property var modelData

                    width: modelData.width - Theme.md
                    rightPadding: 0
                    height: 24
                    text: modelData.text
                    horizontalAlignment: modelData.right ? Text.AlignRight : Text.AlignLeft
                    color: Theme.textMuted
                    font.pixelSize: Theme.small
                }
            }
            spacing: Theme.md
        }
        FocusScope {
            id: rows

            objectName: "memberRows"
            width: parent.width
            height: list.height
            activeFocusOnTab: true
            Accessible.role: Accessible.List
            Accessible.name: "Members"
            Keys.onUpPressed: panel.move(-1)
            Keys.onDownPressed: panel.move(1)

            Column {
                id: list

                width: parent.width

                Repeater {
                    model: panel.members

                    MemberRow {
                        width: list.width
                        nameWidth: panel.nameWidth
                        columns: panel.columns
                        current: modelData.nodeId === panel.raft.currentKey
                        listFocused: rows.activeFocus
                        onChosen: {
                            panel.raft.currentKey = modelData.nodeId;
                            rows.forceActiveFocus();
                        }
                    }
                }
            }
            Item { // as wide as the rows' grounds
                anchors.fill: parent
                anchors.leftMargin: -Theme.sm
                anchors.rightMargin: -Theme.sm

                FocusRing {
                    shown: rows.activeFocus
                }
            }
        }
    }
    AskDialog {
        id: transferDialog

        title: "Let this member lead?"
        text: "It takes over without an election time-out; writes wait for some milliseconds. "
              + "If it does not in time, the leader leads on."
        actText: "Let it lead"
        onConfirmed: name => panel.session.transferLeadership(panel.chosen.nodeId, name)
        onClosed: rows.forceActiveFocus()
    }
    AskDialog {
        id: restartDialog

        property string nodeId // whom it asks about since it was opened; none: everybody
        readonly property bool forAll: restartDialog.nodeId === ""
        readonly property bool hasLeft: !restartDialog.forAll && !panel.members.some(
                                            one => one.nodeId === restartDialog.nodeId)

        function about(member: var): void {
            restartDialog.nodeId = member.nodeId ?? "";
            restartDialog.begin(member.nodeName || restartDialog.nodeId);
        }

        title: restartDialog.forAll ? "Restart all members?" : "Restart this member?"
        text: {
            const who = !restartDialog.forAll ? "Its agent starts anew" :
                                      "Their agents start anew, one after the other";
            return who + "; units run on. Who leads hands over first. Nobody is restarted while "
                    + "the others are no majority without it; the restart stops at the first that "
                    + "does not come back.";
        }
        actText: "Restart"
        onHasLeftChanged: {
            if (restartDialog.hasLeft)
                restartDialog.close();
        }
        onConfirmed: {
            if (restartDialog.forAll)
                panel.session.restartAllMembers();
            else
                panel.session.restartMembers([restartDialog.nodeId]);
        }
        onClosed: rows.forceActiveFocus()
    }
    AddMemberDialog {
        id: addDialog

        session: panel.session
        onClosed: rows.forceActiveFocus()
    }
    AskDialog {
        id: promoteDialog

        title: "Let this member vote?"
        text: panel.raft.withOneMore + " A learner that has caught up votes without being "
              + "told; this one is " + Format.grouped(panel.chosen.lag ?? 0) + " entries behind. "
              + "If that is too many, the leader refuses and says so."
        actText: "Let it vote"
        onConfirmed: name => panel.session.promote(panel.chosen.nodeId, name)
        onClosed: rows.forceActiveFocus()
    }
    ConfirmDialog {
        id: removeDialog

        readonly property var after: panel.raft.without(panel.chosen.nodeId ?? "")

        title: "Remove this node from the cluster?"
        text: removeDialog.after.text + " Its agent stops its units and ends; it comes back only "
              + "with an empty state folder and a new token."
        actText: "Remove"
        allowed: removeDialog.after.allowed
        onConfirmed: subject => panel.session.removeNode(panel.chosen.nodeId, subject)
        onClosed: rows.forceActiveFocus()
    }
}
