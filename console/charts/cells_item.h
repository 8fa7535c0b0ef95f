// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QQuickPaintedItem>
#include <QVariant>
#include <qqmlregistration.h>

namespace qd::charts {

/// A table's row, painted: text elided to its column, a state with its shape. One item instead of
/// some forty, so that 100,000 rows scroll by at the price of pictures.
class CellsItem : public QQuickPaintedItem {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QStringList cells MEMBER m_cells NOTIFY changed)
    Q_PROPERTY(QVariantList columns MEMBER m_columns WRITE setColumns NOTIFY changed)
    Q_PROPERTY(int tone MEMBER m_tone NOTIFY changed)
    Q_PROPERTY(int gap MEMBER m_gap NOTIFY changed)
    Q_PROPERTY(QColor toneColor MEMBER m_toneColor NOTIFY changed)
    Q_PROPERTY(QColor textColor MEMBER m_textColor NOTIFY changed)
    Q_PROPERTY(QColor quietColor MEMBER m_quietColor NOTIFY changed)
    Q_PROPERTY(QString fontFamily MEMBER m_fontFamily NOTIFY changed)
    Q_PROPERTY(QString monoFamily MEMBER m_monoFamily NOTIFY changed)
    Q_PROPERTY(int fontSize MEMBER m_fontSize NOTIFY changed)
    Q_PROPERTY(int monoSize MEMBER m_monoSize NOTIFY changed)
public:
    explicit CellsItem(QQuickItem *parent = nullptr);

    /// {column (of the cells), width, kind: "text" | "state" | "mono" | "number", quiet} each.
    void setColumns(const QVariantList &columns);
    void paint(QPainter *painter) override;

Q_SIGNALS:
    void changed();

private:
    struct Column {
        int cell = 0;
        double width = 0;
        bool state = false;
        bool mono = false;
        bool number = false;
        bool quiet = false;
    };
    void paintCell(QPainter *painter, const Column &column, double left) const;
    void paintMark(QPainter *painter, double left) const;

    QStringList m_cells;
    QVariantList m_columns;
    QList<Column> m_layout;
    int m_tone = 0;
    int m_gap = 16;
    QColor m_toneColor;
    QColor m_textColor;
    QColor m_quietColor;
    QString m_fontFamily;
    QString m_monoFamily;
    int m_fontSize = 13;
    int m_monoSize = 12;
};

} // namespace qd::charts
