// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/demo/demo_data.h"
#include "console/models/cluster_models.h"
#include "model_watch.h"
#include "shared/base/random.h"
#include "shared/codec/codec.h"
#include "tests/support/proof.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <ctime>

using namespace qd;
using namespace qd::models;
using qd::test::ModelWatch;

namespace {

/// A collection that says what the test wants.
class Source : public session::Subscription {
public:
    void set(const QList<Unit> &units) { Q_EMIT reset(encoded(units)); }
    void change(const QList<Unit> &units, const QStringList &removed = {})
    {
        Q_EMIT changed(encoded(units), removed);
    }
    void refuse()
    {
        Q_EMIT failed(Error{code::denied, QStringLiteral("Not for you."), {}, nullptr});
    }

private:
    static QList<QCborMap> encoded(const QList<Unit> &units)
    {
        QList<QCborMap> out;
        for (const Unit &unit : units)
            out.append(codec::toCbor(unit));
        return out;
    }
};

Unit unitOf(const QString &name, const QString &active = QStringLiteral("active"))
{
    Unit unit;
    unit.name = name;
    unit.activeState = active;
    unit.subState = QStringLiteral("running");
    unit.desired = Unit::Target::Launched;
    return unit;
}

QList<Unit> many(int count)
{
    return demo::DemoData::make(QString::number(count)).units;
}

qint64 cpuMs()
{
    return std::clock() * 1000 / CLOCKS_PER_SEC;
}

QString nameAt(int i)
{
    return QStringLiteral("u%1.service").arg(i, 3, 10, QLatin1Char('0'));
}

} // namespace

class TestLiveTable : public QObject {
    Q_OBJECT

    struct Table {
        UnitsModel model;
        Source *source = nullptr;
        explicit Table(const QList<Unit> &units)
        {
            auto made = std::make_unique<Source>();
            source = made.get();
            model.attach(std::move(made));
            source->set(units);
        }
        QStringList keys() const
        {
            QStringList out;
            for (int row = 0; row < model.count(); ++row)
                out.append(model.keyAt(row));
            return out;
        }
    };

private Q_SLOTS:
    void phasesFollowTheCollection()
    {
        UnitsModel model;
        QCOMPARE(model.phase(), LiveTable::Idle);
        auto made = std::make_unique<Source>();
        Source *source = made.get();
        model.attach(std::move(made));
        QCOMPARE(model.phase(), LiveTable::Loading);
        source->set({});
        QCOMPARE(model.phase(), LiveTable::Ready);
        QCOMPARE(model.count(), 0);
        source->refuse();
        QCOMPARE(model.phase(), LiveTable::Failed);
        QVERIFY(model.errorText().contains(QStringLiteral("Not for you.")));
        model.attach(nullptr);
        QCOMPARE(model.phase(), LiveTable::Idle);
    }

    void aFilterWantsEveryWordAndForgetsCase()
    {
        Table table(
            {unitOf(QStringLiteral("Web-Front.service")),
             unitOf(QStringLiteral("web-back.service"), QStringLiteral("failed")),
             unitOf(QStringLiteral("Ärger.service"))});
        table.model.setFilter(QStringLiteral("WEB"));
        QCOMPARE(table.model.count(), 2);
        QCOMPARE(table.model.total(), 3);
        table.model.setFilter(QStringLiteral("web failed"));
        QCOMPARE(table.keys(), QStringList{QStringLiteral("web-back.service")});
        table.model.setFilter(QStringLiteral("ÄRGER"));
        QCOMPARE(table.model.count(), 1);
        table.model.setFilter(QStringLiteral("nothing like it"));
        QCOMPARE(table.model.count(), 0);
        table.model.setFilter({});
        QCOMPARE(table.model.count(), 3);
    }

    void sortingIsByTheColumnThenByTheKey()
    {
        Table table(
            {unitOf(QStringLiteral("c.service"), QStringLiteral("active")),
             unitOf(QStringLiteral("a.service"), QStringLiteral("failed")),
             unitOf(QStringLiteral("b.service"), QStringLiteral("active"))});
        const auto names = [](const char *text) {
            QStringList out;
            for (const char *c = text; *c; ++c)
                out.append(QLatin1Char(*c) + QStringLiteral(".service"));
            return out;
        };
        QCOMPARE(table.keys(), names("abc"));
        table.model.sortBy(UnitsModel::State, false);
        QCOMPARE(table.keys(), names("bca"));
        table.model.sortBy(UnitsModel::State, true);
        QCOMPARE(table.keys(), names("abc"));
        // A row whose sorted field changes moves to its place.
        table.source->change({unitOf(QStringLiteral("c.service"), QStringLiteral("inactive"))});
        table.model.flush();
        QCOMPARE(table.keys(), names("cab"));
    }

    void theCurrentRowIsAKey()
    {
        Table table({unitOf(nameAt(1)), unitOf(nameAt(2)), unitOf(nameAt(3))});
        table.model.setCurrentKey(nameAt(2));
        QCOMPARE(table.model.currentRow(), 1);
        QSignalSpy moved(&table.model, &LiveTable::currentChanged);
        table.source->change({unitOf(nameAt(0))});
        table.model.flush();
        QCOMPARE(table.model.currentRow(), 2);
        QCOMPARE(moved.size(), 1);
        // Hidden by the filter it is still what the details show.
        table.model.setFilter(QStringLiteral("u003"));
        QCOMPARE(table.model.currentRow(), -1);
        QCOMPARE(table.model.current().value(QStringLiteral("name")).toString(), nameAt(2));
        table.source->change({unitOf(nameAt(2), QStringLiteral("failed"))});
        table.model.flush();
        QCOMPARE(table.model.currentCells().value(UnitsModel::State), QStringLiteral("failed"));
        QCOMPARE(table.model.currentTone(), int(Tone::Bad));
        table.source->change({}, {nameAt(2)});
        table.model.flush();
        QVERIFY(table.model.current().isEmpty());
        table.source->change({unitOf(nameAt(2))});
        table.model.flush();
        QVERIFY(!table.model.current().isEmpty());
    }

    void whatHappensWithinAFrameIsOneChange()
    {
        Table table({unitOf(nameAt(1)), unitOf(nameAt(2)), unitOf(nameAt(3))});
        ModelWatch watch(table.model, LiveTable::CellsRole);
        for (int i = 0; i < 1000; ++i)
            table.source->change({unitOf(
                nameAt(1 + i % 3), i % 2 ? QStringLiteral("failed") : QStringLiteral("active"))});
        QCOMPARE(watch.signalsSeen(), 0);
        QTRY_COMPARE(watch.changes, 1); // by the frame's own timer
        QCOMPARE(watch.rows, watch.truth());
        QCOMPARE(watch.resets + watch.inserts + watch.removes, 0);
    }

    void aRowThatGoesAndComesInOneFrameIsThereOnce()
    {
        Table table({unitOf(nameAt(1)), unitOf(nameAt(2))});
        ModelWatch watch(table.model, LiveTable::KeyRole);
        table.source->change({unitOf(nameAt(7))});
        table.source->change({}, {nameAt(7)});
        table.source->change({unitOf(nameAt(7))});
        table.source->change({}, {nameAt(1)});
        table.source->change({unitOf(nameAt(1), QStringLiteral("failed"))});
        table.model.flush();
        QCOMPARE(table.keys(), (QStringList{nameAt(1), nameAt(2), nameAt(7)}));
        QCOMPARE(watch.rows, watch.truth());
        QCOMPARE(table.model.total(), 3);
    }

    void aRowThatTheFilterHidesIsCounted()
    {
        Table table({unitOf(nameAt(1))});
        table.model.setFilter(QStringLiteral("u001"));
        QSignalSpy counted(&table.model, &LiveTable::countChanged);
        table.source->change({unitOf(nameAt(2))});
        table.model.flush();
        QCOMPARE(table.model.total(), 2);
        QCOMPARE(table.model.count(), 1);
        QCOMPARE(counted.size(), 1);
        QCOMPARE(table.model.cellAt(0, UnitsModel::Name), nameAt(1));
    }

    void anyMixOfChangesKeepsViewAndOrder_data()
    {
        QTest::addColumn<int>("seed");
        for (int seed = 1; seed <= 6; ++seed)
            QTest::addRow("seed %d", seed) << seed;
    }
    void anyMixOfChangesKeepsViewAndOrder()
    {
        QFETCH(int, seed);
        SeededRandom random{quint64(seed)};
        const auto dice = [&random](int below) { return int(random.below(quint64(below))); };
        Table table({});
        table.model.sortBy(seed % 2 ? UnitsModel::State : UnitsModel::Name, seed % 3 == 0);
        ModelWatch watch(table.model, LiveTable::CellsRole);
        const QStringList states{
            QStringLiteral("active"), QStringLiteral("failed"), QStringLiteral("inactive")};
        QMap<QString, Unit> truth;
        for (int round = 0; round < 120; ++round) {
            if (round % 40 == 13)
                table.model.setFilter(round % 80 == 13 ? QStringLiteral("active") : QString());
            if (round % 50 == 49)
                table.model.sortBy(dice(3), dice(2) == 1);
            for (int i = dice(round % 7 == 0 ? 200 : 6); i >= 0; --i) {
                const QString name = nameAt(dice(300));
                if (dice(3) == 0) {
                    truth.remove(name);
                    table.source->change({}, {name});
                } else {
                    truth[name] = unitOf(name, states[dice(3)]);
                    table.source->change({truth[name]});
                }
            }
            table.model.flush();
            QCOMPARE(watch.rows, watch.truth());
            QCOMPARE(table.model.total(), int(truth.size()));
        }
        // Sorted anew, nothing moves: the order was right all along.
        const QStringList before = watch.truth();
        const int column = table.model.sortColumn();
        const bool descending = table.model.sortDescending();
        table.model.sortBy(column, !descending);
        table.model.sortBy(column, descending);
        QCOMPARE(watch.truth(), before);
        for (int row = 0; row < table.model.count(); ++row)
            QCOMPARE(table.model.rowOf(table.model.keyAt(row)), row);
    }

    void searchTextsDoNotGrowForEver()
    {
        SearchTexts texts;
        for (int round = 0; round < 50; ++round) {
            for (size_t row = 0; row < 1000; ++row)
                texts.set(row, QByteArray(100 + (round * 7 + int(row)) % 50, char('a' + row % 26)));
        }
        QVERIFY(texts.bytes() < 400'000);
        for (size_t row = 0; row < 1000; ++row) {
            QCOMPARE(texts.at(row).size(), 100 + (49 * 7 + int(row)) % 50);
            QCOMPARE(texts.at(row).front(), char('a' + row % 26));
            QCOMPARE(texts.at(row).back(), char('a' + row % 26));
        }
        texts.set(3, {});
        QVERIFY(texts.at(3).isEmpty());
    }

    void aHundredThousandRows()
    {
        const QList<Unit> units = many(100'000);
        Table table(units);
        QCOMPARE(table.model.count(), 100'000);
        // CPU time, since others share the machine; an optimised build takes a third of it.
        const auto took = [](auto act) {
            const qint64 from = cpuMs();
            act();
            return cpuMs() - from;
        };
        const qint64 oneKey = took([&] { table.model.setFilter(QStringLiteral("7")); });
        QVERIFY(table.model.count() > 30'000);
        const qint64 moreKeys = took([&] { table.model.setFilter(QStringLiteral("77")); });
        const qint64 cleared = took([&] { table.model.setFilter({}); });
        QCOMPARE(table.model.count(), 100'000);
        qInfo() << "filter" << oneKey << moreKeys << "cleared" << cleared << "ms";
        QVERIFY2(
            qMax(oneKey, qMax(moreKeys, cleared)) <= 50,
            "a key of the filter is slower than 50 ms");

        // A tenth of them changes at once: a frame's work, and the view is told of it in few words.
        {
            ModelWatch watch(table.model, LiveTable::KeyRole);
            QList<Unit> changed;
            for (int i = 0; i < units.size(); i += 10) {
                changed.append(units[i]);
                changed.last().subState = QStringLiteral("exited");
            }
            table.source->change(changed);
            table.model.flush();
            QCOMPARE(watch.resets, 0);
            QVERIFY(watch.changes <= 10'000);
        }
        // And when rows come and go by the hundred, the filter still has its order at once.
        table.source->change({}, {units[5].name, units[6].name});
        table.model.flush();
        const qint64 settled = took([&] { table.model.setFilter(QStringLiteral("load-0001")); });
        QVERIFY2(settled <= 50, qPrintable(QString::number(settled)));
        QCOMPARE(table.model.count(), 100);
    }
};

QD_TEST_MAIN(TestLiveTable)
#include "tst_live_table.moc"
