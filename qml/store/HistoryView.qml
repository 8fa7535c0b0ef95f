// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// What the store still knows to have happened to the key that is current.
FocusScope {
    id: view

    required property ConsoleSession session
    required property bool shown
    readonly property StoreEvents events: view.session.keyHistory
    readonly property StoreTree tree: view.session.store
    readonly property var entry: view.tree.current
    readonly property bool isDir: view.entry.dir === true
    // Another key, or the same one changed: read anew.
    readonly property string wanted: {
        if (!view.shown || view.tree.currentKey === "")
            return "";
        return view.tree.currentKey + " " + (view.entry.modifiedIndex ?? "gone");
    }

    onWantedChanged: {
        if (view.wanted !== "")
            view.events.load(view.tree.currentKey, view.isDir);
    }

    UiText {
        id: note

        objectName: "historyNote"
        width: parent.width - again.width - Theme.sm
        height: 30
        color: Theme.textMuted
        font.pixelSize: Theme.small
        text: {
            if (view.events.phase !== StoreEvents.Loaded)
                return "";
            if (view.events.from === 0)
                return "Nothing has happened in the store yet.";
            return "The store knows of index " + Format.grouped(view.events.from) + " to "
                    + Format.grouped(view.events.to);
        }
    }
    UiButton {
        id: again

        anchors.right: parent.right
        ghost: true
        glyph: "refresh"
        hint: "Read the history anew"
        onClicked: view.events.load(view.tree.currentKey, view.isDir)
    }
    EventList {
        objectName: "historyList"
        anchors.top: note.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        focus: true
        visible: view.events.count > 0
        events: view.events
        showKey: view.isDir
    }
    StateView {
        anchors.top: note.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        visible: view.events.count === 0
        kind: {
            if (view.events.phase === StoreEvents.Failed)
                return "error";
            return view.events.phase === StoreEvents.Loading ? "loading" : "empty";
        }
        glyph: "refresh"
        title: {
            if (kind === "error")
                return "The history cannot be read";
            return kind === "loading" ? "Reading the history" : "Nothing of late";
        }
        text: {
            if (kind === "error")
                return view.events.errorText;
            if (kind === "loading")
                return "";
            return "None of the store's last 1,000 events was about it.";
        }
    }
}
