// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// The clusters that this console knows.
FocusScope {
    id: profiles

    required property ConsoleSession session

    signal pairWanted

    implicitHeight: column.implicitHeight

    Column {
        id: column

        width: parent.width
        spacing: Theme.sm

        UiText {
            text: "Choose a cluster"
            color: Theme.textMuted
        }
        ListView {
            id: list

            objectName: "profileList"
            width: parent.width
            height: Math.min(6, count) * 58
            focus: true
            clip: true
            model: profiles.session.profiles
            spacing: Theme.xs
            Accessible.role: Accessible.List
            Accessible.name: "Clusters"
            Keys.onReturnPressed: (currentItem as ProfileRow).open()

            delegate: ProfileRow {
                width: list.width
                current: ListView.isCurrentItem && list.activeFocus
                onOpened: name => profiles.session.connectTo(name)
                onForgotten: name => forget.ask(name)
            }
        }
        UiText {
            width: parent.width
            visible: profiles.session.trouble !== ""
            text: profiles.session.trouble
            color: Theme.bad
            wrapMode: Text.Wrap
            maximumLineCount: 4
        }
        UiButton {
            objectName: "pairAnother"
            glyph: "plus"
            text: "Pair with another cluster"
            onClicked: profiles.pairWanted()
        }
    }
    ConfirmDialog {
        id: forget

        title: "Forget this cluster?"
        text: "Its key is deleted from this machine. To come back you need a new token."
        actText: "Forget"
        onConfirmed: name => profiles.session.forget(name)
    }
}
