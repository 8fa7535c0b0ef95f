// SPDX-License-Identifier: GPL-3.0-or-later
#include "table_rows.h"

#include "table_accessible.h"
#include "table_row.h"

#include <cmath>

namespace qd::charts {

TableRows::TableRows(QQuickItem *parent)
    : QQuickItem(parent)
{
    setClip(true);
    installTableAccessible();
    connect(this, &TableRows::shownChanged, this, &TableRows::polish);
    connect(this, &TableRows::lookChanged, this, &TableRows::repaintAll);
}

TableRows::~TableRows() = default;

void TableRows::setModel(QAbstractItemModel *model)
{
    if (m_model == model)
        return;
    if (m_model)
        disconnect(m_model, nullptr, this, nullptr);
    m_model = model;
    if (model) {
        m_cellsRole = model->roleNames().key("cells", -1);
        m_toneRole = model->roleNames().key("tone", -1);
        // What changes is seen when the frame is made, however often it changed until then.
        connect(model, &QAbstractItemModel::dataChanged, this, &TableRows::polish);
        connect(model, &QAbstractItemModel::rowsInserted, this, &TableRows::polish);
        connect(model, &QAbstractItemModel::rowsRemoved, this, &TableRows::polish);
        connect(model, &QAbstractItemModel::modelReset, this, &TableRows::polish);
    }
    polish();
    Q_EMIT modelChanged();
}

void TableRows::setLook(const QVariantMap &look)
{
    m_look = look;
    const auto color = [&look](const char *name) {
        return look.value(QLatin1String(name)).value<QColor>();
    };
    const auto size = [&look](const char *name) {
        return look.value(QLatin1String(name)).toDouble();
    };
    const auto font = [&look, &size](const char *family, const char *pixels) {
        QFont out(look.value(QLatin1String(family)).toString());
        out.setPixelSize(qMax(1, int(size(pixels))));
        return out;
    };
    m_style.ground = color("ground");
    m_style.hover = color("hover");
    m_style.current = color("current");
    m_style.text = color("text");
    m_style.quiet = color("quiet");
    m_style.font = font("fontFamily", "fontSize");
    m_style.mono = font("monoFamily", "monoSize");
    m_style.margin = size("margin");
    m_style.gap = size("gap");
    m_style.inset = size("inset");
    m_style.radius = size("radius");
    m_style.tones.clear();
    const QVariantList tones = look.value(QStringLiteral("tones")).toList();
    for (const QVariant &tone : tones)
        m_style.tones.append(tone.value<QColor>());
    Q_EMIT lookChanged();
}

void TableRows::setColumns(const QVariantList &columns)
{
    m_columns = columns;
    m_style.columns.clear();
    for (const QVariant &each : columns) {
        const QVariantMap map = each.toMap();
        const QString kind = map.value(QStringLiteral("kind")).toString();
        PaintedColumn column;
        column.cell = map.value(QStringLiteral("column")).toInt();
        column.width = map.value(QStringLiteral("width")).toDouble();
        column.state = kind == QLatin1String("state");
        column.number = kind == QLatin1String("number");
        column.mono = column.number || kind == QLatin1String("mono");
        column.quiet = map.value(QStringLiteral("quiet")).toBool();
        m_style.columns.append(column);
    }
    Q_EMIT lookChanged();
}

int TableRows::rowAt(double y) const
{
    const int row = int(std::floor((m_offset + y) / m_rowHeight));
    return m_model && row >= 0 && row < m_model->rowCount() ? row : -1;
}

int TableRows::firstInView() const
{
    return qMax(0, int(std::floor(m_offset / m_rowHeight)));
}

std::vector<TableRow *> TableRows::inView() const
{
    std::vector<TableRow *> out;
    const size_t count = m_rows.size();
    for (size_t i = 0; i < count; ++i) {
        TableRow *row = m_rows[(size_t(firstInView()) + i) % count].get();
        if (row->isVisible())
            out.push_back(row);
    }
    return out;
}

void TableRows::fit(int count)
{
    if (int(m_rows.size()) == count)
        return;
    // What is shown by which of them is another with another number of them.
    m_rows.clear();
    for (int i = 0; i < count; ++i)
        m_rows.push_back(std::make_unique<TableRow>(this, m_style, m_texts));
}

void TableRows::show(int row)
{
    TableRow &item = *m_rows[size_t(row) % m_rows.size()];
    const bool exists = m_model && row < m_model->rowCount();
    item.setVisible(exists);
    if (!exists)
        return;
    item.setPosition({0, std::round(row * m_rowHeight - m_offset)});
    item.setSize({width(), m_rowHeight});
    const QModelIndex index = m_model->index(row, 0);
    item.show(
        {index.data(m_cellsRole).toStringList(), index.data(m_toneRole).toInt(),
         row == m_currentRow, row == m_hoveredRow});
}

void TableRows::updatePolish()
{
    if (m_rowHeight < 1)
        return;
    const int count = int(std::ceil(height() / m_rowHeight)) + 1;
    fit(count);
    const int first = firstInView();
    for (int row = first; row < first + count; ++row)
        show(row);
}

void TableRows::repaintAll()
{
    m_texts.clear();
    for (const auto &row : m_rows)
        row->update();
    polish();
}

void TableRows::geometryChange(const QRectF &now, const QRectF &before)
{
    QQuickItem::geometryChange(now, before);
    polish();
}

} // namespace qd::charts
