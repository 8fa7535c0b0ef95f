// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// A key being written, or made. It is saved only over the value that was opened.
FocusScope {
    id: editor

    required property ConsoleSession session
    readonly property StoreDraft draft: editor.session.storeDraft
    readonly property bool ready: editor.draft.wrong === "" && !editor.draft.busy
                                  && editor.session.link === ConsoleSession.Live
                                  && (editor.draft.dirty || editor.draft.creating)
    readonly property var conflicting: editor.draft.conflict
    readonly property bool inConflict: editor.conflicting.kind !== undefined
    // The tree has heard of a newer value than the one that was opened.
    readonly property bool behind: {
        const now = editor.session.store.current;
        return !editor.draft.creating && now.key === editor.draft.key
                && now.modifiedIndex > editor.draft.baseIndex;
    }
    readonly property var keyHelp: [
        {
            "keys": "Ctrl S",
            "what": "Save"
        },
        {
            "keys": "Esc",
            "what": "Leave the editor, or the conflict"
        }
    ]

    signal closed

    function begin(): void {
        if (editor.draft.creating)
            keyField.forceActiveFocus();
        else
            area.forceActiveFocus();
        keyField.cursorPosition = keyField.length;
    }
    function save(): void {
        if (editor.ready && !editor.inConflict)
            editor.draft.save();
    }
    function leave(): void {
        if (editor.inConflict)
            editor.draft.keepEditing();
        else if (editor.draft.dirty)
            discard.begin("");
        else
            editor.draft.close();
    }

    Keys.onEscapePressed: editor.leave()
    Keys.onPressed: event => {
        event.accepted = event.matches(StandardKey.Save);
        if (event.accepted)
            editor.save();
    }
    onInConflictChanged: {
        if (editor.inConflict)
            conflict.begin();
        else if (editor.draft.open)
            editor.begin();
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.surface
    }
    Item {
        id: body

        anchors.fill: parent
        anchors.margins: Theme.lg

        UiText {
            id: heading

            width: parent.width
            text: editor.draft.creating ? "New key" : "Edit key"
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        ConflictView {
            id: conflict

            objectName: "conflictView"
            anchors.top: heading.bottom
            anchors.topMargin: Theme.md
            anchors.bottom: parent.bottom
            width: parent.width
            visible: editor.inConflict
            enabled: visible
            draft: editor.draft
        }
        Column {
            id: fields

            anchors.top: heading.bottom
            anchors.topMargin: Theme.md
            width: parent.width
            spacing: Theme.sm
            visible: !editor.inConflict

            UiField {
                id: keyField

                objectName: "draftKey"
                width: parent.width
                readOnly: !editor.draft.creating
                label: "Key"
                placeholderText: "/folder/key"
                mono: true
                text: editor.draft.key
                onTextEdited: editor.draft.key = text
                onAccepted: area.forceActiveFocus()
            }
            Row {
                width: parent.width
                spacing: Theme.md

                UiField {
                    id: ttlField

                    objectName: "draftTtl"
                    width: 170
                    label: "Time to live in seconds"
                    placeholderText: "Seconds to live"
                    text: editor.draft.ttl
                    onTextEdited: editor.draft.ttl = text
                }
                Segmented {
                    objectName: "draftKind"
                    anchors.verticalCenter: parent.verticalCenter
                    visible: editor.draft.creating
                    label: "Make a"
                    value: editor.draft.folder ? "folder" : "key"
                    choices: [
                        {
                            "value": "key",
                            "text": "Key"
                        },
                        {
                            "value": "folder",
                            "text": "Folder"
                        }
                    ]
                    onChosen: value => editor.draft.folder = value === "folder"
                }
                UiText {
                    visible: !editor.draft.creating
                    anchors.verticalCenter: parent.verticalCenter
                    width: parent.width - ttlField.width - parent.spacing
                    text: editor.draft.ttl === "" ? "empty: it stays" : "counted anew when saved"
                    color: Theme.textMuted
                    font.pixelSize: Theme.small
                }
            }
        }
        Rectangle {
            anchors.top: fields.bottom
            anchors.topMargin: Theme.sm
            anchors.bottom: remark.top
            anchors.bottomMargin: Theme.sm
            width: parent.width
            visible: !editor.inConflict && !editor.draft.folder
            radius: Theme.radius
            color: Theme.sunken
            border.width: area.activeFocus ? 2 : 1
            border.color: area.activeFocus ? Theme.focus : Theme.line
            clip: true

            ScrollView {
                anchors.fill: parent
                anchors.margins: 2
                clip: true

                TextArea {
                    id: area

                    objectName: "draftText"
                    padding: Theme.sm
                    textFormat: TextEdit.PlainText
                    wrapMode: TextEdit.WrapAtWordBoundaryOrAnywhere
                    selectByMouse: true
                    text: editor.draft.text
                    color: Theme.text
                    selectionColor: Theme.accent
                    selectedTextColor: Theme.textOnAccent
                    placeholderText: "The value"
                    placeholderTextColor: Theme.textMuted
                    font.family: Theme.monoFamily
                    font.pixelSize: Theme.small
                    background: Item {}
                    Accessible.name: "Value"
                    KeyNavigation.priority: KeyNavigation.BeforeItem
                    KeyNavigation.tab: cancelButton
                    onTextChanged: editor.draft.text = text
                }
            }
        }
        UiText {
            id: remark

            objectName: "draftRemark"
            anchors.bottom: acts.top
            anchors.bottomMargin: Theme.sm
            width: parent.width
            visible: !editor.inConflict
            wrapMode: Text.Wrap
            maximumLineCount: 3
            color: editor.draft.wrong !== "" ? Theme.bad : Theme.warn
            font.pixelSize: Theme.small
            text: {
                if (editor.draft.wrong !== "" && editor.draft.dirty)
                    return editor.draft.wrong;
                if (editor.behind)
                    return "It has just been changed: saving will show both values.";
                return "";
            }
        }
        Row {
            id: acts

            anchors.bottom: parent.bottom
            anchors.right: parent.right
            visible: !editor.inConflict
            spacing: Theme.sm

            UiButton {
                id: cancelButton

                objectName: "draftCancel"
                text: "Cancel"
                hint: "Leave it as it is (Esc)"
                onClicked: editor.leave()
            }
            UiButton {
                objectName: "draftSave"
                primary: true
                enabled: editor.ready
                text: editor.draft.busy ? "Saving" : editor.draft.creating ? "Create" : "Save"
                hint: "Write it, if nobody else has (Ctrl S)"
                onClicked: editor.save()
            }
        }
    }
    AskDialog {
        id: discard

        title: "Discard what you have written?"
        text: "The key stays as it is."
        actText: "Discard"
        danger: true
        onConfirmed: editor.draft.close()
        onClosed: {
            if (editor.draft.open)
                editor.begin();
        }
    }
    Connections {
        target: editor.draft

        function onOpened(): void {
            if (!editor.draft.open)
                editor.closed();
        }
    }
}
