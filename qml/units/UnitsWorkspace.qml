// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// The cluster's units: the list with the details beside it, or the editor of a unit file.
Workspace {
    id: place

    property bool editing: false
    property bool opening: false // the draft is on its way

    function focusFilter(): bool {
        return place.editing ? false : list.focusFilter();
    }
    function openNew(): void {
        place.opening = true;
        place.session.draft.openNew();
    }
    function openExisting(name: string): void {
        place.opening = true;
        place.session.draft.openExisting(name);
    }
    function edit(): void {
        place.opening = false;
        place.editing = true;
        editor.begin();
    }
    function leaveEditor(): void {
        place.editing = false;
        list.forceActiveFocus();
    }

    title: "Units"
    keyHelp: place.editing ? editor.keyHelp : list.keyHelp

    // The editor opens when there is a text to show, which the cluster may refuse.
    Connections {
        target: place.session.draft

        function onOpened(): void {
            if (place.opening)
                place.edit();
        }
        function onFailed(): void {
            place.opening = false;
        }
    }
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
