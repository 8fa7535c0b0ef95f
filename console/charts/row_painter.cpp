// SPDX-License-Identifier: GPL-3.0-or-later
#include "row_painter.h"

#include "cell_texts.h"

#include <QPainter>
#include <cmath>

namespace qd::charts {
namespace {

constexpr int kMarkWidth = 16;

/// The tones of models::Tone.
enum Tone { Neutral, Good, Busy, Warn, Bad };

/// As StateMark.qml: full disc good, ring busy, diamond warning, square bad, dash neutral.
void paintMark(QPainter &painter, const QPointF &middle, int tone, const QColor &color)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    switch (tone) {
    case Good:
        painter.drawEllipse(middle, 4, 4);
        break;
    case Busy:
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, 2));
        painter.drawEllipse(middle, 3, 3);
        break;
    case Warn:
        painter.drawPolygon(QPolygonF(
            {middle + QPointF(0, -5), middle + QPointF(5, 0), middle + QPointF(0, 5),
             middle + QPointF(-5, 0)}));
        break;
    case Bad:
        painter.drawRoundedRect(QRectF(middle - QPointF(4, 4), QSizeF(8, 8)), 1, 1);
        break;
    default:
        painter.drawRoundedRect(QRectF(middle - QPointF(4, 1), QSizeF(8, 2)), 1, 1);
        break;
    }
}

void paintText(QPainter &painter, const QRectF &box, const QStaticText &text, bool toTheRight)
{
    const QSizeF size = text.size();
    const double left = toTheRight ? box.right() - size.width() : box.left();
    painter.drawStaticText(QPointF(left, std::round(box.center().y() - size.height() / 2)), text);
}

void paintGround(
    QPainter &painter, const QRectF &box, const RowStyle &style, const RowContent &content)
{
    if (!content.current && !content.hovered)
        return;
    painter.setPen(Qt::NoPen);
    painter.setBrush(content.current ? style.current : style.hover);
    painter.drawRoundedRect(
        box.adjusted(style.inset, 0, -style.inset, 0), style.radius, style.radius);
}

} // namespace

void paintRow(
    QPainter &painter, const QRectF &box, const RowStyle &style, const RowContent &content,
    CellTexts &texts)
{
    painter.setRenderHint(QPainter::Antialiasing);
    paintGround(painter, box, style, content);
    const QColor toneColor = style.tones.value(content.tone, style.text);
    double left = box.left() + style.margin;
    for (const PaintedColumn &column : style.columns) {
        QRectF cell(left, box.top(), column.width - style.gap, box.height());
        left += column.width;
        if (column.state) {
            paintMark(painter, {cell.left() + 5, cell.center().y()}, content.tone, toneColor);
            cell.setLeft(cell.left() + kMarkWidth);
        }
        painter.setPen(column.state ? toneColor : column.quiet ? style.quiet : style.text);
        const QString text = content.cells.value(column.cell);
        if (text.isEmpty() || cell.width() <= 0)
            continue;
        const QFont &font = column.mono ? style.mono : style.font;
        painter.setFont(font);
        paintText(painter, cell, texts.laidOut(text, cell.width(), font), column.number);
    }
}

} // namespace qd::charts
