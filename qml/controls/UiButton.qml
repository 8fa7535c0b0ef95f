// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import QtQuick.Controls.Basic
import Quarterdeck

// A button: plain, primary (the view's one main act), danger, or ghost (no frame).
Button {
    id: button

    property string glyph
    property string hint
    property bool primary: false
    property bool danger: false
    property bool ghost: false
    readonly property color ink: {
        if (!button.enabled)
            return Theme.textMuted;
        if (button.primary)
            return Theme.textOnAccent;
        return button.danger ? Theme.bad : Theme.text;
    }

    implicitHeight: Theme.controlHeight
    leftPadding: button.text ? Theme.md : 7
    rightPadding: button.text ? Theme.md : 7
    topPadding: 0
    bottomPadding: 0
    opacity: button.enabled ? 1 : 0.55
    font.family: Theme.fontFamily
    font.pixelSize: Theme.body
    Accessible.role: Accessible.Button
    Accessible.name: button.text || button.hint
    Keys.onReturnPressed: button.clicked()
    Keys.onEnterPressed: button.clicked()

    contentItem: Row {
        spacing: 6

        Icon {
            anchors.verticalCenter: parent.verticalCenter
            visible: button.glyph !== ""
            name: button.glyph
            color: button.ink
        }
        UiText {
            anchors.verticalCenter: parent.verticalCenter
            visible: button.text !== ""
            text: button.text
            color: button.ink
            font.weight: button.primary ? Font.DemiBold : Font.Medium
            Accessible.ignored: true
        }
    }
    background: Rectangle {
        radius: Theme.radius
        color: {
            if (button.primary && button.enabled)
                return button.hovered || button.down ? Theme.accentHover : Theme.accent;
            if (button.down)
                return Theme.selectedIdle;
            if (button.hovered)
                return Theme.hover;
            return button.ghost ? "transparent" : Theme.raised;
        }
        border.width: button.ghost || (button.primary && button.enabled) ? 0 : 1
        border.color: Theme.lineStrong

        FocusRing {
            shown: button.visualFocus
        }
    }

    ToolTip {
        visible: button.hovered && button.hint !== ""
        delay: 600
        text: button.hint
        font.family: Theme.fontFamily
        font.pixelSize: Theme.small
        palette.toolTipText: Theme.text
        background: Rectangle {
            color: Theme.raised
            border.color: Theme.lineStrong
            radius: Theme.radiusSmall
        }
    }
}
