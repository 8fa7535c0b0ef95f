// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/store_file.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::session;
using State = ImportStep::State;

namespace {

QString s(const char *text)
{
    return QString::fromUtf8(text);
}

StoreEntry key(const char *name, const QByteArray &value, qint64 ttl = 0, qint64 index = 5)
{
    return {s(name), value, false, index, index, {}, ttl};
}

StoreEntry folder(const char *name)
{
    return {s(name), {}, true, 4, 4, {}, 0};
}

StoreAnswer answer(const StoreEntry &entry, const QList<StoreEntry> &children)
{
    StoreAnswer out;
    out.entry = entry;
    out.children = children;
    out.index = 41;
    return out;
}

} // namespace

class TestStoreFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsExportedReadsBackAsItWas()
    {
        const QByteArray bytes("\x00\xff\x10", 3);
        const StoreFile file = storeFileOf(answer(
            folder("/app"), {folder("/app/d"), key("/app/d/x", "1", 30), key("/app/logo", bytes),
                             key("/app/名", "値")}));
        const auto read = storeFileFrom(toText(file));
        QVERIFY(read.has_value());
        QCOMPARE(read->key, s("/app"));
        QCOMPARE(read->index, qint64(41));
        QCOMPARE(read->entries.size(), 4);
        QCOMPARE(read->entries.at(0).key, s("d"));
        QVERIFY(read->entries.at(0).dir);
        QCOMPARE(read->entries.at(1).key, s("d/x"));
        QCOMPARE(read->entries.at(1).ttl, qint64(30));
        QCOMPARE(read->entries.at(2).value, bytes);
        QCOMPARE(read->entries.at(3).value, QByteArray("値"));
        const auto one = storeFileFrom(toText(storeFileOf(answer(key("/motd", "hi"), {}))));
        QVERIFY(one.has_value());
        QCOMPARE(planImport(*one, s("/other"), {}).first().wanted.key, s("/other"));
    }

    void aPlanSaysWhatIsNewChangedTheSameAndInTheWay()
    {
        StoreFile file;
        file.entries = {key("a", "1"), key("b", "2"),   key("c", "3"),
                        folder("d"),   key("d/e", "4"), key("k/below", "5")};
        const auto plan = planImport(
            file, s("/to/"),
            {folder("/to"), key("/to/b", "2"), key("/to/c", "old", 0, 17), key("/to/d", "a key"),
             key("/to/k", "a key"), key("/to/only-here", "stays")});
        QStringList seen;
        for (const ImportStep &step : plan)
            seen.append(step.wanted.key + u' ' + stateText(step.state));
        QCOMPARE(
            seen, (QStringList{
                      s("/to/a new"), s("/to/b same"), s("/to/c changed"), s("/to/d blocked"),
                      s("/to/d/e blocked"), s("/to/k/below blocked")}));
        QCOMPARE(plan.at(3).why, s("a key is there"));
        const ImportCount count = countOf(plan);
        QCOMPARE(count.writes(), 2);
        QCOMPARE(count.blocked, 3);
        // Nobody's change is lost: each write holds only for what the plan has seen.
        QCOMPARE(writeOf(plan.at(0)).prevExist, std::optional(false));
        QCOMPARE(writeOf(plan.at(2)).prevIndex, std::optional(qint64(17)));
    }

    void toTheRootAndATimeToLive()
    {
        StoreFile file;
        file.entries = {key("lock", "x", 30)};
        const auto plan = planImport(file, s("/"), {key("/lock", "x")});
        QCOMPARE(plan.first().wanted.key, s("/lock"));
        QCOMPARE(plan.first().state, State::Changed); // it does not expire yet
        QCOMPARE(writeOf(plan.first()).ttl, std::optional(qint64(30)));
    }

    void whatIsNoExportIsRefusedWithTheReason_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("why");
        const QByteArray head = R"({"format":"quarterdeck-store","version":1,"entries":[)";
        QTest::newRow("text") << QByteArray("hello") << s("at byte");
        QTest::newRow("other") << QByteArray("{}") << s("\"format\" is not");
        QTest::newRow("later") << QByteArray(R"({"format":"quarterdeck-store","version":2})")
                               << s("\"version\" is not 1");
        QTest::newRow("no key") << QByteArray(head + R"({"value":"x"}]})")
                                << s("entry 1 has no key");
        QTest::newRow("no value") << QByteArray(head + R"({"key":"x"}]})")
                                  << s("entry 1 has no value");
        QTest::newRow("elsewhere")
            << QByteArray(head + R"({"key":"a/../../b","value":""}]})") << s("leads elsewhere");
        QTest::newRow("number") << QByteArray(head + R"({"key":"a","value":5}]})")
                                << s("entry 1 has no value");
    }
    void whatIsNoExportIsRefusedWithTheReason()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, why);
        const auto read = storeFileFrom(text);
        QVERIFY(!read.has_value());
        QVERIFY2(read.error().text().contains(why), qPrintable(read.error().text()));
    }
};

QD_TEST_MAIN(TestStoreFile)
#include "tst_store_file.moc"
