// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// What the cluster says of the text, a line a remark; each leads to its place.
Rectangle {
    id: panel

    required property UnitDraft draft
    readonly property int count: panel.draft.diagnostics.length
    readonly property string headline: {
        if (panel.draft.checkTrouble !== "")
            return "Cannot be checked: " + panel.draft.checkTrouble;
        if (panel.count === 0)
            return "No remarks";
        const errors = panel.draft.errorCount;
        const warnings = panel.count - errors;
        const words = (n, one) => n === 0 ? [] : [n + " " + one + (n === 1 ? "" : "s")];
        return words(errors, "error").concat(words(warnings, "warning")).join(", ");
    }

    signal lineWanted(int line)

    function next(): void {
        if (panel.count === 0)
            return;
        list.currentIndex = (list.currentIndex + 1) % panel.count;
        panel.lineWanted(panel.draft.diagnostics[list.currentIndex].line);
    }

    height: 34 + Math.min(5, panel.count) * 28 + (panel.count > 0 ? Theme.xs : 0)
    color: Theme.surface

    Rectangle {
        width: parent.width
        height: 1
        color: Theme.line
    }
    StateMark {
        x: Theme.lg
        y: 12
        tone: {
            if (panel.draft.errorCount > 0)
                return Tone.Bad;
            const warned = panel.count > 0 || panel.draft.checkTrouble !== "";
            return warned ? Tone.Warn : Tone.Good;
        }
    }
    UiText {
        x: Theme.lg + 18
        width: parent.width - x - Theme.lg
        height: 34
        text: panel.headline
        font.weight: Font.Medium
    }
    ListView {
        id: list

        objectName: "remarks"
        y: 34
        width: parent.width
        height: parent.height - y
        clip: true
        currentIndex: -1
        model: panel.draft.diagnostics
        boundsBehavior: Flickable.StopAtBounds
        Accessible.role: Accessible.List
        Accessible.name: "Remarks"

        ScrollBar.vertical: UiScrollBar {}

        delegate: LinkRow {
            required property var modelData
            required property int index

            x: Theme.md
            width: list.width - Theme.md * 2
            tone: modelData.severity === "Error" ? Tone.Bad : Tone.Warn
            text: modelData.message
            note: "line " + modelData.line
            onClicked: {
                list.currentIndex = index;
                panel.lineWanted(modelData.line);
            }
        }
    }
}
