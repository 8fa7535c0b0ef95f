// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// What is under the pointer, beside it and inside the chart.
Rectangle {
    id: note

    required property bool shown
    required property real at
    required property real room
    required property string text

    visible: note.shown
    x: Math.max(0, Math.min(note.room - width, note.at + Theme.md))
    width: words.width + Theme.lg
    height: words.implicitHeight + Theme.sm
    radius: Theme.radiusSmall
    color: Theme.raised
    border.color: Theme.lineStrong

    UiText {
        id: words

        x: Theme.sm
        y: Theme.xs
        width: Math.min(implicitWidth, 280)
        text: note.text
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
}
