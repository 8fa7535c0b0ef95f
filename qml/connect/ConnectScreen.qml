// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Before a cluster is open: the clusters that this console is paired with, and pairing.
FocusScope {
    id: screen

    required property ConsoleSession session
    readonly property bool hosting: screen.session.notice !== ""
    readonly property bool pairing: !screen.hosting && (
                                        screen.session.profiles.length === 0 || screen.wantsPairing)
    property bool wantsPairing: false

    Accessible.role: Accessible.Pane
    Accessible.name: "Connect"

    Rectangle {
        anchors.centerIn: parent
        width: 480
        height: content.implicitHeight + Theme.xl * 2
        radius: Theme.radius + 4
        color: Theme.surface
        border.color: Theme.line

        Column {
            id: content

            x: Theme.xl
            y: Theme.xl
            width: parent.width - Theme.xl * 2
            spacing: Theme.lg

            Row {
                spacing: Theme.md

                Logo {
                    anchors.verticalCenter: parent.verticalCenter
                }
                UiText {
                    text: "Quarterdeck"
                    font.pixelSize: Theme.title
                    font.weight: Font.DemiBold
                }
            }
            UiText {
                width: parent.width
                visible: screen.hosting
                text: screen.session.notice
                color: Theme.textMuted
                wrapMode: Text.Wrap
                maximumLineCount: 12
                lineHeight: 1.3
                Accessible.role: Accessible.AlertMessage
            }
            ProfileList {
                width: parent.width
                visible: !screen.pairing && !screen.hosting
                focus: !screen.pairing
                session: screen.session
                onPairWanted: screen.wantsPairing = true
            }
            PairPanel {
                width: parent.width
                visible: screen.pairing
                focus: screen.pairing
                session: screen.session
                mayGoBack: screen.session.profiles.length > 0
                onBack: screen.wantsPairing = false
            }
        }
    }
    Connections {
        target: screen.session

        function onLinkChanged(): void {
            if (screen.session.link !== ConsoleSession.Offline)
                screen.wantsPairing = false;
        }
    }
}
