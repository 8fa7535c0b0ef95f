// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck.Models

// A workspace of the shell.
FocusScope {
    required property ConsoleSession session
    required property string title
    // {keys, what}: shown by `?`.
    property var keyHelp: []

    // Overridden where the workspace has a filter; true when the keyboard went there.
    function focusFilter(): bool {
        return false;
    }

    Accessible.role: Accessible.Pane
    Accessible.name: title
}
