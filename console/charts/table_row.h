// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "row_painter.h"

#include <QQuickPaintedItem>

namespace qd::charts {

class TableRows;

/// One of the rows that TableRows has in view: painted when it shows something else, moved as a
/// picture when it scrolls.
class TableRow : public QQuickPaintedItem {
    Q_OBJECT
public:
    TableRow(TableRows *rows, const RowStyle &style, CellTexts &texts);

    void show(RowContent content);
    const RowContent &content() const { return m_content; }
    TableRows *rows() const { return m_rows; }
    void paint(QPainter *painter) override;

private:
    TableRows *m_rows;       ///< the parent
    const RowStyle &m_style; ///< the parent's
    CellTexts &m_texts;      ///< the parent's
    RowContent m_content;
};

} // namespace qd::charts
