// SPDX-License-Identifier: GPL-3.0-or-later
#include "cells_item.h"

#include <QPainter>

namespace qd::charts {
namespace {

constexpr int kMarkWidth = 16;
constexpr qsizetype kLongest = 400; ///< characters; more do not fit any column

/// The tones of models::Tone.
enum Tone { Neutral, Good, Busy, Warn, Bad };

} // namespace

CellsItem::CellsItem(QQuickItem *parent)
    : QQuickPaintedItem(parent)
{
    connect(this, &CellsItem::changed, this, [this] { update(); });
}

void CellsItem::setColumns(const QVariantList &columns)
{
    m_columns = columns;
    m_layout.clear();
    for (const QVariant &each : columns) {
        const QVariantMap map = each.toMap();
        const QString kind = map.value(QStringLiteral("kind")).toString();
        Column column;
        column.cell = map.value(QStringLiteral("column")).toInt();
        column.width = map.value(QStringLiteral("width")).toDouble();
        column.state = kind == QLatin1String("state");
        column.number = kind == QLatin1String("number");
        column.mono = column.number || kind == QLatin1String("mono");
        column.quiet = map.value(QStringLiteral("quiet")).toBool();
        m_layout.append(column);
    }
    Q_EMIT changed();
}

void CellsItem::paint(QPainter *painter)
{
    painter->setRenderHint(QPainter::Antialiasing);
    double left = 0;
    for (const Column &column : std::as_const(m_layout)) {
        paintCell(painter, column, left);
        left += column.width;
    }
}

void CellsItem::paintCell(QPainter *painter, const Column &column, double left) const
{
    if (column.state)
        paintMark(painter, left);
    QString text = m_cells.value(column.cell).left(kLongest);
    const double inset = column.state ? kMarkWidth : 0;
    const QRectF box(left + inset, 0, column.width - inset - m_gap, height());
    if (text.isEmpty() || box.width() <= 0)
        return;
    text.replace(QLatin1Char('\n'), QLatin1Char(' ')).replace(QLatin1Char('\t'), QLatin1Char(' '));
    QFont font(column.mono ? m_monoFamily : m_fontFamily);
    font.setPixelSize(qMax(1, column.mono ? m_monoSize : m_fontSize));
    painter->setFont(font);
    painter->setPen(column.state ? m_toneColor : column.quiet ? m_quietColor : m_textColor);
    const Qt::Alignment side = column.number ? Qt::AlignRight : Qt::AlignLeft;
    painter->drawText(
        box, int(side | Qt::AlignVCenter | Qt::AlignAbsolute) | Qt::TextSingleLine,
        QFontMetricsF(font).elidedText(text, Qt::ElideRight, box.width()));
}

/// As StateMark.qml: full disc good, ring busy, diamond warning, square bad, dash neutral.
void CellsItem::paintMark(QPainter *painter, double left) const
{
    const QPointF middle(left + 5, height() / 2);
    painter->setPen(Qt::NoPen);
    painter->setBrush(m_toneColor);
    switch (m_tone) {
    case Good:
        painter->drawEllipse(middle, 4, 4);
        break;
    case Busy:
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(m_toneColor, 2));
        painter->drawEllipse(middle, 3, 3);
        break;
    case Warn:
        painter->drawPolygon(QPolygonF(
            {middle + QPointF(0, -5), middle + QPointF(5, 0), middle + QPointF(0, 5),
             middle + QPointF(-5, 0)}));
        break;
    case Bad:
        painter->drawRoundedRect(QRectF(middle - QPointF(4, 4), QSizeF(8, 8)), 1, 1);
        break;
    default:
        painter->drawRoundedRect(QRectF(middle - QPointF(4, 1), QSizeF(8, 2)), 1, 1);
        break;
    }
}

} // namespace qd::charts
