// SPDX-License-Identifier: GPL-3.0-or-later
#include "table_row.h"

#include "table_rows.h"

#include <QPainter>

namespace qd::charts {

TableRow::TableRow(TableRows *rows, const RowStyle &style, CellTexts &texts)
    : QQuickPaintedItem(rows)
    , m_rows(rows)
    , m_style(style)
    , m_texts(texts)
{
    setOpaquePainting(true);
}

void TableRow::show(RowContent content)
{
    if (m_content == content)
        return;
    m_content = std::move(content);
    update();
}

void TableRow::paint(QPainter *painter)
{
    painter->fillRect(boundingRect(), m_style.ground);
    paintRow(*painter, boundingRect(), m_style, m_content, m_texts);
}

} // namespace qd::charts
