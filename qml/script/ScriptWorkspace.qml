// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// A script over the cluster's objects: written here, run in a process of its own, its output below.
Workspace {
    id: workspace

    readonly property ScriptConsole script: workspace.session.script
    readonly property var firstMark: workspace.script.marks[0] ?? null

    function run(): void {
        if (workspace.script.ready && !workspace.script.running) {
            output.follow = true;
            workspace.script.run();
        }
    }

    title: "Script"
    keyHelp: [
        {
            "keys": "Ctrl ⏎",
            "what": "Run"
        },
        {
            "keys": "Ctrl .",
            "what": "Stop"
        },
        {
            "keys": "F8",
            "what": "Go to the error's line"
        },
        {
            "keys": "Ctrl L",
            "what": "Clear the output"
        },
        {
            "keys": "F6",
            "what": "From the text to the output and back"
        }
    ]
    Keys.onPressed: event => {
        const control = event.modifiers === Qt.ControlModifier;
        const enter = event.key === Qt.Key_Return || event.key === Qt.Key_Enter;
        event.accepted = true;
        if (control && enter)
            workspace.run();
        else if (control && event.key === Qt.Key_Period)
            workspace.script.stop();
        else if (control && event.key === Qt.Key_L)
            workspace.script.clear();
        else if (event.key === Qt.Key_F8 && workspace.firstMark)
            editor.goToLine(workspace.firstMark.line);
        else if (event.key === Qt.Key_F6)
            output.activeFocus ? editor.forceActiveFocus() : output.forceActiveFocus();
        else
            event.accepted = false;
    }

    WorkspaceBar {
        id: bar

        width: parent.width
        title: workspace.title
        summary: "Runs in a process of its own, with your role, and can be stopped at any time."

        ExampleMenu {
            objectName: "examples"
            anchors.verticalCenter: parent.verticalCenter
            script: workspace.script
        }
        UiButton {
            objectName: "stopScript"
            anchors.verticalCenter: parent.verticalCenter
            glyph: "stop"
            text: "Stop"
            hint: "Ctrl+."
            enabled: workspace.script.running
            onClicked: {
                workspace.script.stop();
                editor.forceActiveFocus();
            }
        }
        UiButton {
            objectName: "runScript"
            anchors.verticalCenter: parent.verticalCenter
            glyph: "play"
            text: "Run"
            hint: "Ctrl+Return"
            primary: true
            enabled: workspace.script.ready && !workspace.script.running
            onClicked: {
                workspace.run();
                editor.forceActiveFocus();
            }
        }
    }
    UiSplit {
        anchors.top: bar.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        orientation: Qt.Vertical

        CodeEditor {
            id: editor

            objectName: "scriptEditor"
            SplitView.fillHeight: true
            SplitView.minimumHeight: 120
            focus: true
            label: "Script"
            marks: workspace.script.marks
            onEdited: text => workspace.script.text = text
            Component.onCompleted: editor.text = workspace.script.text
        }
        OutputPane {
            id: output

            SplitView.preferredHeight: Math.round(workspace.height * 0.38)
            SplitView.minimumHeight: 100
            script: workspace.script
            onLineWanted: line => editor.goToLine(line)
        }
    }
    Connections {
        target: workspace.script

        function onTextChanged(): void {
            if (editor.text !== workspace.script.text)
                editor.text = workspace.script.text;
        }
    }
}
