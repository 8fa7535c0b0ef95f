// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// What one member's store has been asked since its agent started, and how often now.
Panel {
    id: panel

    required property RaftModel raft
    readonly property var member: {
        const all = panel.raft.members;
        const chosen = all.find(one => one.nodeId === panel.raft.currentKey);
        return chosen ?? all.find(one => one.role === "leader") ?? all[0] ?? {};
    }
    readonly property var operations: panel.member.operations ?? []
    readonly property int columns: panel.width > 760 ? 4 : 2

    title: "Store"
    note: {
        const watchers = panel.member.watchers ?? 0;
        const name = Format.oneLine(panel.member.nodeName || "(no name)");
        return "of " + name.slice(0, 60) + ", " + Format.grouped(watchers)
                + (watchers === 1 ? " watcher" : " watchers");
    }

    Grid {
        id: grid

        width: parent.width
        columns: panel.columns
        columnSpacing: Theme.lg
        rowSpacing: Theme.md

        Repeater {
            model: panel.operations

            StoreFigure {
                width: (grid.width - grid.columnSpacing * (panel.columns - 1)) / panel.columns
            }
        }
    }
    UiText {
        visible: panel.operations.length === 0
        height: 30
        text: "This member has not told yet."
        color: Theme.textMuted
    }
}
