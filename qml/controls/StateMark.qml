// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// The shape of a state: full disc good, ring busy, diamond warning, square bad, dash neutral.
Item {
    id: mark

    required property int tone

    implicitWidth: 10
    implicitHeight: 10

    Rectangle {
        readonly property bool dash: mark.tone === Tone.Neutral
        readonly property bool ring: mark.tone === Tone.Busy
        readonly property bool angular: mark.tone === Tone.Bad || mark.tone === Tone.Warn

        anchors.centerIn: parent
        width: dash ? 8 : mark.tone === Tone.Warn ? 7 : 8
        height: dash ? 2 : mark.tone === Tone.Warn ? 7 : 8
        radius: angular || dash ? 1 : 4
        rotation: mark.tone === Tone.Warn ? 45 : 0
        antialiasing: true
        color: ring ? "transparent" : Theme.tone(mark.tone)
        border.width: ring ? 2 : 0
        border.color: Theme.tone(mark.tone)
    }
}
