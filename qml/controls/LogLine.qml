// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// One entry of a journal. Priority shows as a bar and, from warnings on, as a shape.
Item {
    id: line

    required property string time
    required property string message
    required property string source
    required property int priority
    readonly property bool narrow: line.width < 620 // no room for the source
    readonly property bool loud: line.priority <= 4
    readonly property int tone: line.priority <= 3 ? Tone.Bad : Tone.Warn

    height: Math.max(20, body.implicitHeight + 2)
    Accessible.role: Accessible.ListItem
    Accessible.name: line.time + " " + line.message

    StateMark {
        x: 2
        y: 5
        visible: line.loud
        tone: line.tone
    }
    UiText {
        id: stamp

        x: 18
        width: 92
        height: 20
        text: line.time
        mono: true
        color: Theme.textMuted
        Accessible.ignored: true
    }
    UiText {
        id: origin

        x: 114
        width: 120
        height: 20
        visible: !line.narrow
        text: line.source
        mono: true
        color: Theme.textMuted
        Accessible.ignored: true
    }
    UiText {
        id: body

        x: line.narrow ? 118 : 242
        y: 2
        width: parent.width - x - Theme.md
        text: line.message
        mono: true
        wrapMode: Text.WrapAtWordBoundaryOrAnywhere
        maximumLineCount: 8
        color: {
            if (line.loud)
                return Theme.tone(line.tone);
            return line.priority === 7 ? Theme.textMuted : Theme.text;
        }
        Accessible.ignored: true
    }
}
