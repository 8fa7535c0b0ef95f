// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// All units as a table that filters and sorts; the current one in detail.
FocusScope {
    id: list

    required property ConsoleSession session
    readonly property UnitsModel units: list.session.units
    readonly property bool detailed: list.units.currentCells.length > 0
    readonly property var keyHelp: [
        {
            "keys": "↑ ↓",
            "what": "Choose a unit"
        },
        {
            "keys": "S, T",
            "what": "Start, stop it"
        },
        {
            "keys": "L, U",
            "what": "Load, unload it"
        },
        {
            "keys": "E, Enter",
            "what": "Edit its file"
        },
        {
            "keys": "N",
            "what": "New unit"
        },
        {
            "keys": "Delete",
            "what": "Destroy it"
        },
        {
            "keys": "Esc",
            "what": "Close the details"
        }
    ]
    // `from`: the table's width from which on there is room for the column.
    readonly property var allColumns: [
        {
            "title": "State",
            "column": UnitsModel.State,
            "width": 124,
            "kind": "state"
        },
        {
            "title": "Unit",
            "column": UnitsModel.Name,
            "width": 0,
            "kind": "text"
        },
        {
            "title": "Sub state",
            "column": UnitsModel.SubState,
            "width": 116,
            "kind": "text",
            "quiet": true,
            "from": 860
        },
        {
            "title": "Wanted",
            "column": UnitsModel.Desired,
            "width": 96,
            "kind": "text",
            "quiet": true,
            "from": 500
        },
        {
            "title": "Node",
            "column": UnitsModel.Machine,
            "width": 110,
            "kind": "text"
        },
        {
            "title": "Description",
            "column": UnitsModel.Description,
            "width": 0,
            "kind": "text",
            "quiet": true,
            "from": 860
        }
    ]

    signal newWanted
    signal editWanted(string name)

    function focusFilter(): bool {
        filter.forceActiveFocus();
        return true;
    }
    function askDestroy(): void {
        if (list.detailed && list.session.mayOperate)
            destroy.ask(list.units.currentKey);
    }
    function closeDetails(): void {
        list.units.currentKey = "";
        table.forceActiveFocus();
    }
    function take(key: int): bool {
        const acts = ({
                [Qt.Key_S]: () => details.act("start"),
                [Qt.Key_T]: () => details.act("stop"),
                [Qt.Key_L]: () => details.act("load"),
                [Qt.Key_U]: () => details.act("unload"),
                [Qt.Key_E]: () => list.editWanted(list.units.currentKey),
                [Qt.Key_Delete]: () => list.askDestroy(),
                [Qt.Key_Escape]: () => list.closeDetails()
            });
        if (key === Qt.Key_N)
            list.newWanted();
        else if (list.detailed && key in acts)
            acts[key]();
        else
            return false;
        return true;
    }

    Keys.onPressed: event => event.accepted = event.modifiers === Qt.NoModifier
                             && list.take(event.key)

    WorkspaceBar {
        id: bar

        width: parent.width
        title: "Units"
        summary: {
            const units = list.units;
            if (units.phase !== LiveTable.Ready)
                return "";
            const count = n => n.toLocaleString(Qt.locale("en_US"), "f", 0);
            const shown = units.filter !== "" ? count(units.count) + " of " : "";
            const bad = units.failedCount > 0 ? ", " + count(units.failedCount) + " failed" : "";
            return shown + count(units.total) + bad;
        }

        TableFilter {
            id: filter

            objectName: "unitFilter"
            width: 260
            label: "Filter units"
            placeholderText: "Filter units"
            model: list.units
            onDismissed: table.forceActiveFocus()
        }
        UiButton {
            objectName: "unitNew"
            glyph: "plus"
            text: "New unit"
            hint: "Write a unit file (N)"
            enabled: list.session.mayOperate
            onClicked: list.newWanted()
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

                objectName: "unitTable"
                anchors.fill: parent
                focus: true
                visible: !empty.visible
                model: list.units
                label: "Units"
                columns: list.allColumns.filter(one => table.width >= (one.from ?? 0))
                onActivated: key => list.editWanted(key)
            }
            CollectionState {
                id: empty

                anchors.fill: parent
                model: list.units
                noun: "units"
                glyph: "units"
                emptyText: "A unit is a service that the cluster places on one of its nodes."
                emptyAction: list.session.mayOperate ? "New unit" : ""
                onCreateWanted: list.newWanted()
            }
        }
        UnitDetails {
            id: details

            objectName: "unitDetails"
            visible: list.detailed
            SplitView.preferredWidth: Math.min(Math.max(476, list.width * 0.42), list.width - 340)
            SplitView.minimumWidth: 400
            session: list.session
            onEditWanted: list.editWanted(list.units.currentKey)
            onDestroyWanted: list.askDestroy()
            onClosed: list.closeDetails()
        }
    }
    ConfirmDialog {
        id: destroy

        objectName: "destroyDialog"
        title: "Destroy this unit?"
        text: "It is stopped wherever it runs, and its file is gone from the cluster."
        actText: "Destroy"
        onConfirmed: name => list.session.act("destroy", name)
    }
}
