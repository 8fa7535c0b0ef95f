// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck

// Asks before an act: what it is about, what it does, and one button for each answer.
UiDialog {
    id: ask

    property string subject
    property string text
    property string actText
    property bool danger: false
    property bool allowed: true

    signal confirmed(string subject)

    function begin(subject: string): void {
        ask.subject = subject;
        ask.open();
        cancelButton.forceActiveFocus(Qt.TabFocusReason);
    }
    function act(): void {
        ask.close();
        ask.confirmed(ask.subject);
    }

    contentItem: Column {
        spacing: Theme.md

        UiText {
            width: parent.width
            text: ask.title
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
        }
        UiText {
            width: parent.width
            text: ask.text
            color: Theme.textMuted
            wrapMode: Text.Wrap
            lineHeight: 1.3
        }
        Rectangle {
            width: parent.width
            height: subjectText.implicitHeight + Theme.sm * 2
            visible: ask.subject !== ""
            radius: Theme.radiusSmall
            color: Theme.sunken
            border.color: Theme.line

            UiText {
                id: subjectText

                anchors.fill: parent
                anchors.margins: Theme.sm
                text: ask.subject
                mono: true
                wrapMode: Text.WrapAnywhere
                maximumLineCount: 5
            }
        }
        Row {
            anchors.right: parent.right
            spacing: Theme.sm

            UiButton {
                id: cancelButton

                text: "Cancel"
                onClicked: ask.close()
            }
            UiButton {
                objectName: "askButton"
                text: ask.actText
                danger: ask.danger
                primary: !ask.danger
                enabled: ask.allowed
                onClicked: ask.act()
            }
        }
    }
}
