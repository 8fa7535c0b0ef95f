// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck

// A place of the rail.
AbstractButton {
    id: item

    required property string glyph
    required property string keys
    property bool chosen: false
    property int alerts: 0

    implicitHeight: 32
    hoverEnabled: true
    Accessible.role: Accessible.PageTab
    Accessible.name: item.text + (item.alerts > 0 ? ", " + item.alerts + " need a look" : "")
    Accessible.selected: item.chosen

    contentItem: Item {
        Icon {
            x: Theme.sm
            anchors.verticalCenter: parent.verticalCenter
            name: item.glyph
            color: item.chosen ? Theme.accent : Theme.textMuted
        }
        UiText {
            x: 34
            anchors.verticalCenter: parent.verticalCenter
            text: item.text
            color: item.chosen || item.hovered ? Theme.text : Theme.textMuted
            font.weight: item.chosen ? Font.DemiBold : Font.Medium
            Accessible.ignored: true
        }
        UiText {
            anchors.right: parent.right
            anchors.rightMargin: Theme.sm
            anchors.verticalCenter: parent.verticalCenter
            visible: item.alerts === 0 && item.hovered
            text: item.keys
            color: Theme.textMuted
            font.pixelSize: Theme.caption
            Accessible.ignored: true
        }
        Rectangle {
            anchors.right: parent.right
            anchors.rightMargin: 6
            anchors.verticalCenter: parent.verticalCenter
            visible: item.alerts > 0
            width: Math.max(18, alertText.implicitWidth + 10)
            height: 18
            radius: 9
            color: Theme.badGround

            UiText {
                id: alertText

                anchors.centerIn: parent
                text: item.alerts > 999 ? "999+" : item.alerts
                color: Theme.bad
                font.pixelSize: Theme.caption
                font.weight: Font.DemiBold
                Accessible.ignored: true
            }
        }
    }
    background: Rectangle {
        radius: Theme.radius
        color: item.chosen ? Theme.selectedIdle : item.hovered ? Theme.hover : "transparent"

        FocusRing {
            shown: item.visualFocus
            anchors.margins: 0
        }
    }
}
