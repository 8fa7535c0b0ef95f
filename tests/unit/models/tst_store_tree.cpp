// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/demo/demo_client.h"
#include "console/models/store_tree.h"
#include "console/models/value_text.h"
#include "model_watch.h"
#include "tests/support/proof.h"

#include <QSignalSpy>

using namespace qd;
using namespace qd::models;
using qd::demo::DemoClient;
using qd::test::ModelWatch;

class TestStoreTree : public QObject {
    Q_OBJECT

    struct Fixture {
        StoreTree tree;
        DemoClient client; // after the tree: an answer must not outlive whom it is for
        ModelWatch watch{tree, StoreTree::KeyRole};
        explicit Fixture(const QString &kind = QStringLiteral("normal"))
            : client(kind)
        {
            tree.setClient(&client);
        }
        ~Fixture() { tree.setClient(nullptr); }
        QStringList keys() const { return watch.truth(); }
        int row(const char *key) const { return int(keys().indexOf(QString::fromLatin1(key))); }
        void open(const char *key)
        {
            tree.setExpanded(row(key), true);
            QVERIFY(QTest::qWaitFor(
                [&] { return !tree.data(tree.index(row(key)), StoreTree::BusyRole).toBool(); },
                60'000));
        }
        bool isReady()
        {
            return QTest::qWaitFor([this] { return tree.phase() == StoreTree::Ready; });
        }
    };

private Q_SLOTS:
    void directoriesLoadWhenTheyAreOpened()
    {
        Fixture f;
        QVERIFY(f.isReady());
        QCOMPARE(
            f.keys(),
            (QStringList{
                QStringLiteral("/config"), QStringLiteral("/locks"), QStringLiteral("/motd"),
                QStringLiteral("/secrets"), QStringLiteral("/services")}));
        const auto reads = f.client.calls().count(QStringLiteral("store.get"));
        QCOMPARE(reads, 1);
        f.open("/config");
        QCOMPARE(f.client.calls().count(QStringLiteral("store.get")), 2);
        QCOMPARE(
            f.keys().mid(0, 3), (QStringList{
                                    QStringLiteral("/config"), QStringLiteral("/config/api"),
                                    QStringLiteral("/config/ingress")}));
        f.open("/config/api");
        QCOMPARE(f.tree.data(f.tree.index(f.row("/config/api/limits")), StoreTree::DepthRole), 2);
        // Closed and opened again, what is below it is as it was, without a call.
        f.tree.setExpanded(f.row("/config"), false);
        QCOMPARE(f.row("/config/api"), -1);
        f.tree.setExpanded(f.row("/config"), true);
        QVERIFY(f.row("/config/api/limits") > 0);
        QCOMPARE(f.client.calls().count(QStringLiteral("store.get")), 3);
        QCOMPARE(f.tree.parentRow(f.row("/config/api/limits")), f.row("/config/api"));
        QCOMPARE(f.watch.rows, f.watch.truth());
    }

    void whatChangesInTheClusterShowsAtOnce()
    {
        Fixture f;
        QVERIFY(f.isReady());
        f.open("/services");
        f.client.setKey(QStringLiteral("/services/mail"), "127.0.0.13:25");
        QVERIFY(f.row("/services/mail") > 0);
        f.client.setKey(QStringLiteral("/new/deep/key"), "1");
        QVERIFY(f.row("/new") >= 0); // the directory that came with it
        QCOMPARE(f.row("/new/deep"), -1);
        f.open("/new");
        QVERIFY(f.row("/new/deep") > 0);
        f.client.setKey(QStringLiteral("/_hidden/x"), "1");
        QCOMPARE(f.row("/_hidden"), -1);
        f.tree.setCurrentKey(QStringLiteral("/services/mail"));
        f.client.setKey(QStringLiteral("/services/mail"), "127.0.0.12:25");
        QCOMPARE(
            f.tree.current().value(QStringLiteral("text")).toString(),
            QStringLiteral("127.0.0.12:25"));
        f.client.removeKey(QStringLiteral("/services"));
        QCOMPARE(f.row("/services"), -1);
        QCOMPARE(f.row("/services/mail"), -1);
        QVERIFY(f.tree.current().isEmpty());
        QCOMPARE(f.watch.rows, f.watch.truth());
    }

    void aLostConnectionKeepsTheTreeAndReadsItAnew()
    {
        Fixture f;
        QVERIFY(f.isReady());
        f.open("/services");
        f.open("/locks");
        f.tree.setExpanded(f.row("/locks"), false);
        const QStringList before = f.keys();
        f.client.loseConnection(QStringLiteral("gone"));
        QVERIFY(!f.tree.isFollowing());
        QCOMPARE(f.keys(), before);
        // Meanwhile, unseen:
        f.client.data().store.remove(QStringLiteral("/services/queue"));
        f.client.data().putKey(QStringLiteral("/services/extra"), "1");
        f.client.data().store.remove(QStringLiteral("/locks/backup"));
        f.client.connectAgain(QStringLiteral("node-3"));
        QTRY_VERIFY(f.row("/services/extra") > 0);
        QTRY_COMPARE(f.row("/services/queue"), -1);
        QVERIFY(f.tree.isFollowing());
        f.tree.setExpanded(f.row("/locks"), true);
        QTRY_COMPARE(f.row("/locks/backup"), -1);
        QCOMPARE(f.watch.rows, f.watch.truth());
    }

    void hiddenKeysAreFoundByName()
    {
        Fixture f;
        QVERIFY(f.isReady());
        QSignalSpy missing(&f.tree, &StoreTree::missing);
        f.tree.goTo(QStringLiteral("_coreos.com/fleet/machines"));
        QTRY_COMPARE(f.tree.currentKey(), QStringLiteral("/_coreos.com/fleet/machines"));
        QVERIFY(f.tree.currentRow() > 0);
        f.tree.goTo(QStringLiteral("/config/api/limits"));
        QTRY_COMPARE(f.tree.currentKey(), QStringLiteral("/config/api/limits"));
        QCOMPARE(missing.size(), 0);
        f.tree.goTo(QStringLiteral("/_nothing/here"));
        QTRY_COMPARE(missing.size(), 1);
        f.tree.goTo(QStringLiteral("/config/nothing"));
        QTRY_COMPARE(missing.size(), 2);
        QCOMPARE(f.row("/_nothing"), -1);
        QCOMPARE(f.watch.rows, f.watch.truth());
    }

    void aFilterShowsWhatMatchesAndTheWayToIt()
    {
        Fixture f;
        QVERIFY(f.isReady());
        f.open("/config");
        f.open("/config/api");
        f.tree.setExpanded(f.row("/config"), false);
        f.tree.setFilter(QStringLiteral("LIMITS"));
        QCOMPARE(
            f.keys(), (QStringList{
                          QStringLiteral("/config"), QStringLiteral("/config/api"),
                          QStringLiteral("/config/api/limits")}));
        f.client.setKey(QStringLiteral("/config/api/limits-2"), "x");
        QTRY_VERIFY(f.row("/config/api/limits-2") > 0);
        f.client.removeKey(QStringLiteral("/config/api/limits"));
        QCOMPARE(f.row("/config/api/limits"), -1);
        f.tree.setFilter({});
        QCOMPARE(f.row("/config/api"), -1);
        QVERIFY(f.row("/motd") > 0);
        QCOMPARE(f.watch.rows, f.watch.truth());
    }

    void aValueIsTextOrJsonOrBytes()
    {
        Fixture f;
        QVERIFY(f.isReady());
        const auto shown = [&f](const char *key) {
            f.tree.goTo(QString::fromLatin1(key));
            (void)QTest::qWaitFor([&] { return f.tree.currentKey() == QLatin1String(key); });
            return f.tree.current();
        };
        const QVariantMap json = shown("/config/api/limits");
        QVERIFY(
            json[QStringLiteral("json")].toString().contains(QStringLiteral("    \"burst\": 40")));
        const QVariantMap text = shown("/motd");
        QVERIFY(text[QStringLiteral("json")].toString().isEmpty());
        QVERIFY(text[QStringLiteral("text")].toString().startsWith(QStringLiteral("Maintenance")));
        QVERIFY(text[QStringLiteral("hex")].toString().startsWith(QStringLiteral("000000  4d 61")));
        const QVariantMap bytes = shown("/secrets/blob");
        QVERIFY(bytes[QStringLiteral("binary")].toBool());
        QVERIFY(bytes[QStringLiteral("hex")].toString().contains(QStringLiteral("fe ff 10")));
        QCOMPARE(shown("/locks/backup")[QStringLiteral("ttl")].toInt(), 54);
        // The cut through a character is not an error of the value.
        const QByteArray umlauts = QStringLiteral("ü").repeated(1000).toUtf8();
        QCOMPARE(previewOf(umlauts).size(), 120);
        QCOMPARE(previewOf("\xff\xfe"), QStringLiteral("2 bytes"));
    }

    void whatCannotBeReadSaysSo()
    {
        Fixture refused(QStringLiteral("failing"));
        QTRY_COMPARE(refused.tree.phase(), StoreTree::Failed);
        QVERIFY(refused.tree.errorText().contains(QStringLiteral("may not read")));
        Fixture f;
        QVERIFY(f.isReady());
        f.client.failNext(
            QStringLiteral("store.get"),
            Error{code::denied, QStringLiteral("Not this folder."), {}, nullptr});
        f.tree.setCurrentKey(QStringLiteral("/locks"));
        f.open("/locks");
        QVERIFY(f.tree.current()[QStringLiteral("error")].toString().contains(
            QStringLiteral("Not this folder.")));
        f.open("/locks"); // and again: now it works
        QVERIFY(f.row("/locks/backup") > 0);
        QVERIFY(f.tree.current()[QStringLiteral("error")].toString().isEmpty());
    }

    void aHundredThousandKeysInOneDirectory()
    {
        Fixture f(QStringLiteral("keys:100000"));
        QVERIFY(f.isReady());
        f.open("/load");
        QTRY_VERIFY_WITH_TIMEOUT(f.tree.known() >= 100'005, 60'000);
        const int load = f.row("/load");
        QCOMPARE(f.tree.keyAt(load + 100'000), QStringLiteral("/load/key-099999"));
        QVERIFY(f.watch.inserts < 30); // a page is one change
        f.tree.setFilter(QStringLiteral("key-0777"));
        QCOMPARE(f.tree.count(), 101);
        f.tree.setFilter({});
        // A reconnect reads all of it again and moves nothing.
        f.watch.inserts = f.watch.removes = f.watch.resets = 0;
        f.client.loseConnection(QStringLiteral("gone"));
        f.client.data().putKey(QStringLiteral("/load/key-050000-more"), "1");
        f.client.connectAgain(QStringLiteral("node-2"));
        QTRY_COMPARE_WITH_TIMEOUT(f.tree.known(), 100'007, 60'000);
        QCOMPARE(f.watch.inserts, 1);
        QCOMPARE(f.watch.removes + f.watch.resets, 0);
        QCOMPARE(f.tree.keyAt(f.row("/load") + 50'002), QStringLiteral("/load/key-050000-more"));
    }
};

QD_TEST_MAIN(TestStoreTree)
#include "tst_store_tree.moc"
