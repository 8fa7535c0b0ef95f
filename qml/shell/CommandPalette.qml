// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Ctrl+K: go anywhere and do anything by typing.
UiDialog {
    id: commands

    required property ConsoleSession session
    required property var places
    readonly property var wanted: {
        const words = query.text.toLowerCase().split(" ").filter(word => word !== "");
        const fits = one => words.every(word => one.text.toLowerCase().includes(word));
        return commands.all().filter(fits).slice(0, 12);
    }

    readonly property var glyphs: ({
            "start": "play",
            "stop": "stop",
            "load": "download",
            "unload": "eject"
        })

    signal placeChosen(int place)
    signal unitChosen(string name)

    title: "Commands"
    width: 560
    padding: Theme.sm
    y: 90
    anchors.centerIn: undefined
    x: parent ? (parent.width - width) / 2 : 0

    function show(): void {
        query.clear();
        commands.open();
        query.forceActiveFocus();
    }
    function all(): list<var> {
        const out = commands.places.map((place, index) => ({
                    "text": "Go to " + place.title,
                    "note": "Ctrl " + (index + 1),
                    "glyph": place.glyph,
                    "run": () => commands.placeChosen(index)
                }));
        return out.concat(commands.unitActs(), commands.windowActs(), commands.units());
    }
    function unitActs(): list<var> {
        const unit = commands.session.units.current;
        const may = verb => commands.session.mayOperate
            && commands.session.units.allows(unit, verb);
        return ["start", "stop", "load", "unload"].filter(may).map(verb => ({
                    "text": verb[0].toUpperCase() + verb.slice(1) + " " + unit.name,
                    "note": "unit",
                    "glyph": commands.glyphs[verb],
                    "run": () => commands.session.act(verb, unit.name)
                }));
    }
    function windowActs(): list<var> {
        return [
            {
                "text": Theme.dark ? "Light theme" : "Dark theme",
                "note": "Ctrl Shift T",
                "glyph": Theme.dark ? "sun" : "moon",
                "run": () => Theme.dark = !Theme.dark
            },
            {
                "text": "Disconnect from " + commands.session.clusterName,
                "note": "",
                "glyph": "exit",
                "run": () => commands.session.disconnectFrom()
            }
        ];
    }
    function units(): list<var> {
        const out = [];
        for (const name of commands.session.units.matching(query.text, 10))
            out.push({
                "text": "Open " + name,
                "note": "unit",
                "glyph": "units",
                "run": () => commands.unitChosen(name)
            });
        return out;
    }
    function runCurrent(): void {
        const chosen = commands.wanted[list.currentIndex];
        commands.close();
        if (chosen)
            chosen.run();
    }

    contentItem: Column {
        spacing: Theme.sm

        UiField {
            id: query

            objectName: "paletteField"
            width: parent.width
            implicitHeight: 38
            label: "Command"
            placeholderText: "Type a command, a workspace or a unit"
            onTextChanged: list.currentIndex = 0
            onAccepted: commands.runCurrent()
            Keys.onDownPressed: list.incrementCurrentIndex()
            Keys.onUpPressed: list.decrementCurrentIndex()
        }
        ListView {
            id: list

            width: parent.width
            height: Math.max(1, count) * 34
            model: commands.wanted
            interactive: false
            Accessible.role: Accessible.List
            Accessible.name: "Matching commands"

            delegate: PaletteRow {
                width: list.width
                current: ListView.isCurrentItem
                onChosen: {
                    list.currentIndex = index;
                    commands.runCurrent();
                }
            }

            UiText {
                anchors.centerIn: parent
                visible: list.count === 0
                text: "Nothing matches"
                color: Theme.textMuted
            }
        }
    }
}
