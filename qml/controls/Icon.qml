// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Shapes
import Quarterdeck

// One of IconPaths, stroked in a colour. Decoration: the item that it stands in has the name.
Shape {
    id: icon

    property string name
    property color color: Theme.textMuted
    property real size: Theme.iconSize

    implicitWidth: icon.size
    implicitHeight: icon.size
    Accessible.ignored: true

    ShapePath {
        strokeColor: icon.color
        strokeWidth: 1.4
        fillColor: "transparent"
        capStyle: ShapePath.RoundCap
        joinStyle: ShapePath.RoundJoin
        scale: Qt.size(icon.size / 16, icon.size / 16)

        PathSvg {
            path: IconPaths.paths[icon.name] ?? ""
        }
    }
}
