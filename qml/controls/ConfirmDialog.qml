// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// Asks before something is destroyed: its name must be typed.
UiDialog {
    id: confirm

    property string subject
    property string text
    property string actText: "Destroy"
    property bool allowed: true
    readonly property bool matches: confirm.allowed && typed.text === confirm.subject

    signal confirmed(string subject)

    function ask(name: string): void {
        confirm.subject = name;
        typed.clear();
        confirm.open();
        typed.forceActiveFocus();
    }
    function act(): void {
        if (!confirm.matches)
            return;
        confirm.close();
        confirm.confirmed(confirm.subject);
    }

    contentItem: Column {
        spacing: Theme.md

        UiText {
            width: parent.width
            text: confirm.title
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
        }
        UiText {
            width: parent.width
            text: confirm.text
            color: Theme.textMuted
            wrapMode: Text.Wrap
            lineHeight: 1.3
        }
        Rectangle {
            width: parent.width
            height: subjectText.implicitHeight + Theme.sm * 2
            radius: Theme.radiusSmall
            color: Theme.sunken
            border.color: Theme.line

            UiText {
                id: subjectText

                anchors.fill: parent
                anchors.margins: Theme.sm
                text: confirm.subject
                mono: true
                wrapMode: Text.WrapAnywhere
                maximumLineCount: 5
            }
        }
        UiField {
            id: typed

            enabled: confirm.allowed
            objectName: "confirmField"
            width: parent.width
            label: "Type the name to confirm"
            placeholderText: "Type the name to confirm"
            mono: true
            onAccepted: confirm.act()
        }
        Row {
            anchors.right: parent.right
            spacing: Theme.sm

            UiButton {
                text: "Cancel"
                onClicked: confirm.close()
            }
            UiButton {
                objectName: "confirmButton"
                text: confirm.actText
                danger: true
                enabled: confirm.matches
                onClicked: confirm.act()
            }
        }
    }
}
