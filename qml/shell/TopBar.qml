// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// The upper edge: the cluster, the connection and the node that it goes to.
Rectangle {
    id: bar

    required property ConsoleSession session
    readonly property var linkTones: [Tone.Neutral, Tone.Busy, Tone.Good, Tone.Warn]
    readonly property var linkWords: ["offline", "connecting", "live", "reconnecting"]
    readonly property bool lost: bar.session.link === ConsoleSession.Lost

    signal paletteWanted
    signal helpWanted

    implicitHeight: Theme.barHeight
    color: Theme.surface

    Row {
        id: left

        x: Theme.lg
        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.md

        UiText {
            anchors.verticalCenter: parent.verticalCenter
            width: Math.min(implicitWidth, bar.width * 0.3)
            text: bar.session.clusterName
            maximumLineCount: 1
            font.weight: Font.DemiBold
        }
        StatePill {
            anchors.verticalCenter: parent.verticalCenter
            tone: bar.linkTones[bar.session.link]
            text: bar.linkWords[bar.session.link]
        }
        UiText {
            anchors.verticalCenter: parent.verticalCenter
            width: Math.min(implicitWidth, bar.width * 0.22)
            visible: bar.session.nodeName !== ""
            text: (bar.lost ? "was on " : "on ") + bar.session.nodeName
            maximumLineCount: 1
            color: Theme.textMuted
            font.pixelSize: Theme.small
        }
        UiText {
            anchors.verticalCenter: parent.verticalCenter
            visible: bar.session.role !== ""
            text: "as " + bar.session.role
            color: Theme.textMuted
            font.pixelSize: Theme.small
        }
    }
    Row {
        anchors.right: parent.right
        anchors.rightMargin: Theme.md
        anchors.verticalCenter: parent.verticalCenter
        spacing: 2

        UiButton {
            ghost: true
            glyph: "command"
            hint: "Commands (Ctrl+K)"
            onClicked: bar.paletteWanted()
        }
        UiButton {
            ghost: true
            glyph: "help"
            hint: "Keys of this view (?)"
            onClicked: bar.helpWanted()
        }
        UiButton {
            objectName: "themeToggle"
            ghost: true
            glyph: Theme.dark ? "sun" : "moon"
            hint: Theme.dark ? "Light theme (Ctrl+Shift+T)" : "Dark theme (Ctrl+Shift+T)"
            onClicked: Theme.dark = !Theme.dark
        }
        UiButton {
            objectName: "disconnect"
            ghost: true
            glyph: "exit"
            hint: "Disconnect from this cluster"
            onClicked: bar.session.disconnectFrom()
        }
    }
    Rectangle {
        width: parent.width
        height: 1
        anchors.bottom: parent.bottom
        color: Theme.line
    }
}
