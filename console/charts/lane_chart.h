// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chart_base.h"

#include <QVariant>

namespace qd::charts {

/// Who was what, when: a lane a member, coloured by tone, and a mark for each election.
// The whole name of the base, for the tools that read QML's types.
class LaneChart : public qd::charts::ChartBase {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QVariantList lanes MEMBER m_lanes WRITE setLanes NOTIFY lanesChanged)
    Q_PROPERTY(QVariantList elections MEMBER m_elections WRITE setElections NOTIFY lanesChanged)
    Q_PROPERTY(int windowSeconds MEMBER m_windowSeconds NOTIFY styleChanged)
    Q_PROPERTY(int laneHeight MEMBER m_laneHeight NOTIFY styleChanged)
    Q_PROPERTY(int laneGap MEMBER m_laneGap NOTIFY styleChanged)
    Q_PROPERTY(int headHeight MEMBER m_headHeight NOTIFY styleChanged)
    Q_PROPERTY(int footHeight MEMBER m_footHeight NOTIFY styleChanged)
    Q_PROPERTY(QColor groundColor MEMBER m_groundColor NOTIFY styleChanged)
    Q_PROPERTY(QColor markColor MEMBER m_markColor NOTIFY styleChanged)
    Q_PROPERTY(QList<QColor> grounds MEMBER m_grounds NOTIFY styleChanged)
public:
    using ChartBase::ChartBase;

    /// {name, spans: [{from, to (fractions of the window), role, term, tone}]} each. `colors` are
    /// those of the tones, `grounds` their softer ones.
    void setLanes(const QVariantList &lanes);
    /// {at, term, name} each.
    void setElections(const QVariantList &elections);
    /// What is under a point: {role, term, name} of the span, or empty.
    Q_INVOKABLE QVariantMap spanAt(double x, double y) const;
    void paint(QPainter *painter) override;

Q_SIGNALS:
    void lanesChanged();

private:
    double topOf(qsizetype lane) const;
    void paintAxis(QPainter *painter) const;
    void paintLane(QPainter *painter, qsizetype lane) const;
    void paintElections(QPainter *painter) const;

    QVariantList m_lanes;
    QVariantList m_elections;
    QList<QColor> m_grounds;
    QColor m_groundColor = Qt::white;
    QColor m_markColor = Qt::black;
    int m_windowSeconds = 600;
    int m_laneHeight = 16;
    int m_laneGap = 10;
    int m_headHeight = 18;
    int m_footHeight = 18;
};

} // namespace qd::charts
