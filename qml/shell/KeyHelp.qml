// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// `?`: the keys of the view that is open, and those that work everywhere.
UiDialog {
    id: help

    property Workspace workspace
    readonly property var everywhere: [
        {
            "keys": "Ctrl 1 … 5",
            "what": "Go to a workspace"
        },
        {
            "keys": "Ctrl K",
            "what": "Commands"
        },
        {
            "keys": "/",
            "what": "Filter this view"
        },
        {
            "keys": "Esc",
            "what": "Leave the filter, close a dialog"
        },
        {
            "keys": "Ctrl Shift T",
            "what": "Change the theme"
        }
    ]

    function show(): void {
        help.open();
    }

    title: "Keys"

    contentItem: Column {
        spacing: Theme.sm

        UiText {
            text: "Keys of " + (help.workspace ? help.workspace.title : "")
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
        }
        Repeater {
            model: help.workspace ? help.workspace.keyHelp : []

            RailHint {
                required property var modelData

                keys: modelData.keys
                text: modelData.what
            }
        }
        SectionTitle {
            width: parent.width
            text: "Everywhere"
        }
        Repeater {
            model: help.everywhere

            RailHint {
                required property var modelData

                keys: modelData.keys
                text: modelData.what
            }
        }
    }
}
