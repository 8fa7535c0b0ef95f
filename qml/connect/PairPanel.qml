// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// Pairing: a token is pasted, the authority's fingerprint is shown, the user agrees.
FocusScope {
    id: pair

    required property ConsoleSession session
    property bool mayGoBack: false
    readonly property bool confirming: pair.session.pairing === ConsoleSession.Confirm
                                       || pair.session.pairing === ConsoleSession.Confirming
    readonly property bool busy: pair.session.pairing === ConsoleSession.Asking
                                 || pair.session.pairing === ConsoleSession.Confirming

    signal back

    implicitHeight: column.implicitHeight

    function begin(): void {
        if (token.text !== "" && address.text !== "" && !pair.busy)
            pair.session.beginPairing(token.text, address.text);
    }

    onConfirmingChanged: {
        if (pair.confirming)
            profileName.forceActiveFocus();
    }

    Column {
        id: column

        width: parent.width
        spacing: Theme.md

        UiText {
            width: parent.width
            visible: !pair.confirming
            text: "An administrator makes a token: qdctl cluster token --kind console. Paste it "
                  + "here, with the address of any node."
            color: Theme.textMuted
            wrapMode: Text.Wrap
            lineHeight: 1.3
        }
        UiField {
            id: address

            objectName: "pairAddress"
            width: parent.width
            visible: !pair.confirming
            focus: true
            label: "Address of a node"
            placeholderText: "Address, such as 127.0.0.11"
            enabled: !pair.busy
            onAccepted: token.forceActiveFocus()
        }
        UiField {
            id: token

            objectName: "pairToken"
            width: parent.width
            visible: !pair.confirming
            label: "Token"
            placeholderText: "Token: qd1.…"
            mono: true
            enabled: !pair.busy
            wrong: pair.session.pairingTrouble !== ""
            onAccepted: pair.begin()
        }
        FingerprintCard {
            width: parent.width
            visible: pair.confirming
            fingerprint: pair.session.fingerprint
        }
        UiField {
            id: profileName

            objectName: "pairName"
            width: parent.width
            visible: pair.confirming
            label: "Name of this cluster here"
            placeholderText: "Name here (the cluster's own when empty)"
            onAccepted: pair.session.confirmPairing(profileName.text)
        }
        UiText {
            width: parent.width
            visible: pair.session.pairingTrouble !== ""
            text: pair.session.pairingTrouble
            color: Theme.bad
            wrapMode: Text.Wrap
            maximumLineCount: 5
        }
        Row {
            anchors.right: parent.right
            spacing: Theme.sm

            UiButton {
                visible: pair.confirming || pair.mayGoBack
                text: pair.confirming ? "Cancel" : "Back"
                onClicked: pair.confirming ? pair.session.cancelPairing() : pair.back()
            }
            UiButton {
                objectName: "pairBegin"
                visible: !pair.confirming
                primary: true
                text: pair.busy ? "Checking …" : "Check the cluster"
                enabled: !pair.busy && token.text !== "" && address.text !== ""
                onClicked: pair.begin()
            }
            UiButton {
                objectName: "pairConfirm"
                visible: pair.confirming
                primary: true
                enabled: !pair.busy
                text: pair.busy ? "Pairing …" : "It is the same: pair"
                onClicked: pair.session.confirmPairing(profileName.text)
            }
        }
    }
}
