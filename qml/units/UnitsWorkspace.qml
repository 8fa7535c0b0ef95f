// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

Workspace {
    id: place

    title: "Units"
    signal unitWanted(string name)

    StateView {
        anchors.fill: parent
        title: place.title + " comes here"
    }
}
