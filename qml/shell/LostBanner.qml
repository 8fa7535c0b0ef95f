// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Says that the connection is lost (or not there yet), and why.
Rectangle {
    id: banner

    required property ConsoleSession session
    readonly property bool lost: banner.session.link === ConsoleSession.Lost
    readonly property bool shown: banner.lost || banner.session.link === ConsoleSession.Connecting
    readonly property int tone: banner.lost || banner.session.trouble ? Tone.Warn : Tone.Busy
    readonly property string lostWords: "The connection is lost. What you see is what was known. "
                                        + "Reconnecting."
    readonly property string headline: banner.lost ? banner.lostWords : "Connecting."

    implicitHeight: banner.shown ? 36 : 0
    visible: banner.shown
    color: Theme.toneGround(banner.tone)
    Accessible.role: Accessible.AlertMessage
    Accessible.name: banner.headline + " " + banner.session.trouble

    Row {
        x: Theme.lg
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.sm

        StateMark {
            anchors.verticalCenter: parent.verticalCenter
            tone: banner.tone
        }
        UiText {
            text: banner.headline
            color: Theme.tone(banner.tone)
            font.weight: Font.Medium
            Accessible.ignored: true
        }
        UiText {
            width: Math.max(0, Math.min(implicitWidth, banner.width - x - Theme.xl * 2))
            text: banner.session.trouble
            color: Theme.text
            Accessible.ignored: true
        }
    }
}
