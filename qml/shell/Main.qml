// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Window
import Quarterdeck
import Quarterdeck.Models

// The program's window.
Window {
    id: window

    required property ConsoleSession session
    property bool dark: true
    property alias shell: shell

    width: 1280
    height: 800
    minimumWidth: 960
    minimumHeight: 600
    visible: true
    color: Theme.ground
    title: (window.session.clusterName ? window.session.clusterName + " – " : "") + "Quarterdeck"
    onDarkChanged: Theme.dark = window.dark
    Component.onCompleted: Theme.dark = window.dark

    Connections {
        target: Theme

        function onDarkChanged(): void {
            window.dark = Theme.dark;
        }
    }
    Shell {
        id: shell

        objectName: "shell"
        anchors.fill: parent
        focus: true
        session: window.session
    }
}
