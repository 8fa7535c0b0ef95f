// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// Text in the theme's type. Never markup: what a cluster says is shown as it is.
Text {
    property bool mono: false

    color: Theme.text
    font.family: mono ? Theme.monoFamily : Theme.fontFamily
    font.pixelSize: mono ? Theme.small : Theme.body
    textFormat: Text.PlainText
    elide: Text.ElideRight
    verticalAlignment: Text.AlignVCenter
    Accessible.role: Accessible.StaticText
    Accessible.name: text
}
