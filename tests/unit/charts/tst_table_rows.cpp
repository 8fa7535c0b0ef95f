// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/charts/table_row.h"
#include "console/charts/table_rows.h"

#include <QAbstractListModel>
#include <QAccessible>
#include <QQuickWindow>
#include <QTest>

using namespace qd::charts;

namespace {

/// Rows called "row N".
class Numbers : public QAbstractListModel {
public:
    enum Role { Cells = Qt::UserRole, Tone };

    explicit Numbers(int count)
    {
        for (int i = 0; i < count; ++i)
            names.append(QStringLiteral("row %1").arg(i));
    }
    int rowCount(const QModelIndex & = {}) const override { return int(names.size()); }
    QVariant data(const QModelIndex &index, int role) const override
    {
        return role == Cells ? QVariant(QStringList{names.at(index.row()), QString()})
                             : QVariant(index.row() % 5);
    }
    QHash<int, QByteArray> roleNames() const override { return {{Cells, "cells"}, {Tone, "tone"}}; }
    void rename(int row, const QString &name)
    {
        names[row] = name;
        Q_EMIT dataChanged(index(row), index(row));
    }
    void keepFirst(int count)
    {
        beginRemoveRows({}, count, rowCount() - 1);
        names.resize(count);
        endRemoveRows();
    }

    QStringList names;
};

/// A window of ten rows' height over `count` rows.
struct Pane {
    explicit Pane(int count)
        : numbers(count)
    {
        window.resize(400, 300);
        rows.setParentItem(window.contentItem());
        rows.setSize({400, 300});
        rows.setModel(&numbers);
        rows.setProperty("label", QStringLiteral("Numbers"));
        window.show();
    }
    QStringList shown()
    {
        QStringList out;
        for (const TableRow *row : rows.inView())
            out.append(row->content().cells.value(0));
        return out;
    }
    void scrollTo(double offset) { rows.setProperty("offset", offset); }

    Numbers numbers;
    QQuickWindow window;
    TableRows rows;
};

QStringList named(int from, int to)
{
    QStringList out;
    for (int i = from; i <= to; ++i)
        out.append(QStringLiteral("row %1").arg(i));
    return out;
}

} // namespace

class TestTableRows : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void onlyWhatIsInViewIsShown()
    {
        Pane pane(100000);
        QTRY_COMPARE(pane.shown(), named(0, 10));
        pane.scrollTo(30 * 50000 + 15);
        QTRY_COMPARE(pane.shown(), named(50000, 50010));
        QCOMPARE(pane.rows.inView().front()->y(), -15.0);
        QCOMPARE(pane.rows.rowAt(0), 50000);
        QCOMPARE(pane.rows.rowAt(20), 50001);
    }

    void theEndHasNoRowsBehindIt()
    {
        Pane pane(4);
        QTRY_COMPARE(pane.shown(), named(0, 3));
        QCOMPARE(pane.rows.rowAt(119), 3);
        QCOMPARE(pane.rows.rowAt(121), -1);
        QCOMPARE(pane.rows.rowAt(-1), -1);
    }

    void aRowKeepsItsPictureWhileItIsInView()
    {
        Pane pane(100);
        QTRY_COMPARE(pane.shown(), named(0, 10));
        const TableRow *third = pane.rows.inView().at(3);
        pane.scrollTo(60);
        QTRY_COMPARE(pane.shown(), named(2, 12));
        QCOMPARE(pane.rows.inView().at(1), third);
        QCOMPARE(third->content().cells.value(0), QStringLiteral("row 3"));
    }

    void whatTheModelSaysIsSeen()
    {
        Pane pane(100);
        QTRY_COMPARE(pane.shown(), named(0, 10));
        pane.numbers.rename(2, QStringLiteral("another"));
        QTRY_COMPARE(pane.shown().at(2), QStringLiteral("another"));
        pane.numbers.keepFirst(2);
        QTRY_COMPARE(pane.shown(), named(0, 1));
    }

    void aHigherWindowShowsMore()
    {
        Pane pane(100);
        QTRY_COMPARE(pane.shown(), named(0, 10));
        pane.rows.setHeight(600);
        QTRY_COMPARE(pane.shown(), named(0, 20));
    }

    void aScreenReaderHearsTheRowsInView()
    {
        Pane pane(100);
        pane.rows.setProperty("currentRow", 51);
        pane.scrollTo(30 * 50);
        QTRY_COMPARE(pane.shown(), named(50, 60));
        QAccessibleInterface *table = QAccessible::queryAccessibleInterface(&pane.rows);
        QVERIFY(table);
        QCOMPARE(table->role(), QAccessible::Table);
        QCOMPARE(table->text(QAccessible::Name), QStringLiteral("Numbers"));
        QCOMPARE(table->childCount(), 11);
        QAccessibleInterface *row = table->child(1);
        QCOMPARE(row->role(), QAccessible::Row);
        QCOMPARE(row->text(QAccessible::Name), QStringLiteral("row 51"));
        QVERIFY(row->state().selected);
        QVERIFY(!table->child(2)->state().selected);
        QCOMPARE(row->rect().top(), pane.window.mapToGlobal(QPoint(0, 30)).y());
        QCOMPARE(row->parent(), table);
        QCOMPARE(table->indexOfChild(row), 1);
    }
};

QTEST_MAIN(TestTableRows)
#include "tst_table_rows.moc"
