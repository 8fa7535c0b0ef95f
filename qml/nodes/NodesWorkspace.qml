// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// The cluster's machines.
Workspace {
    id: place

    readonly property NodesModel nodes: place.session.nodes
    readonly property bool detailed: place.nodes.currentCells.length > 0
    // `from`: the table's width from which on there is room for the column.
    readonly property var allColumns: [
        {
            "title": "State",
            "column": NodesModel.State,
            "width": 110,
            "kind": "state"
        },
        {
            "title": "Name",
            "column": NodesModel.Name,
            "width": 0,
            "kind": "text"
        },
        {
            "title": "Address",
            "column": NodesModel.Address,
            "width": 140,
            "kind": "mono"
        },
        {
            "title": "Role",
            "column": NodesModel.RaftRole,
            "width": 100,
            "kind": "text"
        },
        {
            "title": "Units",
            "column": NodesModel.Units,
            "width": 80,
            "kind": "number"
        },
        {
            "title": "Metadata",
            "column": NodesModel.Metadata,
            "width": 0,
            "kind": "text",
            "quiet": true,
            "from": 860
        },
        {
            "title": "Last seen",
            "column": NodesModel.LastSeen,
            "width": 110,
            "kind": "mono",
            "quiet": true,
            "from": 860
        }
    ]

    signal unitWanted(string name)

    function focusFilter(): bool {
        filter.forceActiveFocus();
        return true;
    }

    title: "Nodes"
    keyHelp: [
        {
            "keys": "↑ ↓",
            "what": "Choose a node"
        },
        {
            "keys": "Esc",
            "what": "Close the details"
        }
    ]
    Keys.onEscapePressed: place.nodes.currentKey = ""

    WorkspaceBar {
        id: bar

        width: parent.width
        title: place.title
        summary: {
            if (place.nodes.phase !== LiveTable.Ready)
                return "";
            return place.nodes.readyCount + " of " + place.nodes.total + " ready";
        }

        TableFilter {
            id: filter

            objectName: "nodeFilter"
            width: 260
            label: "Filter nodes"
            placeholderText: "Filter nodes"
            model: place.nodes
            onDismissed: table.forceActiveFocus()
        }
    }
    UiSplit {
        anchors.top: bar.bottom
        anchors.bottom: parent.bottom
        width: parent.width

        Item {
            SplitView.fillWidth: true
            SplitView.minimumWidth: 320

            DataTable {
                id: table

                objectName: "nodeTable"
                anchors.fill: parent
                focus: true
                visible: !empty.visible
                model: place.nodes
                label: "Nodes"
                columns: place.allColumns.filter(one => table.width >= (one.from ?? 0))
            }
            CollectionState {
                id: empty

                anchors.fill: parent
                model: place.nodes
                noun: "nodes"
                glyph: "nodes"
                emptyText: "No machine has joined this cluster yet."
            }
        }
        NodeDetails {
            objectName: "nodeDetails"
            visible: place.detailed
            SplitView.preferredWidth: Math.max(360, place.width * 0.34)
            SplitView.minimumWidth: 300
            session: place.session
            onUnitWanted: name => place.unitWanted(name)
            onClosed: {
                place.nodes.currentKey = "";
                table.forceActiveFocus();
            }
        }
    }
}
