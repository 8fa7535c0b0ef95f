// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A state as shape and word on a tinted ground.
Rectangle {
    id: pill

    required property int tone
    required property string text

    implicitWidth: content.implicitWidth + 16
    implicitHeight: 22
    radius: 11
    color: Theme.toneGround(pill.tone)
    Accessible.role: Accessible.StaticText
    Accessible.name: pill.text

    Row {
        id: content

        anchors.centerIn: parent
        spacing: 6

        StateMark {
            anchors.verticalCenter: parent.verticalCenter
            tone: pill.tone
        }
        UiText {
            text: pill.text
            color: Theme.tone(pill.tone)
            font.pixelSize: Theme.small
            font.weight: Font.Medium
            Accessible.ignored: true
        }
    }
}
