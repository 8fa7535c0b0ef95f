// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// The fingerprint of a cluster's authority, in groups that an eye can compare.
Column {
    id: card

    required property string fingerprint
    readonly property string grouped: {
        const bare = card.fingerprint.replace(/[^0-9a-fA-F]/g, "").toLowerCase();
        const groups = bare.match(/.{1,4}/g) ?? [];
        const half = Math.ceil(groups.length / 2);
        return groups.slice(0, half).join(" ") + "\n" + groups.slice(half).join(" ");
    }

    spacing: Theme.sm

    UiText {
        width: parent.width
        text: "Is this the fingerprint that the administrator sees? "
              + "Nothing secret has been sent yet."
        color: Theme.textMuted
        wrapMode: Text.Wrap
        lineHeight: 1.3
    }
    Rectangle {
        width: parent.width
        height: digits.implicitHeight + Theme.lg * 2
        radius: Theme.radius
        color: Theme.sunken
        border.color: Theme.line

        UiText {
            id: digits

            objectName: "fingerprint"
            anchors.centerIn: parent
            text: card.grouped
            mono: true
            font.pixelSize: Theme.body
            horizontalAlignment: Text.AlignHCenter
            lineHeight: 1.4
            elide: Text.ElideNone
            Accessible.name: "Fingerprint " + card.grouped
        }
    }
}
