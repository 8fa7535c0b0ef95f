// SPDX-License-Identifier: GPL-3.0-or-later
#include "chart_base.h"

#include <QFont>

namespace qd::charts {

ChartBase::ChartBase(QQuickItem *parent)
    : QQuickPaintedItem(parent)
{
    setAntialiasing(true);
    connect(this, &ChartBase::styleChanged, this, [this] { update(); });
}

QColor ChartBase::colorOf(qsizetype which) const
{
    return m_colors.isEmpty() ? m_textColor : m_colors.at(which % m_colors.size());
}

QFont ChartBase::font() const
{
    QFont out(m_fontFamily);
    out.setPixelSize(qMax(1, m_fontSize));
    return out;
}

} // namespace qd::charts
