// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

Workspace {
    id: place

    title: "Store"
    signal unitWanted(string name)

    StateView {
        anchors.fill: parent
        title: place.title + " comes here"
    }
}
