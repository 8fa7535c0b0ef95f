// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import Quarterdeck

// A modal pane over the window.
Popup {
    id: dialog

    property string title

    anchors.centerIn: T.Overlay.overlay
    width: 460
    padding: Theme.xl
    modal: true
    focus: true
    closePolicy: Popup.CloseOnEscape

    background: Rectangle {
        color: Theme.surface
        radius: Theme.radius + 4
        border.color: Theme.lineStrong
        Accessible.role: Accessible.Dialog
        Accessible.name: dialog.title
    }
    T.Overlay.modal: Rectangle {
        color: Theme.shade
    }
}
