// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Short notices at the window's lower edge; a failure stays until it is closed.
Column {
    id: toasts

    function show(tone: int, title: string, text: string): void {
        if (notices.count > 4)
            notices.remove(0);
        notices.append({
            "tone": tone,
            "title": title,
            "text": text
        });
    }

    spacing: Theme.sm
    width: 380

    ListModel {
        id: notices
    }
    Repeater {
        model: notices

        Rectangle {
            id: toast

            required property int index
            required property int tone
            required property string title
            required property string text

            width: toasts.width
            height: words.implicitHeight + Theme.md * 2
            radius: Theme.radius
            color: Theme.raised
            border.color: toast.tone === Tone.Bad ? Theme.bad : Theme.lineStrong
            Accessible.role: Accessible.AlertMessage
            Accessible.name: toast.title + (toast.text ? ": " + toast.text : "")

            Timer {
                running: toast.tone !== Tone.Bad
                interval: 4000
                onTriggered: notices.remove(toast.index)
            }
            StateMark {
                x: Theme.md
                y: Theme.md + 3
                tone: toast.tone
            }
            Column {
                id: words

                x: Theme.md + 20
                y: Theme.md
                width: parent.width - x - 40
                spacing: 2

                UiText {
                    width: parent.width
                    text: toast.title
                    font.weight: Font.Medium
                    wrapMode: Text.Wrap
                    maximumLineCount: 2
                    Accessible.ignored: true
                }
                UiText {
                    width: parent.width
                    visible: toast.text !== ""
                    text: toast.text
                    color: Theme.textMuted
                    font.pixelSize: Theme.small
                    wrapMode: Text.Wrap
                    maximumLineCount: 4
                    Accessible.ignored: true
                }
            }
            UiButton {
                anchors.right: parent.right
                anchors.top: parent.top
                anchors.margins: 5
                ghost: true
                glyph: "close"
                hint: "Close this notice"
                onClicked: notices.remove(toast.index)
            }
        }
    }
}
