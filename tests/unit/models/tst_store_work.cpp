// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/demo/demo_client.h"
#include "console/demo/demo_connector.h"
#include "console/models/store_draft.h"
#include "console/models/store_events.h"
#include "console/models/store_transfer.h"
#include "console/models/store_tree.h"
#include "model_watch.h"
#include "tests/support/proof.h"

#include <QSignalSpy>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::models;
using qd::demo::DemoClient;
using qd::test::ModelWatch;

namespace {

const QString kMotd = QStringLiteral("/motd");

QString kindOf(const StoreDraft &draft)
{
    return draft.conflict().value(QStringLiteral("kind")).toString();
}

/// A model, and the client that outlives none of its answers.
template <class Model>
struct With {
    Model model;
    DemoClient client;
    explicit With(const QString &kind = QStringLiteral("normal"))
        : client(kind)
    {
        model.setClient(&client);
    }
    ~With() { model.setClient(nullptr); }
    QByteArray valueOf(const QString &key) { return client.data().store.value(key).value; }
};

} // namespace

class TestStoreWork : public QObject {
    Q_OBJECT

    static void open(With<StoreDraft> &desk, const QString &key)
    {
        desk.model.edit(key);
        QTRY_VERIFY(desk.model.isOpen());
    }
    /// Mine is written, theirs came first, and it was tried to save mine.
    static void clash(With<StoreDraft> &desk)
    {
        open(desk, kMotd);
        desk.model.setText(QStringLiteral("mine"));
        desk.client.setKey(kMotd, "theirs");
        desk.model.save();
        QTRY_COMPARE(kindOf(desk.model), QStringLiteral("changed"));
    }

private Q_SLOTS:
    void whatIsSavedReplacesOnlyWhatWasOpened()
    {
        With<StoreDraft> desk;
        open(desk, kMotd);
        QVERIFY(!desk.model.isDirty());
        desk.model.setText(QStringLiteral("new"));
        QVERIFY(desk.model.isDirty());
        QSignalSpy saved(&desk.model, &StoreDraft::saved);
        desk.model.save();
        QTRY_COMPARE(saved.count(), 1);
        QCOMPARE(desk.valueOf(kMotd), QByteArray("new"));
        QVERIFY(!desk.model.isOpen());
    }

    void aConflictShowsTheirsAndWritesNothing()
    {
        With<StoreDraft> desk;
        clash(desk);
        QCOMPARE(
            desk.model.conflict().value(QStringLiteral("text")).toString(),
            QStringLiteral("theirs"));
        QCOMPARE(desk.model.text(), QStringLiteral("mine"));
        QCOMPARE(desk.valueOf(kMotd), QByteArray("theirs"));
        desk.model.keepEditing();
        QVERIFY(desk.model.conflict().isEmpty());
        desk.model.save(); // nothing was decided: it is the same conflict
        QTRY_COMPARE(kindOf(desk.model), QStringLiteral("changed"));
        QCOMPARE(desk.valueOf(kMotd), QByteArray("theirs"));
    }

    void theirsIsTaken()
    {
        With<StoreDraft> desk;
        clash(desk);
        desk.model.takeTheirs();
        QCOMPARE(desk.model.text(), QStringLiteral("theirs"));
        QVERIFY(!desk.model.isDirty());
        desk.model.setText(QStringLiteral("both"));
        desk.model.save();
        QTRY_COMPARE(desk.valueOf(kMotd), QByteArray("both"));
    }

    void mineOverwritesTheirsButNotAThirdOne()
    {
        With<StoreDraft> desk;
        clash(desk);
        desk.client.setKey(kMotd, "a third one");
        desk.model.overwrite();
        QTRY_COMPARE(
            desk.model.conflict().value(QStringLiteral("text")).toString(),
            QStringLiteral("a third one"));
        QCOMPARE(desk.valueOf(kMotd), QByteArray("a third one"));
        desk.model.overwrite();
        QTRY_COMPARE(desk.valueOf(kMotd), QByteArray("mine"));
        QTRY_VERIFY(!desk.model.isOpen());
    }

    void aKeyThatWasDeletedIsMadeAgain()
    {
        With<StoreDraft> desk;
        open(desk, kMotd);
        desk.model.setText(QStringLiteral("mine"));
        desk.client.removeKey(kMotd);
        desk.model.save();
        QTRY_COMPARE(kindOf(desk.model), QStringLiteral("gone"));
        desk.model.overwrite();
        QTRY_COMPARE(desk.valueOf(kMotd), QByteArray("mine"));
    }

    void aNewKeyReplacesNoOther()
    {
        With<StoreDraft> desk;
        desk.model.create(QStringLiteral("/config"));
        QCOMPARE(desk.model.key(), QStringLiteral("/config/"));
        QVERIFY(desk.model.wrong().contains(QStringLiteral("path")));
        desk.model.setKey(kMotd);
        desk.model.setText(QStringLiteral("mine"));
        desk.model.save();
        QTRY_COMPARE(kindOf(desk.model), QStringLiteral("appeared"));
        QVERIFY(desk.valueOf(kMotd).startsWith("Maintenance"));
        desk.model.keepEditing();
        desk.model.setKey(QStringLiteral("/config/colour"));
        desk.model.setTtl(QStringLiteral("soon"));
        QVERIFY(desk.model.wrong().contains(QStringLiteral("seconds")));
        desk.model.setTtl(QStringLiteral("30"));
        desk.model.save();
        QTRY_COMPARE(desk.valueOf(QStringLiteral("/config/colour")), QByteArray("mine"));
        QCOMPARE(desk.client.data().store.value(QStringLiteral("/config/colour")).ttl, qint64(30));
    }

    void whatIsNoTextIsNotEdited()
    {
        With<StoreDraft> desk;
        QSignalSpy failed(&desk.model, &StoreDraft::failed);
        desk.model.edit(QStringLiteral("/secrets/blob"));
        QTRY_COMPARE(failed.count(), 1);
        QVERIFY(failed.first().at(1).toString().contains(QStringLiteral("no text")));
        desk.model.edit(QStringLiteral("/config"));
        QTRY_COMPARE(failed.count(), 2);
        QVERIFY(!desk.model.isOpen());
        desk.client.failNext(
            QStringLiteral("store.set"),
            Error{code::noLeader, QStringLiteral("no leader"), {}, {}});
        open(desk, kMotd);
        desk.model.setText(QStringLiteral("mine"));
        desk.model.save();
        QTRY_COMPARE(failed.count(), 3);
        QVERIFY(desk.model.isOpen()); // what was written is not lost
        QCOMPARE(desk.model.text(), QStringLiteral("mine"));
    }

    void theHistoryOfAKeyIsNewestFirst()
    {
        With<StoreEvents> desk;
        ModelWatch watch(desk.model, StoreEvents::IndexRole);
        desk.client.setKey(kMotd, "one");
        desk.client.setKey(QStringLiteral("/config/x"), "other");
        desk.client.setKey(kMotd, "two");
        desk.client.removeKey(kMotd);
        desk.model.load(kMotd, false);
        QTRY_COMPARE(desk.model.phase(), StoreEvents::Loaded);
        QCOMPARE(desk.model.count(), 3);
        QCOMPARE(desk.model.at(0).value(QStringLiteral("action")), QStringLiteral("delete"));
        QCOMPARE(desk.model.at(0).value(QStringLiteral("before")), QStringLiteral("two"));
        QCOMPARE(desk.model.at(0).value(QStringLiteral("hasAfter")), false);
        QCOMPARE(desk.model.at(1).value(QStringLiteral("before")), QStringLiteral("one"));
        QCOMPARE(desk.model.at(1).value(QStringLiteral("after")), QStringLiteral("two"));
        QVERIFY(desk.model.from() > 0 && desk.model.to() > desk.model.from());
        QCOMPARE(watch.rows, watch.truth());
        desk.client.setState(session::Client::State::Connected);
        With<StoreEvents> refused(QStringLiteral("failing"));
        refused.model.load(kMotd, false);
        QTRY_COMPARE(refused.model.phase(), StoreEvents::Failed);
        QVERIFY(!refused.model.errorText().isEmpty());
    }

    void aWatchIsPausedClearedAndEnded()
    {
        With<StoreEvents> desk;
        ModelWatch watch(desk.model, StoreEvents::IndexRole);
        desk.model.watch(QStringLiteral("/config"), true);
        QCOMPARE(desk.model.phase(), StoreEvents::Watching);
        desk.client.setKey(QStringLiteral("/config/a"), "1");
        desk.client.setKey(kMotd, "not below it");
        QTRY_COMPARE(desk.model.count(), 1);
        desk.model.setPaused(true);
        desk.client.setKey(QStringLiteral("/config/a"), "2");
        desk.client.setKey(QStringLiteral("/config/b"), "3");
        QCOMPARE(desk.model.waiting(), 2);
        QCOMPARE(desk.model.count(), 1);
        desk.model.setPaused(false);
        QCOMPARE(desk.model.count(), 3);
        QCOMPARE(desk.model.at(0).value(QStringLiteral("key")), QStringLiteral("/config/b"));
        desk.model.clear();
        QCOMPARE(desk.model.count(), 0);
        desk.client.setKey(QStringLiteral("/config/a"), "4");
        QTRY_COMPARE(desk.model.count(), 1);
        desk.client.loseConnection(QStringLiteral("gone"));
        QCOMPARE(desk.model.phase(), StoreEvents::Failed);
        QCOMPARE(desk.model.count(), 1); // what was seen stays
        QCOMPARE(watch.rows, watch.truth());
    }

    void aWatchKeepsTheNewestThousand()
    {
        With<StoreEvents> desk;
        ModelWatch watch(desk.model, StoreEvents::IndexRole);
        desk.model.watch(kMotd, false);
        const int events = int(StoreEvents::kMost) + 50;
        for (int i = 0; i < events; ++i)
            desk.client.setKey(kMotd, QByteArray::number(i));
        QTRY_COMPARE(desk.model.count(), int(StoreEvents::kMost));
        QCOMPARE(desk.model.dropped(), 50);
        desk.client.setKey(kMotd, "last");
        QTRY_COMPARE(desk.model.dropped(), 51);
        QCOMPARE(desk.model.at(0).value(QStringLiteral("after")), QStringLiteral("last"));
        QCOMPARE(watch.rows, watch.truth());
    }

    void aSubtreeGoesIntoAFileAndBack()
    {
        With<StoreTransfer> desk;
        QTemporaryDir dir;
        const QString path = dir.filePath(QStringLiteral("config.json"));
        QSignalSpy done(&desk.model, &StoreTransfer::done);
        desk.model.exportTo(path, QStringLiteral("/config"));
        QTRY_COMPARE(done.count(), 1);
        // Nothing to do where nothing has changed.
        desk.model.plan(path, QString());
        QTRY_VERIFY(desk.model.isPlanned());
        QCOMPARE(desk.model.writes(), 0);
        QCOMPARE(desk.model.target(), QStringLiteral("/config"));
        desk.client.setKey(QStringLiteral("/config/api/log-level"), "debug");
        desk.client.removeKey(QStringLiteral("/config/ingress"));
        desk.model.plan(path, QString());
        QTRY_COMPARE(desk.model.writes(), 3); // the level, the folder and what was in it
        QCOMPARE(desk.model.summary(), QStringLiteral("2 new, 1 changed, 2 the same"));
        QCOMPARE(desk.model.steps().size(), 3);
        QCOMPARE(desk.valueOf(QStringLiteral("/config/api/log-level")), QByteArray("debug"));
        desk.model.apply();
        QTRY_COMPARE(done.count(), 2);
        QCOMPARE(desk.valueOf(QStringLiteral("/config/api/log-level")), QByteArray("info"));
        QVERIFY(desk.client.data().store.contains(QStringLiteral("/config/ingress/hosts")));
    }

    void whatChangesAfterThePlanIsLeftAlone()
    {
        With<StoreTransfer> desk;
        QTemporaryDir dir;
        const QString path = dir.filePath(QStringLiteral("config.json"));
        QSignalSpy done(&desk.model, &StoreTransfer::done);
        desk.model.exportTo(path, QStringLiteral("/config/api"));
        QTRY_COMPARE(done.count(), 1);
        const QString level = QStringLiteral("/config/api/log-level");
        desk.client.setKey(level, "debug");
        desk.client.removeKey(QStringLiteral("/config/api/limits"));
        desk.model.plan(path, QString());
        QTRY_COMPARE(desk.model.writes(), 2);
        desk.client.setKey(level, "a third one");
        desk.model.apply();
        QTRY_VERIFY(desk.model.trouble().contains(level));
        QCOMPARE(desk.valueOf(level), QByteArray("a third one"));
        QVERIFY(desk.client.data().store.contains(QStringLiteral("/config/api/limits")));
    }

    void aFileThatIsNoneIsSaid()
    {
        With<StoreTransfer> desk;
        desk.model.plan(QStringLiteral("/no/such/file"), QString());
        QVERIFY(desk.model.trouble().contains(QStringLiteral("/no/such/file")));
        QSignalSpy failed(&desk.model, &StoreTransfer::failed);
        desk.model.exportTo(QStringLiteral("/no/such/folder/x.json"), QStringLiteral("/config"));
        QTRY_COMPARE(failed.count(), 1);
        QVERIFY(!desk.model.isBusy());
    }

    void aTimeToLiveIsCountedDownAndAskedForAtItsEnd()
    {
        demo::DemoClock clock;
        StoreTree tree;
        DemoClient client(QStringLiteral("normal"));
        tree.setClock(clock);
        tree.setClient(&client);
        QTRY_COMPARE(tree.phase(), StoreTree::Ready);
        client.setKey(QStringLiteral("/lease"), "x", 30);
        tree.setCurrentKey(QStringLiteral("/lease"));
        QCOMPARE(tree.secondsLeft(), qint64(30));
        QSignalSpy ticked(&tree, &StoreTree::ticked);
        clock.advance(12'000);
        tree.tick();
        QCOMPARE(ticked.count(), 1);
        QCOMPARE(tree.secondsLeft(), qint64(18));
        QCOMPARE(tree.data(tree.index(tree.currentRow()), StoreTree::TtlRole).toInt(), 18);
        // Renewed unseen (a refresh is no event): asked for when the time is over.
        client.data().store[QStringLiteral("/lease")].ttl = 25;
        clock.advance(20'000);
        tree.tick();
        QCOMPARE(tree.secondsLeft(), qint64(0));
        QTRY_COMPARE(tree.secondsLeft(), qint64(25));
        tree.setCurrentKey(kMotd);
        QCOMPARE(tree.secondsLeft(), qint64(-1));
        tree.setClient(nullptr);
    }

    void aKeyIsDeletedOnlyAsItIsShown()
    {
        StoreTree tree;
        DemoClient client(QStringLiteral("normal"));
        tree.setClient(&client);
        QTRY_COMPARE(tree.phase(), StoreTree::Ready);
        QSignalSpy failed(&tree, &StoreTree::failed);
        client.data().store[kMotd].modifiedIndex = 99'999; // unseen
        tree.remove(kMotd);
        QTRY_COMPARE(failed.count(), 1);
        QVERIFY(failed.first().at(1).toString().contains(QStringLiteral("changed")));
        QVERIFY(client.data().store.contains(kMotd));
        QSignalSpy done(&tree, &StoreTree::done);
        tree.remove(QStringLiteral("/config")); // a folder with what is in it
        QTRY_COMPARE(done.count(), 1);
        QVERIFY(!client.data().store.contains(QStringLiteral("/config/api/limits")));
        tree.setClient(nullptr);
    }
};

QD_TEST_MAIN(TestStoreWork)
#include "tst_store_work.moc"
