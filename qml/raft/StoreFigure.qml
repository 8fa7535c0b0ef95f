// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// How often one thing was done to a store, how often it failed, and how often a second.
Item {
    id: figure

    required property var modelData
    readonly property string name: ({
            "get": "Reads",
            "set": "Sets",
            "create": "Creates",
            "update": "Updates",
            "delete": "Deletes",
            "compareAndSwap": "Compare and swap",
            "compareAndDelete": "Compare and delete",
            "expire": "Expired"
        })[figure.modelData.name] ?? figure.modelData.name
    readonly property string rate: {
        const rate = figure.modelData.perSecond;
        return rate > 0 ? rate.toFixed(rate < 10 ? 1 : 0) + " /s" : "";
    }

    height: 40
    Accessible.role: Accessible.StaticText
    Accessible.name: figure.name + ": " + Format.grouped(figure.modelData.success) + ", "
                     + Format.grouped(figure.modelData.fail) + " failed"
                     + (figure.rate === "" ? "" : ", " + figure.rate)

    UiText {
        width: parent.width
        height: 18
        text: figure.name
        color: Theme.textMuted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
    UiText {
        id: number

        y: 18
        height: 22
        text: Format.grouped(figure.modelData.success)
        font.weight: Font.DemiBold
        Accessible.ignored: true
    }
    UiText {
        id: speed

        anchors.left: number.right
        anchors.leftMargin: Theme.sm
        y: 18
        height: 22
        text: figure.rate
        color: Theme.busy
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
    UiText {
        anchors.left: speed.text === "" ? number.right : speed.right
        anchors.leftMargin: Theme.sm
        anchors.right: parent.right
        y: 18
        height: 22
        visible: Number(figure.modelData.fail) > 0
        text: Format.grouped(figure.modelData.fail) + " failed"
        color: Theme.textMuted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
}
