// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// A number that matters, large, with what it is above it and a remark below.
Column {
    id: figure

    required property string label
    required property string value
    property string remark
    property color valueColor: Theme.text

    spacing: 2
    Accessible.role: Accessible.StaticText
    Accessible.name: {
        const remark = figure.remark === "" ? "" : ", " + figure.remark;
        return figure.label + ": " + figure.value + remark;
    }

    UiText {
        width: figure.width
        text: figure.label
        color: Theme.textMuted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
    UiText {
        width: figure.width
        text: figure.value
        color: figure.valueColor
        font.pixelSize: Theme.title
        font.weight: Font.DemiBold
        Accessible.ignored: true
    }
    UiText {
        width: figure.width
        text: figure.remark
        color: Theme.textMuted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
}
