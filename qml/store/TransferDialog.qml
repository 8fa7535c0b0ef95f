// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck
import Quarterdeck.Models

// A subtree into a file, or a file into the store; what an import changes is shown before it does.
UiDialog {
    id: transfer

    required property ConsoleSession session
    readonly property StoreTransfer model: transfer.session.storeTransfer
    property bool importing: false
    property string subject: "/"

    function beginExport(key: string): void {
        transfer.importing = false;
        transfer.show(key);
    }
    function beginImport(): void {
        transfer.importing = true;
        transfer.show("");
    }
    function show(key: string): void {
        transfer.model.forget();
        transfer.subject = key;
        path.text = transfer.importing ? "" : transfer.model.suggestedPath(key);
        target.clear();
        transfer.open();
        path.forceActiveFocus();
        path.selectAll();
    }
    function act(): void {
        if (!transfer.importing) {
            transfer.model.exportTo(path.text, transfer.subject);
            transfer.close();
        } else if (transfer.model.planned) {
            transfer.model.apply();
        } else {
            transfer.model.plan(path.text, target.text);
        }
    }

    title: transfer.importing ? "Import keys" : "Export keys"
    width: 620
    onClosed: {
        if (!transfer.model.busy)
            transfer.model.forget();
    }

    contentItem: Column {
        spacing: Theme.md

        UiText {
            width: parent.width
            text: transfer.title
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
        }
        UiText {
            width: parent.width
            color: Theme.textMuted
            wrapMode: Text.WrapAtWordBoundaryOrAnywhere
            maximumLineCount: 4
            text: {
                if (!transfer.importing)
                    return transfer.subject + " and all below it, as JSON, without hidden keys.";
                return "What the file has is compared with the store first. What only the store "
                        + "has stays.";
            }
        }
        UiField {
            id: path

            objectName: "transferPath"
            width: parent.width
            label: "File"
            placeholderText: "File, such as ~/app.json"
            mono: true
            onTextEdited: transfer.model.forget()
            onAccepted: transfer.act()
        }
        UiField {
            id: target

            objectName: "transferTarget"
            width: parent.width
            visible: transfer.importing
            label: "Below this key"
            placeholderText: "Below this key; empty: where it comes from"
            mono: true
            onTextEdited: transfer.model.forget()
            onAccepted: transfer.act()
        }
        UiText {
            objectName: "transferTrouble"
            width: parent.width
            visible: text !== ""
            text: transfer.model.trouble
            color: Theme.bad
            wrapMode: Text.WrapAtWordBoundaryOrAnywhere
            maximumLineCount: 5
        }
        UiText {
            objectName: "transferSummary"
            width: parent.width
            visible: transfer.model.planned
            elide: Text.ElideMiddle
            text: transfer.model.summary + " below " + transfer.model.target
            font.weight: Font.DemiBold
        }
        Rectangle {
            width: parent.width
            height: Math.min(260, Math.max(30, steps.contentHeight + 2))
            visible: transfer.model.planned && transfer.model.steps.length > 0
            radius: Theme.radius
            color: Theme.sunken
            border.color: Theme.line

            ListView {
                id: steps

                objectName: "transferSteps"
                anchors.fill: parent
                anchors.margins: 1
                clip: true
                activeFocusOnTab: true
                boundsBehavior: Flickable.StopAtBounds
                model: transfer.model.steps
                Accessible.role: Accessible.List
                Accessible.name: "What would change"

                ScrollBar.vertical: UiScrollBar {}

                delegate: ImportRow {
                    width: steps.width
                }
            }
        }
        UiText {
            width: parent.width
            visible: transfer.model.unshown > 0
            text: "and " + Format.grouped(transfer.model.unshown) + " more"
            color: Theme.textMuted
            font.pixelSize: Theme.small
        }
        Row {
            anchors.right: parent.right
            spacing: Theme.sm

            UiButton {
                text: transfer.importing ? "Close" : "Cancel"
                onClicked: transfer.close()
            }
            UiButton {
                objectName: "transferAct"
                primary: true
                enabled: {
                    if (path.text.trim() === "" || transfer.model.busy)
                        return false;
                    return !transfer.model.planned || (transfer.model.writes > 0
                                                       && transfer.session.mayOperate);
                }
                text: {
                    if (!transfer.importing)
                        return "Export";
                    if (!transfer.model.planned)
                        return transfer.model.busy ? "Comparing" : "Compare";
                    return "Write " + transfer.model.writes
                            + (transfer.model.writes === 1 ? " key" : " keys");
                }
                onClicked: transfer.act()
            }
        }
    }
}
