// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// The current unit: what can be done, its state, where it is and why, and its log as it grows.
DetailPane {
    id: details

    required property ConsoleSession session
    readonly property var unit: details.session.units.current
    readonly property var cells: details.session.units.currentCells
    readonly property string machine: details.unit.machineId ?? ""
    // The log begins anew when the unit has moved, and when a closed one runs again.
    readonly property string run: details.machine + (details.unit.invocationId ?? "")
    readonly property string stateWords: {
        const sub = details.cells[UnitsModel.SubState] ?? "";
        const word = details.cells[UnitsModel.State] ?? "";
        return sub !== "" && sub !== word ? word + " (" + sub + ")" : word;
    }
    readonly property string placeWords: {
        if (details.unit.global)
            return "every node";
        return details.shorten(details.unit.machineName || details.machine || "nowhere", 80);
    }

    signal editWanted
    signal destroyWanted

    function act(verb: string): void {
        verbs.act(verb);
    }
    function shorten(text: string, most: int): string {
        return text.length > most ? text.slice(0, most) + "…" : text;
    }
    function momentText(ms: var): string {
        return ms ? Qt.formatDateTime(new Date(ms), "d MMM yyyy, HH:mm:ss") : "";
    }

    title: details.unit.name ?? ""
    subtitle: details.unit.description ?? ""
    stateText: details.cells[UnitsModel.State] ?? ""
    tone: details.session.units.currentTone
    onTitleChanged: chosen.restart()
    onVisibleChanged: chosen.restart()
    onMachineChanged: details.session.log.reopen()
    onRunChanged: {
        if (!details.session.log.following)
            details.session.log.reopen();
    }

    // A log is opened for the unit on which the choice rests, not for each that it passes.
    Timer {
        id: chosen

        interval: 120
        onTriggered: details.session.log.unit = details.visible ? details.title : ""
    }
    Column {
        id: facts

        x: Theme.lg
        y: details.headHeight
        width: details.width - Theme.lg * 2
        spacing: Theme.md

        UnitVerbs {
            id: verbs

            session: details.session
            onEditWanted: details.editWanted()
            onDestroyWanted: details.destroyWanted()
        }
        FieldGrid {
            width: parent.width
            fields: [
                {
                    "label": "State",
                    "value": details.stateWords
                },
                {
                    "label": "Since",
                    "value": details.momentText(details.unit.since)
                },
                {
                    "label": "Wanted",
                    "value": details.cells[UnitsModel.Desired] ?? ""
                },
                {
                    "label": "Place",
                    "value": details.placeWords
                },
                {
                    "label": "Why",
                    "value": details.shorten(details.unit.reason ?? "", 240)
                },
                {
                    "label": "Process",
                    "value": details.unit.mainPid ? "PID " + details.unit.mainPid : "",
                    "mono": true
                },
                {
                    "label": "Invocation",
                    "value": details.unit.invocationId ?? "",
                    "mono": true
                },
                {
                    "label": "File",
                    "value": details.unit.hash ?? "",
                    "mono": true
                }
            ]
        }
        SectionTitle {
            width: parent.width
            text: "Log"
            note: {
                const log = details.session.log;
                const lines = log.count === 1 ? "1 line" : log.count + " lines";
                return log.dropped > 0 ? lines + ", older ones on the node" : lines;
            }
        }
    }
    LogView {
        objectName: "unitLog"
        anchors.top: facts.bottom
        anchors.topMargin: Theme.xs
        anchors.bottom: parent.bottom
        width: parent.width
        log: details.session.log
        placed: details.machine !== "" || details.unit.global === true
    }
}
