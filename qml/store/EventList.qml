// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// Changes, newest first; of the one that is current the old and the new value, whole.
FocusScope {
    id: view

    required property StoreEvents events
    property bool showKey: false
    readonly property var shownEvent: {
        return list.currentIndex >= 0 && view.events.count > 0 ? view.events.at(list.currentIndex) :
                                                                 ({});
    }

    function move(by: int): void {
        const at = Math.max(0, list.currentIndex) + by;
        list.currentIndex = Math.max(0, Math.min(list.count - 1, at));
        list.positionViewAtIndex(list.currentIndex, ListView.Contain);
        list.atNewest = list.currentIndex === 0;
    }

    ListView {
        id: list

        // What comes is in sight, unless older ones are looked at.
        property bool atNewest: true

        objectName: "eventRows"
        anchors.top: parent.top
        anchors.bottom: values.top
        width: parent.width
        focus: true
        clip: true
        model: view.events
        currentIndex: 0
        highlightFollowsCurrentItem: false
        keyNavigationEnabled: false
        reuseItems: true
        boundsBehavior: Flickable.StopAtBounds
        activeFocusOnTab: true
        Accessible.role: Accessible.List
        Accessible.name: "Events"

        ScrollBar.vertical: UiScrollBar {}

        onMovementEnded: list.atNewest = list.atYBeginning
        onCountChanged: {
            if (!list.atNewest)
                return;
            list.currentIndex = list.count > 0 ? 0 : -1;
            list.positionViewAtBeginning();
        }
        Keys.onUpPressed: view.move(-1)
        Keys.onDownPressed: view.move(1)

        FocusRing {
            z: 1
            shown: list.activeFocus
        }
        delegate: EventRow {
            width: list.width
            current: list.currentIndex === index
            listFocused: list.activeFocus
            showKey: view.showKey
            onChosen: {
                list.currentIndex = index;
                list.forceActiveFocus();
            }
        }
    }
    Row {
        id: values

        anchors.bottom: parent.bottom
        width: parent.width
        height: view.events.count > 0 ? Math.min(220, Math.max(110, view.height * 0.36)) : 0
        visible: height > 0
        spacing: Theme.sm

        SideValue {
            objectName: "oldValue"
            width: (parent.width - parent.spacing) / 2
            height: parent.height
            title: "Old"
            text: view.shownEvent.before ?? ""
            absent: view.shownEvent.hasBefore === true ? "" : "There was no value before."
        }
        SideValue {
            objectName: "newValue"
            width: (parent.width - parent.spacing) / 2
            height: parent.height
            title: "New"
            text: view.shownEvent.after ?? ""
            absent: view.shownEvent.hasAfter === true ? "" : "The key was gone after it."
        }
    }
}
