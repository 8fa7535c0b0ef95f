// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// The changes of a key, or of all below a folder, as they come.
FocusScope {
    id: view

    required property ConsoleSession session
    readonly property StoreEvents events: view.session.keyWatch
    readonly property StoreTree tree: view.session.store
    readonly property bool running: view.events.phase === StoreEvents.Watching
    readonly property string subject: view.tree.currentKey === "" ? "/" : view.tree.currentKey
    readonly property var entry: view.tree.current
    readonly property bool subjectIsDir: view.subject === "/" || view.entry.dir === true
    readonly property string state_: {
        if (view.events.phase === StoreEvents.Failed)
            return view.events.errorText;
        if (!view.running)
            return "The watch has ended.";
        if (view.events.paused)
            return "Paused, " + view.events.waiting + " waiting";
        const count = view.events.count === 1 ? "1 event" : view.events.count + " events";
        return view.events.dropped > 0 ? count + ", older ones are gone" : count;
    }

    function begin(): void {
        view.events.watch(view.subject, view.subjectIsDir);
    }
    function togglePause(): void {
        if (view.running)
            view.events.paused = !view.events.paused;
    }

    Item {
        id: head

        width: parent.width
        height: 50
        visible: view.events.phase !== StoreEvents.Idle

        UiText {
            width: parent.width - buttons.width - Theme.sm
            height: 24
            elide: Text.ElideMiddle
            text: view.events.recursive ? view.events.key + " and all below it" : view.events.key
            mono: true
        }
        UiText {
            objectName: "watchState"
            y: 24
            width: parent.width - buttons.width - Theme.sm
            height: 20
            text: view.state_
            color: {
                if (view.events.phase === StoreEvents.Failed)
                    return Theme.bad;
                return view.events.paused ? Theme.warn : Theme.textMuted;
            }
            font.pixelSize: Theme.small
        }
        Row {
            id: buttons

            anchors.right: parent.right
            spacing: Theme.xs

            UiButton {
                objectName: "watchPause"
                visible: view.running
                text: view.events.paused ? "Go on" : "Pause"
                hint: "Hold back what comes, or show it (P)"
                onClicked: view.togglePause()
            }
            UiButton {
                objectName: "watchClear"
                ghost: true
                enabled: view.events.count > 0
                text: "Clear"
                onClicked: view.events.clear()
            }
            UiButton {
                objectName: "watchStop"
                visible: view.running
                ghost: true
                glyph: "stop"
                hint: "End the watch"
                onClicked: view.events.stop()
            }
            UiButton {
                visible: !view.running || view.events.key !== view.subject
                ghost: view.running
                glyph: "play"
                hint: "Watch " + view.subject.slice(0, 80)
                onClicked: view.begin()
            }
        }
    }
    EventList {
        objectName: "watchList"
        anchors.top: head.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        focus: true
        visible: view.events.count > 0
        events: view.events
        showKey: view.events.recursive
    }
    StateView {
        anchors.fill: parent
        anchors.topMargin: head.visible ? head.height : 0
        visible: view.events.count === 0
        glyph: "store"
        title: view.running ? "Nothing has changed yet" : "Watch " + view.subject.slice(0, 120)
        text: {
            if (view.running)
                return "Each change is shown as it comes.";
            const what = view.subjectIsDir ? "Each change of it and of what is below it"
                                           : "Each change of it";
            return what + " is shown as it comes.";
        }
        actionText: view.running ? "" : "Watch"
        onAction: view.begin()
    }
}
