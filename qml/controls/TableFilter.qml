// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import Quarterdeck
import Quarterdeck.Models

// The filter of a table. It follows the model, which others may change too.
SearchField {
    id: filter

    required property LiveTable model

    onTextEdited: filter.model.filter = filter.text
    onTextChanged: {
        if (filter.text === "")
            filter.model.filter = "";
    }

    Connections {
        target: filter.model

        function onFilterChanged(): void {
            if (filter.text !== filter.model.filter)
                filter.text = filter.model.filter;
        }
    }
}
