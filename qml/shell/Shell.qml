// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Layouts
import Quarterdeck
import Quarterdeck.Models

// The frame around the workspaces: rail, top bar, banner of a lost connection, palette, notices.
FocusScope {
    id: shell

    required property ConsoleSession session
    property int current: 0
    readonly property bool connected: shell.session.link !== ConsoleSession.Offline
    readonly property Workspace workspace: stack.children[shell.current] as Workspace
    readonly property var places: [
        {
            "title": "Nodes",
            "glyph": "nodes"
        },
        {
            "title": "Units",
            "glyph": "units"
        },
        {
            "title": "Raft",
            "glyph": "raft"
        },
        {
            "title": "Store",
            "glyph": "store"
        },
        {
            "title": "Script",
            "glyph": "script"
        }
    ]
    property alias palette: commandPalette
    property alias help: keyHelp

    function go(place: int): void {
        if (!shell.connected)
            return;
        shell.current = place;
        shell.workspace.forceActiveFocus();
    }
    function showUnit(name: string): void {
        shell.session.units.filter = "";
        shell.session.units.currentKey = name;
        shell.go(1);
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.ground
    }
    ConnectScreen {
        objectName: "connect"
        anchors.fill: parent
        visible: !shell.connected
        enabled: visible
        focus: visible
        session: shell.session
    }
    RowLayout {
        anchors.fill: parent
        visible: shell.connected
        spacing: 0

        NavRail {
            Layout.fillHeight: true
            Layout.preferredWidth: Theme.railWidth
            session: shell.session
            places: shell.places
            current: shell.current
            onChosen: place => shell.go(place)
        }
        ColumnLayout {
            spacing: 0

            TopBar {
                Layout.fillWidth: true
                session: shell.session
                onPaletteWanted: commandPalette.show()
                onHelpWanted: keyHelp.show()
            }
            LostBanner {
                Layout.fillWidth: true
                session: shell.session
            }
            StackLayout {
                id: stack

                Layout.fillWidth: true
                Layout.fillHeight: true
                currentIndex: shell.current
                // What is shown while the connection is lost is old: it looks so.
                opacity: shell.session.link === ConsoleSession.Live ? 1 : 0.55

                NodesWorkspace {
                    objectName: "nodes"
                    focus: shell.current === 0
                    session: shell.session
                    onUnitWanted: name => shell.showUnit(name)
                }
                UnitsWorkspace {
                    objectName: "units"
                    focus: shell.current === 1
                    session: shell.session
                }
                RaftWorkspace {
                    objectName: "raft"
                    focus: shell.current === 2
                    session: shell.session
                }
                StoreWorkspace {
                    objectName: "store"
                    focus: shell.current === 3
                    session: shell.session
                }
                ScriptWorkspace {
                    objectName: "script"
                    focus: shell.current === 4
                    session: shell.session
                }
            }
        }
    }
    Toasts {
        id: toasts

        anchors.right: parent.right
        anchors.bottom: parent.bottom
        anchors.margins: Theme.lg
    }
    CommandPalette {
        id: commandPalette

        session: shell.session
        places: shell.places
        onPlaceChosen: place => shell.go(place)
        onUnitChosen: name => shell.showUnit(name)
    }
    KeyHelp {
        id: keyHelp

        workspace: shell.workspace
    }
    Connections {
        target: shell.session

        function onDone(what: string): void {
            toasts.show(Tone.Good, what, "");
        }
        function onFailed(what: string, why: string): void {
            toasts.show(Tone.Bad, what, why);
        }
    }
    Repeater {
        model: shell.places.length

        Item {
            id: key

            required property int index

            Shortcut {
                sequence: "Ctrl+" + (key.index + 1)
                onActivated: shell.go(key.index)
            }
        }
    }
    Shortcut {
        sequence: "Ctrl+K"
        enabled: shell.connected
        onActivated: commandPalette.show()
    }
    Shortcut {
        sequence: "/"
        enabled: shell.connected
        onActivated: shell.workspace.focusFilter()
    }
    Shortcut {
        sequence: "?"
        enabled: shell.connected
        onActivated: keyHelp.show()
    }
    Shortcut {
        sequence: "Ctrl+Shift+T"
        onActivated: Theme.dark = !Theme.dark
    }
}
