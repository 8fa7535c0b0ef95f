// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// Facts of a thing: label and value, a line each. {label, value, mono}
Column {
    id: grid

    required property var fields
    property int labelWidth: 104

    spacing: 6

    Repeater {
        model: grid.fields

        Item {
            id: line

            required property var modelData

            width: grid.width
            height: Math.max(18, value.implicitHeight)
            visible: line.modelData.value !== ""

            UiText {
                width: grid.labelWidth
                height: 18
                text: line.modelData.label
                color: Theme.textMuted
                font.pixelSize: Theme.small
                Accessible.ignored: true
            }
            TextEdit {
                id: value

                x: grid.labelWidth
                width: parent.width - x
                text: line.modelData.value
                textFormat: TextEdit.PlainText
                wrapMode: TextEdit.WrapAtWordBoundaryOrAnywhere
                readOnly: true
                selectByMouse: true
                color: Theme.text
                selectionColor: Theme.accent
                selectedTextColor: Theme.textOnAccent
                font.family: line.modelData.mono ? Theme.monoFamily : Theme.fontFamily
                font.pixelSize: line.modelData.mono ? Theme.small : Theme.body
                Accessible.role: Accessible.StaticText
                Accessible.name: line.modelData.label + ": " + line.modelData.value
            }
        }
    }
}
