// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// What stands in a view's place while it has nothing to show: loading, empty, or an error.
Item {
    id: view

    property string kind: "empty"
    property string glyph: "info"
    property string title
    property string text
    property string actionText
    readonly property string shownGlyph: {
        if (view.kind === "error")
            return "warn";
        return view.kind === "loading" ? "refresh" : view.glyph;
    }

    signal action

    Accessible.role: Accessible.Grouping
    Accessible.name: view.title

    Column {
        anchors.centerIn: parent
        width: Math.min(parent.width - Theme.xl * 2, 420)
        spacing: Theme.sm

        Item {
            width: parent.width
            height: 40

            Rectangle {
                anchors.centerIn: parent
                width: 40
                height: 40
                radius: 20
                color: view.kind === "error" ? Theme.badGround : Theme.neutralGround

                Icon {
                    anchors.centerIn: parent
                    name: view.shownGlyph
                    color: view.kind === "error" ? Theme.bad : Theme.textMuted
                    size: 18
                }
            }
        }
        UiText {
            width: parent.width
            text: view.title
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
        }
        UiText {
            width: parent.width
            visible: view.text !== ""
            text: view.text
            color: Theme.textMuted
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            maximumLineCount: 6
            lineHeight: 1.3
        }
        Item {
            width: parent.width
            height: view.actionText === "" ? 0 : Theme.controlHeight + Theme.sm
            visible: view.actionText !== ""

            UiButton {
                anchors.bottom: parent.bottom
                anchors.horizontalCenter: parent.horizontalCenter
                text: view.actionText
                onClicked: view.action()
            }
        }
    }
}
