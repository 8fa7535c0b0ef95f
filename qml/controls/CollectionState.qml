// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// What a table shows in its place while it has no rows: loading, refused, none, or none that match.
StateView {
    id: state

    required property LiveTable model
    required property string noun // "nodes"
    property string emptyTitle: "No " + state.noun
    property string emptyText
    property string emptyAction
    readonly property bool failed: state.model.phase === LiveTable.Failed
    readonly property bool loading: state.model.phase === LiveTable.Loading
                                    || state.model.phase === LiveTable.Idle
    readonly property bool filtered: state.model.total > 0

    signal createWanted

    visible: state.model.count === 0 || state.failed
    kind: state.failed ? "error" : state.loading ? "loading" : "empty"
    title: {
        if (state.failed)
            return "The " + state.noun + " cannot be read";
        if (state.loading)
            return "Loading " + state.noun;
        return state.filtered ? "No match among " + state.model.total + " " + state.noun
                              : state.emptyTitle;
    }
    text: {
        if (state.failed)
            return state.model.errorText;
        if (state.loading)
            return "";
        return state.filtered ? "Every word of the filter must occur in a row." : state.emptyText;
    }
    actionText: {
        if (state.failed || state.loading)
            return "";
        return state.filtered ? "Clear the filter" : state.emptyAction;
    }
    onAction: {
        if (state.filtered)
            state.model.filter = "";
        else
            state.createWanted();
    }
}
