// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Shapes
import Quarterdeck

// The mark: a wheel's quarter over a deck line.
Shape {
    implicitWidth: 20
    implicitHeight: 20
    Accessible.ignored: true

    ShapePath {
        strokeColor: Theme.accent
        strokeWidth: 2
        fillColor: "transparent"
        capStyle: ShapePath.RoundCap

        PathSvg {
            path: "M3 17 h14 M10 3 a7 7 0 0 1 7 7 a7 7 0 0 1 -1.2 3.9 "
                  + "M10 3 a7 7 0 0 0 -5.8 10.9 M10 10 L14.5 5.5"
        }
    }
}
