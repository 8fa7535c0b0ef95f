// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// The heading of a part of a pane, with something at its right end.
Item {
    id: section

    property string text
    property string note

    implicitHeight: 24

    UiText {
        anchors.verticalCenter: parent.verticalCenter
        text: section.text
        font.pixelSize: Theme.small
        font.weight: Font.DemiBold
        color: Theme.text
        Accessible.role: Accessible.Heading
    }
    UiText {
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        text: section.note
        font.pixelSize: Theme.small
        color: Theme.textMuted
    }
}
