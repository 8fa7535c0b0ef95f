// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cell_texts.h"
#include "row_painter.h"

#include <QAbstractItemModel>
#include <QPointer>
#include <QQuickItem>
#include <QVariant>
#include <qqmlregistration.h>
#include <vector>

namespace qd::charts {

class TableRow;

/// The rows of a table that are in view. As many painted rows as fit are made once and shown
/// again and again: 100,000 rows scroll at the price of the pictures that change
/// (anchors-console.md 4.2). A row stays with its picture while it is in view. Reads the roles
/// "cells" and "tone".
class TableRows : public QQuickItem {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QAbstractItemModel *model READ model WRITE setModel NOTIFY modelChanged)
    Q_PROPERTY(double offset MEMBER m_offset NOTIFY shownChanged)
    Q_PROPERTY(double rowHeight MEMBER m_rowHeight NOTIFY shownChanged)
    Q_PROPERTY(int currentRow MEMBER m_currentRow NOTIFY shownChanged)
    Q_PROPERTY(int hoveredRow MEMBER m_hoveredRow NOTIFY shownChanged)
    Q_PROPERTY(QString label MEMBER m_label NOTIFY shownChanged)
    Q_PROPERTY(QVariantMap look READ look WRITE setLook NOTIFY lookChanged)
    Q_PROPERTY(QVariantList columns READ columns WRITE setColumns NOTIFY lookChanged)
public:
    explicit TableRows(QQuickItem *parent = nullptr);
    ~TableRows() override;

    QAbstractItemModel *model() const { return m_model; }
    void setModel(QAbstractItemModel *model);
    /// ground, hover, current, text, quiet, tones (colours), fontFamily, monoFamily, fontSize,
    /// monoSize, margin, gap, inset, radius (px).
    QVariantMap look() const { return m_look; }
    void setLook(const QVariantMap &look);
    /// {column (of the cells), width, kind: "text" | "state" | "mono" | "number", quiet} each.
    QVariantList columns() const { return m_columns; }
    void setColumns(const QVariantList &columns);
    /// What the table is called to those who cannot see it.
    QString label() const { return m_label; }

    /// The row at a height of this item; -1 for none.
    Q_INVOKABLE int rowAt(double y) const;
    /// The rows in view, from the top.
    std::vector<TableRow *> inView() const;

Q_SIGNALS:
    void modelChanged();
    void shownChanged();
    void lookChanged();

protected:
    void updatePolish() override;
    void geometryChange(const QRectF &now, const QRectF &before) override;

private:
    int firstInView() const;
    void fit(int count);
    void show(int row);
    void repaintAll();

    QPointer<QAbstractItemModel> m_model;
    int m_cellsRole = -1;
    int m_toneRole = -1;
    double m_offset = 0; ///< px of the rows above this item's top
    double m_rowHeight = 30;
    int m_currentRow = -1;
    int m_hoveredRow = -1;
    QString m_label;
    QVariantMap m_look;
    QVariantList m_columns;
    RowStyle m_style;
    CellTexts m_texts;
    std::vector<std::unique_ptr<TableRow>> m_rows; ///< row r is shown by r modulo their number
};

} // namespace qd::charts
