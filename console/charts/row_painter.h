// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QList>
#include <QRectF>
#include <QStringList>

class QPainter;

namespace qd::charts {

class CellTexts;

/// A column as rows paint it.
struct PaintedColumn {
    int cell = 0; ///< which of the row's cells
    double width = 0;
    bool state = false; ///< has the mark of the row's tone, and its colour
    bool mono = false;
    bool number = false; ///< to the right
    bool quiet = false;
};

/// How all rows of a table look.
struct RowStyle {
    QList<PaintedColumn> columns;
    QList<QColor> tones; ///< by models::Tone
    QColor ground;
    QColor hover;
    QColor current;
    QColor text;
    QColor quiet;
    QFont font;
    QFont mono;
    double margin = 12; ///< before the first column, px
    double gap = 16;    ///< between columns, px
    double inset = 4;   ///< of the ground of a row that is current or under the pointer, px
    double radius = 4;
};

/// What one row shows.
struct RowContent {
    QStringList cells;
    int tone = 0;
    bool current = false;
    bool hovered = false;

    bool operator==(const RowContent &) const = default;
};

/// Paints a row into `box`: text elided to its column, a state with its shape.
void paintRow(
    QPainter &painter, const QRectF &box, const RowStyle &style, const RowContent &content,
    CellTexts &texts);

} // namespace qd::charts
