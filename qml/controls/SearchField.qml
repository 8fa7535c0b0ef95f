// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// The filter of a view: `/` leads here, Escape empties it and gives the keyboard back.
UiField {
    id: search

    signal dismissed

    leftPadding: 30
    rightPadding: hintKey.visible ? 30 : Theme.sm
    Keys.onEscapePressed: {
        search.clear();
        search.dismissed();
    }
    Keys.onDownPressed: search.dismissed()
    Keys.onReturnPressed: search.dismissed()

    Icon {
        x: 9
        anchors.verticalCenter: parent.verticalCenter
        name: "search"
        size: 13
    }
    KeyCap {
        id: hintKey

        anchors.right: parent.right
        anchors.rightMargin: 6
        anchors.verticalCenter: parent.verticalCenter
        visible: !search.activeFocus && search.text === ""
        text: "/"
    }
}
