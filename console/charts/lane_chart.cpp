// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane_chart.h"

#include <QPainter>
#include <cmath>

namespace qd::charts {
namespace {

const QString kFrom = QStringLiteral("from");
const QString kTo = QStringLiteral("to");
const QString kTone = QStringLiteral("tone");
const QString kRole = QStringLiteral("role");
const QString kTerm = QStringLiteral("term");

QVariantList spansOf(const QVariant &lane)
{
    return lane.toMap().value(QStringLiteral("spans")).toList();
}

} // namespace

void LaneChart::setLanes(const QVariantList &lanes)
{
    m_lanes = lanes;
    Q_EMIT lanesChanged();
    update();
}

void LaneChart::setElections(const QVariantList &elections)
{
    m_elections = elections;
    Q_EMIT lanesChanged();
    update();
}

double LaneChart::topOf(qsizetype lane) const
{
    return m_headHeight + double(lane) * (m_laneHeight + m_laneGap) + m_laneGap / 2.0;
}

QVariantMap LaneChart::spanAt(double x, double y) const
{
    for (qsizetype lane = 0; lane < m_lanes.size(); ++lane) {
        if (y < topOf(lane) || y > topOf(lane) + m_laneHeight)
            continue;
        const QVariantList spans = spansOf(m_lanes.at(lane));
        for (const QVariant &each : spans) {
            QVariantMap span = each.toMap();
            if (x < span.value(kFrom).toDouble() * width() ||
                x > span.value(kTo).toDouble() * width())
                continue;
            span.insert(
                QStringLiteral("name"), m_lanes.at(lane).toMap().value(QStringLiteral("name")));
            return span;
        }
    }
    return {};
}

void LaneChart::paint(QPainter *painter)
{
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setFont(font());
    paintAxis(painter);
    for (qsizetype lane = 0; lane < m_lanes.size(); ++lane)
        paintLane(painter, lane);
    paintElections(painter);
}

void LaneChart::paintAxis(QPainter *painter) const
{
    const QFontMetricsF metrics(font());
    const int minutes = qMax(1, m_windowSeconds / 60);
    const int step = minutes > 12 ? 5 : 2;
    const double bottom = topOf(m_lanes.size()) - m_laneGap / 2.0;
    for (int minute = 0; minute <= minutes; minute += step) {
        const double x = width() * (1 - double(minute) / minutes);
        const double line = qBound(0.5, std::round(x) + 0.5, width() - 0.5);
        painter->setPen(QPen(m_gridColor, 1));
        painter->drawLine(QPointF(line, m_headHeight), QPointF(line, bottom));
        painter->setPen(m_textColor);
        const QString text =
            minute == 0 ? QStringLiteral("now") : QStringLiteral("%1 min").arg(minute);
        const double wide = metrics.horizontalAdvance(text);
        const double left = qBound(0.0, x - wide / 2, width() - wide);
        painter->drawText(QPointF(left, bottom + metrics.ascent() + 3), text);
    }
}

void LaneChart::paintLane(QPainter *painter, qsizetype lane) const
{
    const double top = topOf(lane);
    const QVariantList spans = spansOf(m_lanes.at(lane));
    for (const QVariant &each : spans) {
        const QVariantMap span = each.toMap();
        const double from = span.value(kFrom).toDouble() * width();
        const double to = qMax(from + 1.5, span.value(kTo).toDouble() * width());
        const int tone = span.value(kTone).toInt();
        const QString role = span.value(kRole).toString();
        const QRectF box(from, top, to - from, m_laneHeight);
        // A leader is a full bar; the others a soft one, and a lost member a thin line.
        if (role == QLatin1String("lost")) {
            painter->fillRect(
                QRectF(box.left(), box.center().y() - 1, box.width(), 2), colorOf(tone));
            continue;
        }
        const bool loud = role == QLatin1String("leader") || role == QLatin1String("candidate");
        const QColor soft = m_grounds.isEmpty() ? m_groundColor : m_grounds.value(tone);
        const double inset = role == QLatin1String("leader") ? 0 : m_laneHeight / 5.0;
        painter->fillRect(box.adjusted(0, inset, 0, -inset), loud ? colorOf(tone) : soft);
    }
}

void LaneChart::paintElections(QPainter *painter) const
{
    const QFontMetricsF metrics(font());
    const double bottom = topOf(m_lanes.size()) - m_laneGap / 2.0;
    double freeFrom = width() + 1;
    // From the newest on: where labels would meet, the newer one is written.
    for (qsizetype i = m_elections.size() - 1; i >= 0; --i) {
        const QVariantMap election = m_elections.at(i).toMap();
        const double x =
            std::round(election.value(QStringLiteral("at")).toDouble() * width()) + 0.5;
        painter->setPen(QPen(m_markColor, 1, Qt::DashLine));
        painter->drawLine(QPointF(x, m_headHeight - 2), QPointF(x, bottom));
        const QString text = metrics.elidedText(
            QStringLiteral("term %1: %2")
                .arg(election.value(kTerm).toLongLong())
                .arg(election.value(QStringLiteral("name")).toString().simplified()),
            Qt::ElideRight, 180);
        const double wide = metrics.horizontalAdvance(text);
        const double left = qBound(0.0, x - wide / 2, qMax(0.0, width() - wide));
        if (left + wide + 8 > freeFrom)
            continue;
        painter->setPen(m_markColor);
        painter->drawText(QPointF(left, m_headHeight - 5), text);
        freeFrom = left;
    }
}

} // namespace qd::charts
