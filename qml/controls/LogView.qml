// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Charts
import Quarterdeck.Models

// A log that follows its end until someone scrolls up.
Item {
    id: view

    required property LogWindow log
    property bool follow: true
    property bool placed: true // false: what logs has no place where it could

    function scrollBy(pixels: real): void {
        const most = lines.originY + lines.contentHeight - lines.height;
        lines.contentY = Math.max(lines.originY, Math.min(most, lines.contentY + pixels));
        view.follow = lines.atYEnd;
        soon.restart();
    }
    function followEnd(): void {
        view.follow = true;
        lines.positionViewAtEnd();
    }

    // After the new lines have their place.
    Timer {
        id: soon

        interval: 0
        onTriggered: {
            if (view.follow && !bar.pressed)
                lines.positionViewAtEnd();
            ReadingOrder.mend(lines.contentItem);
        }
    }

    // The list's own count says nothing of a batch that replaces as many lines as it brings.
    Connections {
        target: view.log

        function onCountChanged(): void {
            soon.restart();
        }
    }
    Rectangle {
        anchors.fill: parent
        color: Theme.sunken
    }
    ListView {
        id: lines

        anchors.fill: parent
        anchors.margins: Theme.xs
        clip: true
        model: view.log
        reuseItems: true
        activeFocusOnTab: true
        boundsBehavior: Flickable.StopAtBounds
        Accessible.role: Accessible.List
        Accessible.name: "Log of " + view.log.unit
        onHeightChanged: soon.restart()
        onContentHeightChanged: soon.restart()
        onMovementEnded: {
            view.follow = lines.atYEnd;
            soon.restart();
        }
        keyNavigationEnabled: false
        Keys.onPressed: event => {
            const steps = ({
                    [Qt.Key_Down]: 40,
                    [Qt.Key_Up]: -40,
                    [Qt.Key_PageDown]: lines.height - 40,
                    [Qt.Key_PageUp]: 40 - lines.height,
                    [Qt.Key_Home]: -lines.contentHeight
                });
            event.accepted = event.key === Qt.Key_End || event.key in steps;
            if (event.key === Qt.Key_End)
                view.followEnd();
            else if (event.accepted)
                view.scrollBy(steps[event.key]);
        }

        ScrollBar.vertical: UiScrollBar {
            id: bar

            onPressedChanged: {
                if (!bar.pressed)
                    view.follow = lines.atYEnd;
            }
        }

        delegate: LogLine {
            width: lines.width
        }
    }
    StateView {
        anchors.fill: parent
        visible: view.log.count === 0
        kind: view.placed && view.log.errorText !== "" ? "error" : "empty"
        glyph: "file"
        title: {
            if (!view.placed)
                return "It has no place yet, and so no log";
            if (view.log.errorText !== "")
                return "The log cannot be read";
            return view.log.filter !== "" ? "No line matches" : "Nothing logged yet";
        }
        text: view.placed ? view.log.errorText : ""
    }
    UiButton {
        anchors.right: parent.right
        anchors.bottom: parent.bottom
        anchors.margins: Theme.md
        visible: !view.follow
        glyph: "down"
        text: "Follow"
        onClicked: view.followEnd()
    }
}
