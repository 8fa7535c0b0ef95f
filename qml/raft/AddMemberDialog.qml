// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Lets a machine into the cluster: what the majority is then, and the command to run there.
UiDialog {
    id: dialog

    required property ConsoleSession session
    readonly property JoinInvitation invitation: dialog.session.invitation
    readonly property bool issued: dialog.invitation.command !== ""

    function begin(): void {
        dialog.invitation.forget();
        dialog.open();
        issueButton.forceActiveFocus(Qt.TabFocusReason);
    }
    function copy(): void {
        command.selectAll();
        command.copy();
    }

    onIssuedChanged: {
        if (dialog.issued)
            copyButton.forceActiveFocus(Qt.TabFocusReason);
    }
    title: "Add a member?"
    width: 620
    onClosed: dialog.invitation.forget()

    contentItem: Column {
        spacing: Theme.md

        UiText {
            width: parent.width
            text: dialog.title
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
        }
        UiText {
            objectName: "addMemberText"
            width: parent.width
            text: dialog.session.raft.withOneMore + " It learns first, and votes once it has "
                  + "caught up. A token lets one machine in, once, within 15 minutes: whoever has "
                  + "it can join."
            color: Theme.textMuted
            wrapMode: Text.Wrap
            lineHeight: 1.3
        }
        UiText {
            width: parent.width
            visible: dialog.issued
            text: "On the new machine, with its own address in the place of ADDRESS:"
            wrapMode: Text.Wrap
        }
        Rectangle {
            width: parent.width
            height: command.implicitHeight + Theme.md * 2
            visible: dialog.issued
            radius: Theme.radiusSmall
            color: Theme.sunken
            border.color: Theme.line

            TextEdit {
                id: command

                objectName: "joinCommand"
                anchors.fill: parent
                anchors.margins: Theme.md
                text: dialog.invitation.command
                textFormat: TextEdit.PlainText
                readOnly: true
                selectByMouse: true
                color: Theme.text
                selectionColor: Theme.accent
                selectedTextColor: Theme.textOnAccent
                font.family: Theme.monoFamily
                font.pixelSize: Theme.body
                wrapMode: TextEdit.WrapAnywhere
                Accessible.role: Accessible.StaticText
                Accessible.name: command.text
            }
        }
        UiText {
            width: parent.width
            visible: dialog.issued
            text: "Until " + Qt.formatTime(dialog.invitation.expires, "HH:mm:ss")
                  + "; then start it there with quarterdeckd run. It appears among the members."
            color: Theme.textMuted
            wrapMode: Text.Wrap
        }
        UiText {
            objectName: "addMemberTrouble"
            width: parent.width
            visible: text !== ""
            text: dialog.invitation.trouble
            color: Theme.bad
            wrapMode: Text.WrapAtWordBoundaryOrAnywhere
            maximumLineCount: 5
        }
        Row {
            anchors.right: parent.right
            spacing: Theme.sm

            UiButton {
                text: dialog.issued ? "Close" : "Cancel"
                onClicked: dialog.close()
            }
            UiButton {
                id: issueButton

                objectName: "issueToken"
                visible: !dialog.issued
                enabled: !dialog.invitation.busy
                primary: true
                text: "Issue a token"
                onClicked: dialog.session.inviteMember()
            }
            UiButton {
                id: copyButton

                objectName: "copyCommand"
                visible: dialog.issued
                primary: true
                text: "Copy the command"
                onClicked: dialog.copy()
            }
        }
    }
}
