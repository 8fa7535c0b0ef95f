// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// The replicated store: a tree that follows the store by itself, and the key that is current, to
// look at, to write, and to watch.
Workspace {
    id: workspace

    readonly property StoreTree tree: workspace.session.store
    readonly property StoreDraft draft: workspace.session.storeDraft
    readonly property var entry: workspace.tree.current
    readonly property bool shown: workspace.tree.count > 0
    readonly property bool editing: workspace.draft.open
    readonly property bool mayWrite: workspace.session.mayOperate
                                     && workspace.session.link === ConsoleSession.Live
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

    // Where a new key would stand: in the folder that is current, or beside the key.
    function folder(): string {
        const key = workspace.tree.currentKey;
        return workspace.entry.dir ? key : key.slice(0, key.lastIndexOf("/"));
    }
    function create(): void {
        if (workspace.mayWrite)
            workspace.draft.create(workspace.folder());
    }
    function edit(): void {
        if (pane.mayEdit)
            workspace.draft.edit(workspace.tree.currentKey);
    }
    function askDelete(): void {
        if (!workspace.mayWrite || workspace.entry.key === undefined)
            return;
        if (workspace.entry.dir)
            deleteFolder.ask(workspace.tree.currentKey);
        else
            deleteKey.begin(workspace.tree.currentKey);
    }
    function act(key: int): bool {
        const acts = ({
                [Qt.Key_V]: pane.nextForm,
                [Qt.Key_E]: workspace.edit,
                [Qt.Key_N]: workspace.create,
                [Qt.Key_Delete]: workspace.askDelete,
                [Qt.Key_H]: () => pane.show(pane.view === "history" ? "value" : "history"),
                [Qt.Key_W]: pane.watch,
                [Qt.Key_P]: pane.togglePause,
                [Qt.Key_X]: () => transfer.beginExport(workspace.tree.currentKey || "/"),
                [Qt.Key_I]: transfer.beginImport,
                [Qt.Key_F5]: workspace.tree.reload
            });
        if (key in acts)
            acts[key]();
        return key in acts;
    }

    title: "Store"
    keyHelp: workspace.editing ? editor.keyHelp : [
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
            "keys": "E, N, Del",
            "what": "Edit, new key, delete"
        },
        {
            "keys": "V",
            "what": "Value as text, JSON or bytes"
        },
        {
            "keys": "H, W, P",
            "what": "History, watch, pause"
        },
        {
            "keys": "X, I",
            "what": "Export, import"
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
        const copy = event.matches(StandardKey.Copy);
        event.accepted = !workspace.editing && copy;
        if (event.accepted)
            pane.copy();
        else if (!workspace.editing && event.modifiers === Qt.NoModifier)
            event.accepted = workspace.act(event.key);
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
            objectName: "newKey"
            anchors.verticalCenter: parent.verticalCenter
            enabled: workspace.mayWrite && !workspace.editing
            glyph: "plus"
            text: "New key"
            hint: "Make a key or a folder (N)"
            onClicked: workspace.create()
        }
        UiButton {
            objectName: "exportKeys"
            anchors.verticalCenter: parent.verticalCenter
            enabled: workspace.session.link === ConsoleSession.Live
            ghost: true
            text: "Export"
            hint: "The key that is chosen and all below it, into a file (X)"
            onClicked: transfer.beginExport(workspace.tree.currentKey || "/")
        }
        UiButton {
            objectName: "importKeys"
            anchors.verticalCenter: parent.verticalCenter
            enabled: workspace.mayWrite
            ghost: true
            text: "Import"
            hint: "Compare a file with the store, and write it (I)"
            onClicked: transfer.beginImport()
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
        FocusScope {
            SplitView.preferredWidth: Math.round(workspace.width * 0.42)
            SplitView.minimumWidth: 320

            ValuePane {
                id: pane

                objectName: "valuePane"
                anchors.fill: parent
                visible: !workspace.editing
                session: workspace.session
                onEditWanted: workspace.edit()
                onDeleteWanted: workspace.askDelete()
            }
            ValueEditor {
                id: editor

                objectName: "valueEditor"
                anchors.fill: parent
                visible: workspace.editing
                enabled: visible
                focus: visible
                session: workspace.session
                onClosed: treeView.forceActiveFocus()
            }
        }
    }
    AskDialog {
        id: deleteKey

        title: "Delete this key?"
        text: "Only as it is shown: if it has changed meanwhile, it stays."
        actText: "Delete"
        danger: true
        onConfirmed: subject => workspace.tree.remove(subject)
        onClosed: treeView.forceActiveFocus()
    }
    ConfirmDialog {
        id: deleteFolder

        title: "Delete this folder?"
        text: "With all that is in it, hidden keys too. There is no way back."
        actText: "Delete"
        onConfirmed: subject => workspace.tree.remove(subject)
        onClosed: treeView.forceActiveFocus()
    }
    TransferDialog {
        id: transfer

        session: workspace.session
        onClosed: treeView.forceActiveFocus()
    }
    Connections {
        target: workspace.draft

        function onOpened(): void {
            if (workspace.editing && !editor.inConflict)
                editor.begin();
        }
        function onSaved(key: string): void {
            workspace.tree.goTo(key);
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
