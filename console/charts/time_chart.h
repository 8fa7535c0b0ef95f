// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "chart_base.h"

#include <QVariant>

namespace qd::charts {

/// Lines over time, one sample a second, the newest at the right edge. A negative sample is a hole.
/// Each line has a dash of its own, so that colour is not all that tells them apart.
// The whole name of the base, for the tools that read QML's types.
class TimeChart : public qd::charts::ChartBase {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QVariantList series READ series WRITE setSeries NOTIFY seriesChanged)
    Q_PROPERTY(int samples MEMBER m_samples NOTIFY styleChanged)
    Q_PROPERTY(bool filled MEMBER m_filled NOTIFY styleChanged)
    Q_PROPERTY(QString unit MEMBER m_unit NOTIFY styleChanged)
    Q_PROPERTY(double maximum READ maximum NOTIFY seriesChanged)
public:
    using ChartBase::ChartBase;

    QVariantList series() const { return m_series; }
    /// {name, values: list of numbers} each.
    void setSeries(const QVariantList &series);
    /// The axis' end: the next "round" number (1, 2, 5 times a power of ten) above every sample.
    double maximum() const { return m_maximum; }
    /// The sample of a series under x; negative when there is none.
    Q_INVOKABLE double valueAt(int series, double x) const;
    /// How many seconds ago the sample under x was taken.
    Q_INVOKABLE int secondsAt(double x) const;
    void paint(QPainter *painter) override;

    static double niceMaximum(double largest);

Q_SIGNALS:
    void seriesChanged();

private:
    QRectF plot() const;
    double xOf(qsizetype fromNewest) const;
    double yOf(double value) const;
    void paintGrid(QPainter *painter) const;
    void paintLine(QPainter *painter, qsizetype which) const;
    void paintRun(QPainter *painter, qsizetype which, const QPolygonF &run) const;

    QVariantList m_series;
    QList<QList<double>> m_values;
    QString m_unit;
    double m_maximum = 1;
    int m_samples = 120;
    bool m_filled = false;
};

} // namespace qd::charts
