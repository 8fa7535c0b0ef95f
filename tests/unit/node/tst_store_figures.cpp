// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/store_figures.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::node;
using store::Operation;

class TestStoreFigures : public QObject {
    Q_OBJECT

    static StoreOperation named(const QList<StoreOperation> &all, const char *name)
    {
        for (const StoreOperation &one : all) {
            if (one.name == QLatin1String(name))
                return one;
        }
        return {};
    }

private Q_SLOTS:
    void eachOperationIsARowWithItsRate()
    {
        store::Statistics before;
        for (int i = 0; i < 10; ++i)
            before.count(Operation::Set, true);
        store::Statistics now = before;
        for (int i = 0; i < 6; ++i)
            now.count(Operation::Set, true);
        now.count(Operation::CompareAndSwap, false);
        now.count(Operation::CompareAndSwap, true);
        now.expired = 3;
        const auto rows = operationsOf(now, before, 2);
        QCOMPARE(rows.size(), 8);
        const StoreOperation set{QStringLiteral("set"), 16, 0, 3};
        QCOMPARE(named(rows, "set"), set);
        const StoreOperation swap{QStringLiteral("compareAndSwap"), 1, 1, 1};
        QCOMPARE(named(rows, "compareAndSwap"), swap);
        const StoreOperation expire{QStringLiteral("expire"), 3, 0, 1.5};
        QCOMPARE(named(rows, "expire"), expire);
        QCOMPARE(named(rows, "get").perSecond, 0.0);
    }

    void aCounterThatBeganAnewHasNoRate()
    {
        store::Statistics before;
        before.expired = 100;
        const auto rows = operationsOf(store::Statistics{}, before, 1);
        QCOMPARE(named(rows, "expire").perSecond, 0.0);
        QCOMPARE(named(rows, "expire").success, qint64(0));
    }
};

QD_TEST_MAIN(TestStoreFigures)
#include "tst_store_figures.moc"
