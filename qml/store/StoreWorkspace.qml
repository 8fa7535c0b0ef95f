// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// The replicated store, to look at: a tree that follows the store by itself, and the value of the
// key that is current.
Workspace {
    id: workspace

    readonly property StoreTree tree: workspace.session.store
    readonly property bool shown: workspace.tree.count > 0
    property string missing

    function focusFilter(): bool {
        filter.forceActiveFocus();
        filter.selectAll();
        return true;
    }
    // A path and Return go to the key, also where no listing shows it.
    function accept(): void {
        workspace.missing = "";
        if (filter.text.startsWith("/")) {
            const key = filter.text;
            filter.clear();
            workspace.tree.goTo(key);
        }
        treeView.forceActiveFocus();
    }

    title: "Store"
    keyHelp: [
        {
            "keys": "↑ ↓",
            "what": "Walk"
        },
        {
            "keys": "→ ←",
            "what": "Open a folder, close it or go up"
        },
        {
            "keys": "/ /path ⏎",
            "what": "Go to a key, hidden ones too"
        },
        {
            "keys": "V",
            "what": "Value as text, JSON or bytes"
        },
        {
            "keys": "Ctrl C",
            "what": "Copy the value"
        },
        {
            "keys": "F5",
            "what": "Read everything anew"
        }
    ]
    Keys.onPressed: event => {
        const form = event.key === Qt.Key_V && event.modifiers === Qt.NoModifier;
        const copy = event.matches(StandardKey.Copy);
        const again = event.key === Qt.Key_F5;
        event.accepted = form || copy || again;
        if (form)
            pane.nextForm();
        else if (copy)
            pane.copy();
        else if (again)
            workspace.tree.reload();
    }

    WorkspaceBar {
        id: bar

        width: parent.width
        title: workspace.title
        summary: {
            if (workspace.missing !== "")
                return "There is no key " + workspace.missing;
            if (workspace.tree.phase !== StoreTree.Ready)
                return "";
            const known = workspace.tree.known + " keys and folders read";
            const filtered = workspace.tree.filter !== "";
            return filtered ? workspace.tree.count + " shown of " + known : known;
        }

        StatePill {
            anchors.verticalCenter: parent.verticalCenter
            visible: workspace.tree.phase === StoreTree.Ready && !workspace.tree.following
            tone: Tone.Warn
            text: "not live"
        }
        SearchField {
            id: filter

            objectName: "storeFilter"
            anchors.verticalCenter: parent.verticalCenter
            width: 280
            label: "Filter the keys that have been read, or go to a path"
            placeholderText: "Filter, or /path to go to"
            onTextEdited: workspace.tree.filter = filter.text.startsWith("/") ? "" : filter.text
            onDismissed: {
                if (filter.text === "")
                    workspace.tree.filter = "";
                workspace.accept();
            }
        }
        UiButton {
            anchors.verticalCenter: parent.verticalCenter
            glyph: "refresh"
            hint: "Read everything anew (F5)"
            onClicked: workspace.tree.reload()
        }
    }
    UiSplit {
        anchors.top: bar.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        orientation: Qt.Horizontal

        FocusScope {
            SplitView.fillWidth: true
            SplitView.minimumWidth: 300
            focus: true

            StoreTreeView {
                id: treeView

                objectName: "storeTree"
                anchors.fill: parent
                focus: true
                tree: workspace.tree
            }
            StateView {
                anchors.fill: parent
                visible: !workspace.shown
                kind: {
                    if (workspace.tree.phase === StoreTree.Failed)
                        return "error";
                    return workspace.tree.phase === StoreTree.Ready ? "empty" : "loading";
                }
                glyph: "store"
                title: {
                    if (kind === "error")
                        return "The store cannot be read";
                    if (kind === "loading")
                        return "Reading the store";
                    return workspace.tree.filter === "" ? "The store is empty" : "No key matches";
                }
                text: {
                    if (kind === "empty" && workspace.tree.filter !== "")
                        return "Folders that have not been opened are not searched. "
                                + "A path and Return go to a key.";
                    return workspace.tree.errorText;
                }
                actionText: kind === "error" ? "Try again" : ""
                onAction: workspace.tree.reload()
            }
        }
        ValuePane {
            id: pane

            objectName: "valuePane"
            SplitView.preferredWidth: Math.round(workspace.width * 0.42)
            SplitView.minimumWidth: 280
            tree: workspace.tree
        }
    }
    Connections {
        target: workspace.tree

        function onMissing(key: string): void {
            workspace.missing = key;
        }
        function onCurrentChanged(): void {
            if (workspace.tree.currentKey !== "")
                workspace.missing = "";
        }
    }
}
