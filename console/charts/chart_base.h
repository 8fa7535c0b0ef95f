// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QQuickPaintedItem>
#include <qqmlregistration.h>

namespace qd::charts {

/// What both charts share: colours that come from the theme, and one repaint a frame.
class ChartBase : public QQuickPaintedItem {
    Q_OBJECT
    QML_ANONYMOUS
    Q_PROPERTY(QList<QColor> colors MEMBER m_colors NOTIFY styleChanged)
    Q_PROPERTY(QColor gridColor MEMBER m_gridColor NOTIFY styleChanged)
    Q_PROPERTY(QColor textColor MEMBER m_textColor NOTIFY styleChanged)
    Q_PROPERTY(QString fontFamily MEMBER m_fontFamily NOTIFY styleChanged)
    Q_PROPERTY(int fontSize MEMBER m_fontSize NOTIFY styleChanged)
public:
    explicit ChartBase(QQuickItem *parent = nullptr);

Q_SIGNALS:
    void styleChanged();

protected:
    QColor colorOf(qsizetype which) const;
    QFont font() const;

    QList<QColor> m_colors;
    QColor m_gridColor = Qt::gray;
    QColor m_textColor = Qt::black;
    QString m_fontFamily;
    int m_fontSize = 11;
};

} // namespace qd::charts
