// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// The cluster's units: the list with the details beside it, or the editor of a unit file.
Workspace {
    id: place

    property bool editing: false

    function focusFilter(): bool {
        return place.editing ? false : list.focusFilter();
    }
    function openNew(): void {
        place.session.draft.openNew();
        place.edit();
    }
    function openExisting(name: string): void {
        place.session.draft.openExisting(name);
        place.edit();
    }
    function edit(): void {
        place.editing = true;
        editor.forceActiveFocus();
    }
    function leaveEditor(): void {
        place.editing = false;
        list.forceActiveFocus();
    }

    title: "Units"
    keyHelp: place.editing ? editor.keyHelp : list.keyHelp

    UnitList {
        id: list

        anchors.fill: parent
        visible: !place.editing
        focus: !place.editing
        session: place.session
        onNewWanted: place.openNew()
        onEditWanted: name => place.openExisting(name)
    }
    UnitEditor {
        id: editor

        anchors.fill: parent
        visible: place.editing
        focus: place.editing
        session: place.session
        onClosed: place.leaveEditor()
    }
}
