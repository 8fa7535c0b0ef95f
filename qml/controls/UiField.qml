// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck

// One line of input. `label` is its accessible name.
TextField {
    id: field

    required property string label
    property bool mono: false
    property bool wrong: false

    implicitHeight: Theme.controlHeight
    leftPadding: Theme.sm + 2
    rightPadding: Theme.sm + 2
    topPadding: 0
    bottomPadding: 0
    color: Theme.text
    placeholderTextColor: Theme.textMuted
    selectionColor: Theme.accent
    selectedTextColor: Theme.textOnAccent
    font.family: field.mono ? Theme.monoFamily : Theme.fontFamily
    font.pixelSize: field.mono ? Theme.small : Theme.body
    verticalAlignment: TextInput.AlignVCenter
    selectByMouse: true
    Accessible.name: field.label

    background: Rectangle {
        radius: Theme.radius
        color: Theme.sunken
        border.width: field.activeFocus ? 2 : 1
        border.color: field.wrong ? Theme.bad : field.activeFocus ? Theme.focus : Theme.lineStrong
    }
}
