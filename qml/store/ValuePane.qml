// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// The key that is current: what it holds, as text, JSON or bytes, what has happened to it, and what
// happens to it now.
FocusScope {
    id: pane

    required property ConsoleSession session
    readonly property StoreTree tree: pane.session.store
    property string view: "value" // value, history, watch
    readonly property bool mayWrite: pane.session.mayOperate
                                     && pane.session.link === ConsoleSession.Live
    readonly property bool mayEdit: pane.mayWrite && pane.known && !pane.isDir && !pane.entry.binary
    readonly property var entry: pane.tree.current
    readonly property bool known: pane.entry.key !== undefined
    readonly property bool isDir: pane.known && pane.entry.dir
    property string wanted: "" // what the user chose; empty = what fits
    readonly property var choices: {
        const all = [];
        if (pane.known && !pane.entry.binary)
            all.push({
                "value": "text",
                "text": "Text"
            });
        if (pane.known && pane.entry.json !== "")
            all.push({
                "value": "json",
                "text": "JSON"
            });
        all.push({
            "value": "hex",
            "text": "Bytes"
        });
        return all;
    }
    readonly property string shownAs: {
        if (pane.choices.some(one => one.value === pane.wanted))
            return pane.wanted;
        return pane.choices.length > 2 ? "json" : pane.choices[0].value;
    }
    readonly property string lifetime: {
        if (!pane.known || pane.entry.ttl <= 0)
            return "";
        const left = pane.tree.secondsLeft > 0 ? "in " + Format.span(pane.tree.secondsLeft) : "now";
        if (pane.entry.expires > 0)
            return left + ", at " + Qt.formatTime(new Date(pane.entry.expires), "HH:mm:ss");
        return left;
    }
    readonly property string holds: {
        if (!pane.known)
            return "";
        if (!pane.isDir)
            return (pane.entry.cut ? "the first " : "") + pane.entry.size + " bytes";
        if (pane.entry.children < 0)
            return "not opened yet";
        return pane.entry.children + (pane.entry.children === 1 ? " entry" : " entries");
    }

    signal editWanted
    signal deleteWanted

    function show(view: string): void {
        pane.view = view;
    }
    function togglePause(): void {
        watchView.togglePause();
    }
    // W begins what the pane is asked to show.
    function watch(): void {
        pane.view = "watch";
        watchView.begin();
    }
    function nextForm(): void {
        const at = pane.choices.findIndex(one => one.value === pane.shownAs);
        pane.wanted = pane.choices[(at + 1) % pane.choices.length].value;
    }
    function indexText(index: var): string {
        return index > 0 ? "index " + Format.grouped(index) : "";
    }
    function shortened(key: string): string {
        return key.length > 600 ? key.slice(0, 600) + "…" : key;
    }
    function copy(): void {
        value.selectAll();
        value.copy();
        value.deselect();
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.surface
    }
    Column {
        id: head

        x: Theme.lg
        y: Theme.lg
        width: parent.width - Theme.lg * 2
        visible: pane.known
        spacing: Theme.md

        Item {
            width: parent.width
            height: Theme.controlHeight

            UiText {
                anchors.verticalCenter: parent.verticalCenter
                width: parent.width - acts.width - Theme.sm
                text: pane.known ? Format.oneLine(pane.entry.name) : ""
                font.pixelSize: Theme.heading
                font.weight: Font.DemiBold
                Accessible.role: Accessible.Heading
            }
            Row {
                id: acts

                anchors.right: parent.right
                spacing: Theme.xs

                UiButton {
                    objectName: "editValue"
                    visible: !pane.isDir
                    enabled: pane.mayEdit
                    glyph: "edit"
                    text: "Edit"
                    hint: pane.entry.binary ? "Bytes that are no text: qdctl store set --stdin" :
                                              "Write another value (E)"
                    onClicked: pane.editWanted()
                }
                UiButton {
                    objectName: "deleteKey"
                    enabled: pane.mayWrite
                    ghost: true
                    danger: true
                    glyph: "trash"
                    hint: "Delete (Del)"
                    onClicked: pane.deleteWanted()
                }
            }
        }
        FieldGrid {
            width: parent.width
            fields: pane.known ? [
                {
                    "label": "Key",
                    "value": pane.shortened(pane.entry.key),
                    "mono": true
                },
                {
                    "label": "Holds",
                    "value": pane.holds,
                    "mono": false
                },
                {
                    "label": "Expires",
                    "value": pane.lifetime,
                    "mono": false
                },
                {
                    "label": "Created at",
                    "value": pane.indexText(pane.entry.createdIndex),
                    "mono": false
                },
                {
                    "label": "Modified at",
                    "value": pane.indexText(pane.entry.modifiedIndex),
                    "mono": false
                },
                {
                    "label": "Trouble",
                    "value": pane.entry.error,
                    "mono": false
                }
            ] : []
        }
        Segmented {
            objectName: "paneView"
            label: "Show of the key"
            value: pane.view
            choices: [
                {
                    "value": "value",
                    "text": "Value"
                },
                {
                    "value": "history",
                    "text": "History"
                },
                {
                    "value": "watch",
                    "text": "Watch"
                }
            ]
            onChosen: value => pane.view = value
        }
        Item {
            width: parent.width
            height: 30
            visible: !pane.isDir && pane.view === "value"

            Segmented {
                objectName: "valueForm"
                anchors.verticalCenter: parent.verticalCenter
                label: "Show the value as"
                choices: pane.choices
                value: pane.shownAs
                onChosen: value => pane.wanted = value
            }
            UiButton {
                anchors.right: parent.right
                objectName: "copyValue"
                ghost: true
                text: "Copy"
                onClicked: pane.copy()
            }
        }
    }
    Rectangle {
        anchors.top: head.bottom
        anchors.topMargin: Theme.sm
        anchors.bottom: parent.bottom
        anchors.bottomMargin: Theme.lg
        x: Theme.lg
        width: parent.width - Theme.lg * 2
        visible: pane.known && !pane.isDir && pane.view === "value"
        radius: Theme.radius
        color: Theme.sunken
        border.color: Theme.line
        clip: true

        Flickable {
            id: flick

            anchors.fill: parent
            anchors.margins: 1
            clip: true
            boundsBehavior: Flickable.StopAtBounds
            contentWidth: pane.shownAs === "hex" ? Math.max(width, value.implicitWidth) : width
            contentHeight: value.implicitHeight

            ScrollBar.vertical: UiScrollBar {}
            ScrollBar.horizontal: UiScrollBar {}

            TextEdit {
                id: value

                objectName: "value"
                width: flick.contentWidth
                padding: Theme.md
                readOnly: true
                selectByMouse: true
                activeFocusOnTab: true
                textFormat: TextEdit.PlainText
                wrapMode: {
                    const dump = pane.shownAs === "hex";
                    return dump ? TextEdit.NoWrap : TextEdit.WrapAtWordBoundaryOrAnywhere;
                }
                text: {
                    if (!pane.known)
                        return "";
                    return pane.entry[pane.shownAs];
                }
                color: Theme.text
                selectionColor: Theme.accent
                selectedTextColor: Theme.textOnAccent
                font.family: Theme.monoFamily
                font.pixelSize: Theme.small
                Accessible.role: Accessible.EditableText
                Accessible.readOnly: true
                Accessible.name: "Value as " + pane.shownAs
            }
        }
        UiText {
            anchors.centerIn: parent
            visible: pane.known && pane.entry.size === 0
            text: "The value is empty."
            color: Theme.textMuted
        }
    }
    UiText {
        anchors.top: head.bottom
        anchors.topMargin: Theme.md
        x: Theme.lg
        width: parent.width - Theme.lg * 2
        visible: pane.isDir && pane.view === "value"
        text: "A folder has no value."
        color: Theme.textMuted
    }
    HistoryView {
        anchors.top: head.bottom
        anchors.topMargin: Theme.sm
        anchors.bottom: parent.bottom
        anchors.bottomMargin: Theme.lg
        x: Theme.lg
        width: parent.width - Theme.lg * 2
        visible: pane.known && pane.view === "history"
        session: pane.session
        shown: visible
    }
    WatchView {
        id: watchView

        anchors.top: pane.known ? head.bottom : parent.top
        anchors.topMargin: pane.known ? Theme.sm : Theme.lg
        anchors.bottom: parent.bottom
        anchors.bottomMargin: Theme.lg
        x: Theme.lg
        width: parent.width - Theme.lg * 2
        visible: pane.view === "watch"
        session: pane.session
    }
    StateView {
        anchors.fill: parent
        visible: !pane.known && pane.view !== "watch"
        glyph: "key"
        title: pane.tree.currentKey === "" ? "Choose a key" : "This key is gone"
        text: pane.tree.currentKey || "Its value and its indices are shown here."
    }
}
