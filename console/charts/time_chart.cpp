// SPDX-License-Identifier: GPL-3.0-or-later
#include "time_chart.h"

#include <QLocale>
#include <QPainter>
#include <cmath>

namespace qd::charts {
namespace {

constexpr int kLines = 4; ///< of the grid, above the ground line

QList<double> numbersOf(const QVariant &values)
{
    if (values.metaType() == QMetaType::fromType<QList<double>>())
        return values.value<QList<double>>();
    QList<double> out;
    const QVariantList list = values.toList();
    for (const QVariant &value : list)
        out.append(value.toDouble());
    return out;
}

} // namespace

double TimeChart::niceMaximum(double largest)
{
    if (!(largest > 0) || !std::isfinite(largest))
        return 1;
    const double power = std::pow(10, std::floor(std::log10(largest)));
    for (const double step : {1.0, 2.0, 5.0, 10.0}) {
        if (largest <= step * power)
            return step * power;
    }
    return 10 * power;
}

void TimeChart::setSeries(const QVariantList &series)
{
    m_series = series;
    m_values.clear();
    double largest = 0;
    for (const QVariant &one : series) {
        m_values.append(numbersOf(one.toMap().value(QStringLiteral("values"))));
        for (const double value : std::as_const(m_values.last()))
            largest = qMax(largest, value);
    }
    m_maximum = niceMaximum(largest);
    Q_EMIT seriesChanged();
    update();
}

QRectF TimeChart::plot() const
{
    const QFontMetricsF metrics(font());
    const double left = metrics.horizontalAdvance(QStringLiteral("00,000 ") + m_unit) + 6;
    return {
        left, metrics.height() / 2, qMax(1.0, width() - left - 1),
        qMax(1.0, height() - metrics.height() * 2)};
}

double TimeChart::xOf(qsizetype fromNewest) const
{
    const QRectF area = plot();
    return area.right() - area.width() * double(fromNewest) / qMax(1, m_samples - 1);
}

double TimeChart::yOf(double value) const
{
    const QRectF area = plot();
    return area.bottom() - area.height() * value / m_maximum;
}

int TimeChart::secondsAt(double x) const
{
    const QRectF area = plot();
    const double share = qBound(0.0, (area.right() - x) / area.width(), 1.0);
    return int(std::lround(share * (m_samples - 1)));
}

double TimeChart::valueAt(int series, double x) const
{
    if (series < 0 || series >= m_values.size())
        return -1;
    const QList<double> &values = m_values.at(series);
    const qsizetype at = values.size() - 1 - secondsAt(x);
    return at < 0 ? -1 : values.at(at);
}

void TimeChart::paint(QPainter *painter)
{
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setFont(font());
    paintGrid(painter);
    for (qsizetype which = 0; which < m_values.size(); ++which)
        paintLine(painter, which);
}

void TimeChart::paintGrid(QPainter *painter) const
{
    const QRectF area = plot();
    const QFontMetricsF metrics(font());
    const QLocale locale(QLocale::English, QLocale::UnitedStates);
    const int decimals = m_maximum < kLines ? 2 : m_maximum < kLines * 10 ? 1 : 0;
    for (int line = 0; line <= kLines; ++line) {
        const double value = m_maximum * line / kLines;
        const double y = std::round(yOf(value)) + 0.5;
        painter->setPen(QPen(m_gridColor, 1));
        painter->drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        if (line % 2 != 0)
            continue;
        painter->setPen(m_textColor);
        const QString text = locale.toString(value, 'f', line == 0 ? 0 : decimals) +
                             (m_unit.isEmpty() ? QString() : QLatin1Char(' ') + m_unit);
        painter->drawText(
            QRectF(0, y - metrics.height() / 2, area.left() - 6, metrics.height()),
            Qt::AlignRight | Qt::AlignVCenter, text);
    }
    const double below = area.bottom() + 4;
    painter->setPen(m_textColor);
    const QStringList marks{
        QStringLiteral("%1 s ago").arg(m_samples), QStringLiteral("%1 s").arg(m_samples / 2),
        QStringLiteral("now")};
    const Qt::Alignment sides[] = {Qt::AlignLeft, Qt::AlignHCenter, Qt::AlignRight};
    for (int i = 0; i < 3; ++i)
        painter->drawText(
            QRectF(area.left(), below, area.width(), metrics.height()), sides[i], marks.at(i));
}

void TimeChart::paintLine(QPainter *painter, qsizetype which) const
{
    const QList<double> &values = m_values.at(which);
    QPolygonF run;
    for (qsizetype i = qMax<qsizetype>(0, values.size() - m_samples); i < values.size(); ++i) {
        if (values.at(i) >= 0)
            run.append(QPointF(xOf(values.size() - 1 - i), yOf(values.at(i))));
        if (values.at(i) >= 0 && i + 1 < values.size())
            continue;
        paintRun(painter, which, run);
        run.clear();
    }
}

void TimeChart::paintRun(QPainter *painter, qsizetype which, const QPolygonF &run) const
{
    if (run.isEmpty())
        return;
    const QColor color = colorOf(which);
    if (m_filled) {
        QPolygonF area = run;
        area.append(QPointF(run.last().x(), plot().bottom()));
        area.append(QPointF(run.first().x(), plot().bottom()));
        QColor soft = color;
        soft.setAlphaF(0.16F);
        painter->setPen(Qt::NoPen);
        painter->setBrush(soft);
        painter->drawPolygon(area);
    }
    static const QList<QList<qreal>> dashes = {{}, {5, 3}, {1.5, 2.5}, {8, 3, 1.5, 3}, {3, 3}};
    QPen pen(color, 1.6, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
    if (const auto &dash = dashes.at(which % dashes.size()); !dash.isEmpty())
        pen.setDashPattern(dash);
    painter->setBrush(Qt::NoBrush);
    painter->setPen(pen);
    painter->drawPolyline(run);
    if (run.size() == 1) {
        painter->setBrush(color);
        painter->drawEllipse(run.first(), 1.5, 1.5);
    }
}

} // namespace qd::charts
