// SPDX-License-Identifier: GPL-3.0-or-later
pragma Singleton
import QtQuick

// The tokens of the look: colours (dark and light), space, type, sizes. Nothing else in qml/ names
// a colour or a font size. Text on any surface has a contrast of at least 4.5 (tests/gui).
QtObject {
    id: theme

    property bool dark: true
    function pick(darkColor: color, lightColor: color): color {
        return theme.dark ? darkColor : lightColor;
    }

    // Surfaces, from the window's ground upwards.
    readonly property color ground: pick("#0e1116", "#f4f5f7")
    readonly property color surface: pick("#14181f", "#ffffff")
    readonly property color table: pick("#0e1116", "#ffffff")
    readonly property color raised: pick("#1b2029", "#ffffff")
    readonly property color sunken: pick("#0a0d11", "#f8f9fb")
    readonly property color hover: pick("#1d232d", "#eef1f5")
    readonly property color selected: pick("#1c2f4d", "#dfeafd")
    readonly property color selectedIdle: pick("#20262f", "#e8ebf0")
    readonly property color line: pick("#252b35", "#dfe3e9")
    readonly property color lineStrong: pick("#3a4250", "#c3c9d3")
    readonly property color shade: pick("#b0000000", "#66101828")

    readonly property color text: pick("#e4e8ee", "#171c26")
    readonly property color textMuted: pick("#9ba5b4", "#566071")
    readonly property color textOnAccent: pick("#0b1420", "#ffffff")

    readonly property color accent: pick("#6cabff", "#1f62d0")
    readonly property color accentHover: pick("#8bbdff", "#194fa9")
    readonly property color focus: pick("#6cabff", "#1f62d0")

    readonly property color good: pick("#4fc58d", "#147246")
    readonly property color busy: pick("#6cabff", "#1f62d0")
    readonly property color warn: pick("#e7b24a", "#855100")
    readonly property color bad: pick("#ff7b74", "#b8251f")
    readonly property color neutral: textMuted
    readonly property color goodGround: pick("#13291f", "#e2f4ea")
    readonly property color busyGround: pick("#152439", "#e4eefd")
    readonly property color warnGround: pick("#2c2413", "#fbf0d9")
    readonly property color badGround: pick("#331a1b", "#fce8e6")
    readonly property color neutralGround: pick("#1d222b", "#ebeef2")

    // Series of a chart, told apart also by their dash.
    readonly property var series: [busy, good, warn, pick("#c99bff", "#7434c4"), bad]

    readonly property var tones: [neutral, good, busy, warn, bad] // by Tone
    function tone(value: int): color {
        return theme.tones[value];
    }
    function toneGround(value: int): color {
        return [theme.neutralGround, theme.goodGround, theme.busyGround, theme.warnGround,
            theme.badGround][value];
    }

    // Space: multiples of 4.
    readonly property int xs: 4
    readonly property int sm: 8
    readonly property int md: 12
    readonly property int lg: 16
    readonly property int xl: 24
    readonly property int xxl: 40

    readonly property int radius: 6
    readonly property int radiusSmall: 4
    readonly property int rowHeight: 30
    readonly property int controlHeight: 30
    readonly property int barHeight: 48
    readonly property int railWidth: 188
    readonly property int iconSize: 16

    // Type.
    readonly property string fontFamily: "Inter"
    readonly property string monoFamily: "Noto Sans Mono"
    readonly property int caption: 11
    readonly property int small: 12
    readonly property int body: 13
    readonly property int heading: 15
    readonly property int title: 20
    readonly property int figure: 26

    readonly property int quick: 90
}
