// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// A unit file being written: what the cluster says of each line stands at the line and below.
FocusScope {
    id: editor

    required property ConsoleSession session
    readonly property UnitDraft draft: editor.session.draft
    readonly property bool ready: editor.draft.name !== "" && editor.draft.errorCount === 0
                                  && !editor.draft.busy && editor.session.mayOperate
                                  && editor.session.link === ConsoleSession.Live
    readonly property var keyHelp: [
        {
            "keys": "Ctrl S",
            "what": "Submit"
        },
        {
            "keys": "Ctrl Return",
            "what": "Submit and start"
        },
        {
            "keys": "F8",
            "what": "Next remark"
        },
        {
            "keys": "Esc",
            "what": "Leave the editor"
        }
    ]

    signal closed

    // A new unit wants its name first.
    function begin(): void {
        if (editor.draft.existing)
            code.forceActiveFocus();
        else
            nameField.forceActiveFocus();
    }
    function submit(thenStart: bool): void {
        if (editor.ready)
            editor.draft.submit(thenStart);
    }
    function leave(): void {
        if (editor.draft.dirty)
            discard.open();
        else
            editor.closed();
    }

    Keys.onEscapePressed: editor.leave()

    WorkspaceBar {
        id: bar

        width: parent.width
        title: editor.draft.existing ? "Edit unit" : "New unit"
        summary: {
            if (!editor.session.mayOperate)
                return "Read only: your role is " + editor.session.role;
            return editor.draft.dirty ? "changed" : "";
        }

        UiButton {
            objectName: "editorLeave"
            text: "Close"
            hint: "Back to the list (Esc)"
            onClicked: editor.leave()
        }
        UiButton {
            objectName: "editorSubmit"
            enabled: editor.ready
            text: editor.draft.existing ? "Replace" : "Submit"
            hint: "Put it into the cluster (Ctrl S)"
            onClicked: editor.submit(false)
        }
        UiButton {
            objectName: "editorSubmitStart"
            enabled: editor.ready
            primary: true
            glyph: "play"
            text: editor.draft.existing ? "Replace and start" : "Submit and start"
            hint: "Put it into the cluster and run it (Ctrl Return)"
            onClicked: editor.submit(true)
        }
    }
    Item {
        id: nameLine

        anchors.top: bar.bottom
        width: parent.width
        height: Theme.barHeight

        UiText {
            id: nameLabel

            x: Theme.lg
            anchors.verticalCenter: parent.verticalCenter
            text: "Name"
            color: Theme.textMuted
            Accessible.ignored: true
        }
        UiField {
            id: nameField

            objectName: "editorName"
            anchors.left: nameLabel.right
            anchors.leftMargin: Theme.md
            anchors.verticalCenter: parent.verticalCenter
            width: Math.min(440, editor.width - x - Theme.lg)
            readOnly: editor.draft.existing
            label: "Name of the unit"
            placeholderText: "name.service"
            mono: true
            text: editor.draft.name
            onTextEdited: editor.draft.name = text
            onAccepted: code.forceActiveFocus()
        }
    }
    CodeEditor {
        id: code

        objectName: "editorText"
        anchors.top: nameLine.bottom
        anchors.bottom: remarks.top
        width: parent.width
        label: "Unit file"
        readOnly: !editor.session.mayOperate
        marks: editor.draft.diagnostics
        onEdited: text => editor.draft.text = text
    }
    Diagnostics {
        id: remarks

        anchors.bottom: parent.bottom
        width: parent.width
        draft: editor.draft
        onLineWanted: line => code.goToLine(line)
    }
    UiDialog {
        id: discard

        title: "Discard what you have written?"

        contentItem: Column {
            spacing: Theme.lg

            UiText {
                width: discard.availableWidth
                text: discard.title
                font.pixelSize: Theme.heading
                font.weight: Font.DemiBold
            }
            Row {
                anchors.right: parent.right
                spacing: Theme.sm

                UiButton {
                    text: "Keep writing"
                    focus: true
                    onClicked: discard.close()
                }
                UiButton {
                    objectName: "discardButton"
                    danger: true
                    text: "Discard"
                    onClicked: {
                        discard.close();
                        editor.closed();
                    }
                }
            }
        }
    }
    Shortcut {
        sequence: "Ctrl+S"
        enabled: editor.visible
        onActivated: editor.submit(false)
    }
    Shortcut {
        sequence: "Ctrl+Return"
        enabled: editor.visible
        onActivated: editor.submit(true)
    }
    Shortcut {
        sequence: "F8"
        enabled: editor.visible
        onActivated: remarks.next()
    }
    Connections {
        target: editor.draft

        function onOpened(): void {
            if (code.text !== editor.draft.text)
                code.text = editor.draft.text;
        }
        function onSubmitted(): void {
            if (editor.visible)
                editor.closed();
        }
    }
}
