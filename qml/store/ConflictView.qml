// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// The key is no longer as it was when it was opened: mine and theirs, and what can be done.
FocusScope {
    id: view

    required property StoreDraft draft
    readonly property var theirs: view.draft.conflict
    readonly property string kind: view.theirs.kind ?? ""
    readonly property bool gone: view.kind === "gone"
    readonly property bool usable: !view.gone && !view.theirs.binary && !view.theirs.dir

    function begin(): void {
        keep.forceActiveFocus(Qt.TabFocusReason);
    }

    Accessible.role: Accessible.AlertMessage
    Accessible.name: heading.text

    Column {
        id: head

        width: parent.width
        spacing: Theme.sm

        StatePill {
            tone: Tone.Warn
            text: "conflict"
        }
        UiText {
            id: heading

            objectName: "conflictTitle"
            width: parent.width
            font.weight: Font.DemiBold
            wrapMode: Text.Wrap
            text: {
                if (view.gone)
                    return "The key was deleted while you wrote.";
                return view.kind === "appeared" ? "There is such a key already." :
                                                  "The key was changed while you wrote.";
            }
        }
        UiText {
            width: parent.width
            color: Theme.textMuted
            wrapMode: Text.Wrap
            text: "Nothing is written yet, and nothing of yours is lost."
        }
    }
    Row {
        anchors.top: head.bottom
        anchors.topMargin: Theme.md
        anchors.bottom: acts.top
        anchors.bottomMargin: Theme.md
        width: parent.width
        spacing: Theme.sm

        SideValue {
            objectName: "mineValue"
            width: (parent.width - parent.spacing) / 2
            height: parent.height
            title: "Mine"
            text: view.draft.text
        }
        SideValue {
            objectName: "theirsValue"
            width: (parent.width - parent.spacing) / 2
            height: parent.height
            title: "Theirs"
            note: view.gone ? "" : "index " + Format.grouped(view.theirs.index ?? 0)
            text: view.theirs.text ?? ""
            absent: {
                if (view.gone)
                    return "The key is gone.";
                return view.theirs.dir ? "A folder is there." : "";
            }
        }
    }
    Flow {
        id: acts

        anchors.bottom: parent.bottom
        width: parent.width
        spacing: Theme.sm
        layoutDirection: Qt.RightToLeft

        UiButton {
            objectName: "conflictOverwrite"
            danger: true
            enabled: !view.theirs.dir && !view.draft.busy
            text: view.gone ? "Make it again" : "Overwrite"
            hint: "Write mine in place of theirs"
            onClicked: view.draft.overwrite()
        }
        UiButton {
            objectName: "conflictTakeTheirs"
            text: view.usable ? "Take theirs" : "Let mine go"
            hint: "Mine is lost"
            onClicked: view.draft.takeTheirs()
        }
        UiButton {
            id: keep

            objectName: "conflictKeep"
            text: "Cancel"
            hint: "Back to the text (Esc)"
            onClicked: view.draft.keepEditing()
        }
    }
}
