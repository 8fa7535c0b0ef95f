// SPDX-License-Identifier: GPL-3.0-or-later
#include "table_accessible.h"

#include "table_row.h"
#include "table_rows.h"

#include <QAccessibleObject>
#include <QQuickWindow>

namespace qd::charts {
namespace {

QRect onScreen(const QQuickItem &item)
{
    if (!item.window())
        return {};
    const QRectF box = item.mapRectToScene(item.boundingRect());
    return QRect(item.window()->mapToGlobal(box.topLeft().toPoint()), box.size().toSize());
}

QAccessible::State stateOf(const QQuickItem &item)
{
    QAccessible::State state;
    state.invisible = !item.isVisible();
    state.disabled = !item.isEnabled();
    return state;
}

class RowAccessible : public QAccessibleObject {
public:
    explicit RowAccessible(TableRow *row)
        : QAccessibleObject(row)
    {
    }
    const TableRow &row() const { return *static_cast<TableRow *>(object()); }

    QAccessibleInterface *parent() const override
    {
        return QAccessible::queryAccessibleInterface(row().rows());
    }
    QAccessibleInterface *child(int) const override { return nullptr; }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface *) const override { return -1; }
    QAccessible::Role role() const override { return QAccessible::Row; }
    QRect rect() const override { return onScreen(row()); }
    QString text(QAccessible::Text what) const override
    {
        if (what != QAccessible::Name)
            return {};
        QStringList said = row().content().cells;
        said.removeAll(QString());
        return said.join(QStringLiteral(", "));
    }
    QAccessible::State state() const override
    {
        QAccessible::State state = stateOf(row());
        state.selectable = true;
        state.selected = row().content().current;
        return state;
    }
};

class RowsAccessible : public QAccessibleObject {
public:
    explicit RowsAccessible(TableRows *rows)
        : QAccessibleObject(rows)
    {
    }
    const TableRows &rows() const { return *static_cast<TableRows *>(object()); }

    QAccessibleInterface *parent() const override
    {
        for (QQuickItem *above = rows().parentItem(); above; above = above->parentItem()) {
            if (QAccessibleInterface *found = QAccessible::queryAccessibleInterface(above))
                return found;
        }
        return QAccessible::queryAccessibleInterface(rows().window());
    }
    QAccessibleInterface *child(int index) const override
    {
        const std::vector<TableRow *> all = rows().inView();
        return index >= 0 && size_t(index) < all.size()
                   ? QAccessible::queryAccessibleInterface(all[size_t(index)])
                   : nullptr;
    }
    int childCount() const override { return int(rows().inView().size()); }
    int indexOfChild(const QAccessibleInterface *child) const override
    {
        const std::vector<TableRow *> all = rows().inView();
        const auto found = std::find(all.begin(), all.end(), child->object());
        return found == all.end() ? -1 : int(found - all.begin());
    }
    QAccessible::Role role() const override { return QAccessible::Table; }
    QRect rect() const override { return onScreen(rows()); }
    QString text(QAccessible::Text what) const override
    {
        return what == QAccessible::Name ? rows().label() : QString();
    }
    QAccessible::State state() const override { return stateOf(rows()); }
};

QAccessibleInterface *make(const QString &, QObject *object)
{
    if (auto *row = qobject_cast<TableRow *>(object))
        return new RowAccessible(row); // owned by QAccessible's cache
    if (auto *rows = qobject_cast<TableRows *>(object))
        return new RowsAccessible(rows);
    return nullptr;
}

} // namespace

void installTableAccessible()
{
    static const bool once = [] {
        QAccessible::installFactory(make);
        return true;
    }();
    Q_UNUSED(once)
}

} // namespace qd::charts
