// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// A machine: its facts, its metadata, and the units that are scheduled to it.
DetailPane {
    id: details

    required property ConsoleSession session
    readonly property var node: details.session.nodes.current
    readonly property var metadata: details.node.metadata ?? ({})
    // Counts the batches of the units, so that the list below is asked for again.
    property int batch: 0
    readonly property int mostUnits: 200
    readonly property var units: {
        const asked = details.batch >= 0 && details.visible && details.node.id;
        return asked ? details.session.units.onMachine(details.node.id, details.mostUnits) : [];
    }
    readonly property string unitNote: {
        const all = details.node.unitCount ?? 0;
        return all > details.units.length ? details.units.length + " of " + all : String(all);
    }

    signal unitWanted(string name)

    function momentText(ms: var): string {
        return ms ? Qt.formatDateTime(new Date(ms), "d MMM yyyy, HH:mm:ss") : "";
    }

    title: details.session.nodes.currentCells[NodesModel.Name] ?? ""
    stateText: details.session.nodes.currentCells[NodesModel.State] ?? ""
    tone: details.session.nodes.currentTone

    Flickable {
        id: flick

        anchors.fill: parent
        anchors.topMargin: details.headHeight
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        contentHeight: column.height + Theme.lg

        ScrollBar.vertical: UiScrollBar {}

        Column {
            id: column

            x: Theme.lg
            width: flick.width - Theme.lg * 2
            spacing: Theme.md

            FieldGrid {
                width: parent.width
                fields: [
                    {
                        "label": "Address",
                        "value": details.node.address ?? "",
                        "mono": true
                    },
                    {
                        "label": "Role",
                        "value": details.session.nodes.currentCells[NodesModel.RaftRole] ?? ""
                    },
                    {
                        "label": "Last seen",
                        "value": details.momentText(details.node.lastSeen)
                    },
                    {
                        "label": "Version",
                        "value": details.node.version ?? ""
                    },
                    {
                        "label": "Machine id",
                        "value": details.node.id ?? "",
                        "mono": true
                    },
                    {
                        "label": "Raft id",
                        "value": details.node.raftId ?? "",
                        "mono": true
                    }
                ]
            }
            SectionTitle {
                width: parent.width
                text: "Part in the cluster"
            }
            FieldGrid {
                width: parent.width
                fields: details.session.nodes.currentPart
            }
            SectionTitle {
                width: parent.width
                text: "Metadata"
                note: Object.keys(details.metadata).length || "none"
            }
            FieldGrid {
                width: parent.width
                visible: Object.keys(details.metadata).length > 0
                fields: Object.keys(details.metadata).map(key => ({
                            "label": key,
                            "value": details.metadata[key],
                            "mono": true
                        }))
            }
            SectionTitle {
                width: parent.width
                text: "Units"
                note: details.unitNote
            }
            Column {
                width: parent.width

                Repeater {
                    model: details.units

                    LinkRow {
                        required property var modelData

                        width: column.width
                        text: modelData.name
                        note: modelData.state
                        tone: modelData.tone
                        onClicked: details.unitWanted(modelData.name)
                    }
                }
            }
        }
    }
    Connections {
        target: details.session.units
        enabled: details.visible

        function onApplied(): void {
            details.batch += 1;
        }
    }
}
