// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// What can be done with the current unit. Each pair of verbs has one place.
Row {
    id: verbs

    required property ConsoleSession session
    readonly property var unit: verbs.session.units.current
    readonly property bool may: verbs.session.mayOperate
                                && verbs.session.link === ConsoleSession.Live
    readonly property bool launched: verbs.session.units.allows(verbs.unit, "stop")
    readonly property bool placed: verbs.session.units.allows(verbs.unit, "unload")

    signal editWanted
    signal destroyWanted

    function act(verb: string): void {
        if (verbs.may && verbs.session.units.allows(verbs.unit, verb))
            verbs.session.act(verb, verbs.unit.name);
    }

    spacing: Theme.sm

    UiButton {
        objectName: "unitStart"
        visible: !verbs.launched
        enabled: verbs.may
        primary: true
        glyph: "play"
        text: "Start"
        hint: "Run it somewhere in the cluster (S)"
        onClicked: verbs.act("start")
    }
    UiButton {
        objectName: "unitStop"
        visible: verbs.launched
        enabled: verbs.may
        glyph: "stop"
        text: "Stop"
        hint: "Stop it, and keep its place (T)"
        onClicked: verbs.act("stop")
    }
    UiButton {
        objectName: "unitLoad"
        visible: !verbs.placed
        enabled: verbs.may
        glyph: "download"
        text: "Load"
        hint: "Give it a place, but do not run it (L)"
        onClicked: verbs.act("load")
    }
    UiButton {
        objectName: "unitUnload"
        visible: verbs.placed
        enabled: verbs.may
        glyph: "eject"
        text: "Unload"
        hint: "Stop it and give up its place (U)"
        onClicked: verbs.act("unload")
    }
    UiButton {
        objectName: "unitEdit"
        glyph: "edit"
        text: "Edit"
        hint: "Its unit file (E)"
        onClicked: verbs.editWanted()
    }
    UiButton {
        objectName: "unitDestroy"
        enabled: verbs.may
        danger: true
        glyph: "trash"
        text: "Destroy"
        hint: "Stop it and forget its file (Delete)"
        onClicked: verbs.destroyWanted()
    }
}
