// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// Which text the editor shows: the user's own, or one of the examples.
UiButton {
    id: button

    required property ScriptConsole script
    readonly property string own: "untitled.js"
    readonly property var names: [button.own, ...button.script.examples]

    function choose(name: string): void {
        if (name === button.own)
            button.script.openOwn();
        else
            button.script.openExample(name);
        menu.close();
    }

    glyph: "file"
    text: button.script.fileName
    hint: "Your own text, or an example"
    enabled: !button.script.running
    Accessible.role: Accessible.ButtonMenu
    Accessible.name: "Text: " + button.script.fileName
    onClicked: menu.opened ? menu.close() : menu.open()

    Popup {
        id: menu

        y: button.height + Theme.xs
        width: 240
        padding: Theme.xs
        focus: true
        background: Rectangle {
            radius: Theme.radius
            color: Theme.raised
            border.color: Theme.lineStrong
        }
        onOpened: list.forceActiveFocus()

        contentItem: ListView {
            id: list

            implicitHeight: count * 30
            model: button.names
            focus: true
            keyNavigationEnabled: true
            Accessible.role: Accessible.PopupMenu
            Accessible.name: "Texts"
            Keys.onReturnPressed: button.choose(button.names[list.currentIndex])

            delegate: ItemDelegate {
                id: item

                required property int index
                required property string modelData

                width: list.width
                height: 30
                text: item.modelData
                Accessible.role: Accessible.MenuItem
                Accessible.name: item.text
                onClicked: button.choose(item.modelData)

                contentItem: UiText {
                    text: item.text
                    font.weight: item.text === button.script.fileName ? Font.DemiBold : Font.Normal
                    Accessible.ignored: true
                }
                background: Rectangle {
                    radius: Theme.radiusSmall
                    color: {
                        if (item.ListView.isCurrentItem && list.activeFocus)
                            return Theme.selected;
                        return item.hovered ? Theme.hover : "transparent";
                    }
                }
            }
        }
    }
}
