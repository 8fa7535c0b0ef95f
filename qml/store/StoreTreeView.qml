// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// The tree: one list, whose rows come and go as folders open. The arrows walk and open it.
FocusScope {
    id: view

    required property StoreTree tree

    function choose(row: int): void {
        if (row < 0 || row >= view.tree.count)
            return;
        view.tree.currentKey = view.tree.keyAt(row);
        list.positionViewAtIndex(row, ListView.Contain);
    }
    function move(by: int): void {
        const from = view.tree.currentRow;
        view.choose(from < 0 ? 0 : Math.max(0, Math.min(view.tree.count - 1, from + by)));
    }
    function enter(): void {
        const row = view.tree.currentRow;
        if (view.tree.isDirAt(row) && !view.tree.isExpandedAt(row))
            view.tree.setExpanded(row, true);
        else if (view.tree.isDirAt(row))
            view.move(1);
    }
    function leave(): void {
        const row = view.tree.currentRow;
        if (view.tree.isDirAt(row) && view.tree.isExpandedAt(row))
            view.tree.setExpanded(row, false);
        else
            view.choose(view.tree.parentRow(row));
    }
    function toggle(): void {
        const row = view.tree.currentRow;
        view.tree.setExpanded(row, !view.tree.isExpandedAt(row));
    }

    Rectangle {
        anchors.fill: parent
        color: Theme.table
    }
    ListView {
        id: list

        property real placeBefore: 0
        readonly property int rowHeight: 26
        readonly property int page: Math.max(1, Math.floor(height / rowHeight) - 1)

        anchors.fill: parent
        topMargin: Theme.xs
        focus: true
        clip: true
        model: view.tree
        currentIndex: view.tree.currentRow
        highlightFollowsCurrentItem: false
        keyNavigationEnabled: false
        reuseItems: true
        cacheBuffer: 0
        boundsBehavior: Flickable.StopAtBounds
        pixelAligned: true
        Accessible.role: Accessible.Tree
        Accessible.name: "Keys"

        ScrollBar.vertical: UiScrollBar {}

        Keys.onPressed: event => {
            const steps = ({
                    [Qt.Key_Down]: 1,
                    [Qt.Key_J]: 1,
                    [Qt.Key_Up]: -1,
                    [Qt.Key_K]: -1,
                    [Qt.Key_PageDown]: list.page,
                    [Qt.Key_PageUp]: -list.page,
                    [Qt.Key_Home]: -view.tree.count,
                    [Qt.Key_End]: view.tree.count
                });
            event.accepted = event.modifiers === Qt.NoModifier && event.key in steps;
            if (event.accepted)
                view.move(steps[event.key]);
        }
        Keys.onRightPressed: view.enter()
        Keys.onLeftPressed: view.leave()
        Keys.onReturnPressed: view.toggle()
        Keys.onSpacePressed: view.toggle()

        delegate: StoreRow {
            tree: view.tree
            treeFocused: view.activeFocus
            width: list.width
            onChosen: {
                view.tree.currentKey = key;
                list.forceActiveFocus();
            }
        }

        Connections {
            target: view.tree

            function onModelAboutToBeReset(): void {
                list.placeBefore = list.contentY;
            }
            function onRebuilt(): void {
                const most = Math.max(0, list.count * list.rowHeight - list.height);
                list.contentY = Math.min(list.placeBefore, most);
            }
            function onFilterChanged(): void {
                list.contentY = -list.topMargin;
            }
            // goTo: what becomes current is brought into sight.
            function onCurrentChanged(): void {
                const row = view.tree.currentRow;
                if (row >= 0 && list.visibleKey !== view.tree.currentKey)
                    list.positionViewAtIndex(row, ListView.Contain);
                list.visibleKey = view.tree.currentKey;
            }
        }
        property string visibleKey
    }
}
