// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck

// One of a few, all in sight. choices: {value, text}; Left and Right go through them.
FocusScope {
    id: segments

    required property string label
    required property var choices
    property string value

    signal chosen(string value)

    function step(by: int): void {
        const at = segments.choices.findIndex(one => one.value === segments.value);
        const next = segments.choices[at + by];
        if (next)
            segments.chosen(next.value);
    }

    implicitWidth: row.implicitWidth + 4
    implicitHeight: 26
    activeFocusOnTab: true
    Accessible.role: Accessible.PageTabList
    Accessible.name: segments.label
    Keys.onLeftPressed: segments.step(-1)
    Keys.onRightPressed: segments.step(1)

    Rectangle {
        anchors.fill: parent
        radius: Theme.radius
        color: Theme.neutralGround

        FocusRing {
            shown: segments.activeFocus
        }
    }
    Row {
        id: row

        x: 2
        y: 2

        Repeater {
            model: segments.choices

            AbstractButton {
                id: choice

                required property var modelData
                readonly property bool current: choice.modelData.value === segments.value

                implicitWidth: word.implicitWidth + Theme.lg
                implicitHeight: 22
                focusPolicy: Qt.NoFocus
                text: choice.modelData.text
                Accessible.role: Accessible.PageTab
                Accessible.name: choice.text
                Accessible.selected: choice.current
                onClicked: segments.chosen(choice.modelData.value)

                contentItem: UiText {
                    id: word

                    text: choice.text
                    color: choice.current || choice.hovered ? Theme.text : Theme.textMuted
                    font.pixelSize: Theme.small
                    font.weight: choice.current ? Font.DemiBold : Font.Medium
                    horizontalAlignment: Text.AlignHCenter
                    Accessible.ignored: true
                }
                background: Rectangle {
                    radius: Theme.radiusSmall
                    color: choice.current ? Theme.raised : "transparent"
                    border.width: choice.current ? 1 : 0
                    border.color: Theme.lineStrong
                }
            }
        }
    }
}
