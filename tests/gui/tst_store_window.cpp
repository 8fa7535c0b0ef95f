// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.h"

#include <QTemporaryDir>

using namespace qd;
using namespace qd::models;
using qd::test::Desk;

namespace {

const QString kMotd = QStringLiteral("/motd");

/// The Store with a key chosen, and the keyboard in its tree.
struct StoreDesk : Desk {
    explicit StoreDesk(
        const QString &kind = QStringLiteral("normal"), const QSize &size = {1280, 800})
        : Desk(kind, size)
    {
    }
    bool at(const QString &key)
    {
        if (!connected())
            return false;
        press(Qt::Key_4, Qt::ControlModifier);
        session().store()->goTo(key);
        return QTest::qWaitFor([&] {
            return session().store()->currentKey() == key && item("storeTree")->hasActiveFocus();
        });
    }
    QByteArray valueOf(const QString &key) { return client().data().store.value(key).value; }
    StoreDraft &draft() { return *session().storeDraft(); }
    bool hasFocus(const char *name)
    {
        return QTest::qWaitFor([&] { return item(name) && item(name)->hasActiveFocus(); });
    }
    /// Mine is typed and saved, theirs came first.
    bool clash()
    {
        press(Qt::Key_E);
        if (!hasFocus("draftText"))
            return false;
        press(Qt::Key_A, Qt::ControlModifier);
        type(QStringLiteral("mine"));
        client().setKey(kMotd, "theirs");
        press(Qt::Key_S, Qt::ControlModifier);
        return QTest::qWaitFor([&] { return isShown("conflictView"); });
    }
};

} // namespace

/// The Store is written, looked back at, and watched: by the keyboard alone.
class TestStoreWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aValueIsEditedAndSaved()
    {
        StoreDesk desk;
        QVERIFY(desk.at(kMotd));
        desk.press(Qt::Key_E);
        QVERIFY(desk.hasFocus("draftText"));
        QVERIFY(desk.textOf("draftText").startsWith(QStringLiteral("Maintenance")));
        QVERIFY(!desk.item("draftSave")->isEnabled()); // nothing to save yet
        desk.press(Qt::Key_A, Qt::ControlModifier);
        desk.type(QStringLiteral("calm sea"));
        desk.press(Qt::Key_S, Qt::ControlModifier);
        QTRY_COMPARE(desk.valueOf(kMotd), QByteArray("calm sea"));
        QVERIFY(desk.says(QStringLiteral("/motd is saved")));
        QVERIFY(desk.hasFocus("storeTree"));
        QTRY_COMPARE(desk.textOf("value"), QStringLiteral("calm sea"));
    }

    void aConflictShowsBothAndCancelLosesNothing()
    {
        StoreDesk desk;
        QVERIFY(desk.at(kMotd));
        QVERIFY(desk.clash());
        QVERIFY(desk.says(QStringLiteral("The key was changed while you wrote.")));
        QCOMPARE(desk.item("mineValue")->property("text"), QStringLiteral("mine"));
        QCOMPARE(desk.item("theirsValue")->property("text"), QStringLiteral("theirs"));
        QVERIFY(desk.hasFocus("conflictKeep")); // the harmless one
        desk.press(Qt::Key_Escape);
        QVERIFY(desk.hasFocus("draftText"));
        QCOMPARE(desk.textOf("draftText"), QStringLiteral("mine"));
        QVERIFY(desk.says(QStringLiteral("saving will show both values")));
        QCOMPARE(desk.valueOf(kMotd), QByteArray("theirs"));
    }

    void theirsIsTakenOrMineWrittenOverIt()
    {
        StoreDesk desk;
        QVERIFY(desk.at(kMotd));
        QVERIFY(desk.clash());
        desk.click("conflictTakeTheirs");
        QVERIFY(desk.hasFocus("draftText"));
        QCOMPARE(desk.textOf("draftText"), QStringLiteral("theirs"));
        desk.press(Qt::Key_Escape); // nothing of mine is there any more: no question
        QVERIFY(desk.hasFocus("storeTree"));
        desk.client().setKey(kMotd, "before");
        QVERIFY(desk.clash());
        desk.click("conflictOverwrite");
        QTRY_COMPARE(desk.valueOf(kMotd), QByteArray("mine"));
        QVERIFY(desk.hasFocus("storeTree"));
    }

    void whatWasWrittenIsDiscardedOnlyWhenAsked()
    {
        StoreDesk desk;
        QVERIFY(desk.at(kMotd));
        desk.press(Qt::Key_E);
        QVERIFY(desk.hasFocus("draftText"));
        desk.type(QStringLiteral("x"));
        desk.press(Qt::Key_Escape);
        QVERIFY(desk.says(QStringLiteral("Discard what you have written?")));
        desk.press(Qt::Key_Escape);
        QVERIFY(desk.hasFocus("draftText"));
        desk.press(Qt::Key_Escape);
        desk.click("askButton");
        QTRY_VERIFY(!desk.draft().isOpen());
        QVERIFY(desk.valueOf(kMotd).startsWith("Maintenance"));
    }

    void aKeyIsMadeInTheFolderThatIsChosen()
    {
        StoreDesk desk;
        QVERIFY(desk.at(QStringLiteral("/locks")));
        desk.press(Qt::Key_N);
        QVERIFY(desk.hasFocus("draftKey"));
        QCOMPARE(desk.textOf("draftKey"), QStringLiteral("/locks/"));
        desk.type(QStringLiteral("deploy"));
        desk.press(Qt::Key_Return);
        QVERIFY(desk.hasFocus("draftText"));
        desk.type(QStringLiteral("node-1"));
        desk.item("draftTtl")->forceActiveFocus();
        desk.type(QStringLiteral("90"));
        desk.press(Qt::Key_S, Qt::ControlModifier);
        QTRY_COMPARE(desk.valueOf(QStringLiteral("/locks/deploy")), QByteArray("node-1"));
        QTRY_COMPARE(desk.session().store()->currentKey(), QStringLiteral("/locks/deploy"));
        // Its time runs, and is to be seen.
        QVERIFY(desk.says(QStringLiteral("in 1 min 30 s")));
        desk.connector.clock().advance(31'000);
        desk.session().store()->tick();
        QVERIFY(desk.says(QStringLiteral("in 59 s")));
        QVERIFY(desk.says(QStringLiteral("deploy, node-1, expires in 59 s")));
    }

    void aKeyGoesAfterAQuestionAndAFolderAfterItsName()
    {
        StoreDesk desk;
        QVERIFY(desk.at(kMotd));
        desk.press(Qt::Key_Delete);
        QVERIFY(desk.says(QStringLiteral("Delete this key?")));
        desk.press(Qt::Key_Escape);
        QVERIFY(desk.client().data().store.contains(kMotd));
        QVERIFY(desk.hasFocus("storeTree"));
        desk.press(Qt::Key_Delete);
        desk.click("askButton");
        QTRY_VERIFY(!desk.client().data().store.contains(kMotd));
        QVERIFY(desk.says(QStringLiteral("/motd is deleted")));
        desk.session().store()->setCurrentKey(QStringLiteral("/locks"));
        desk.item("storeTree")->forceActiveFocus();
        desk.press(Qt::Key_Delete);
        QVERIFY(desk.hasFocus("confirmField"));
        desk.press(Qt::Key_Return); // not without the name
        QVERIFY(desk.client().data().store.contains(QStringLiteral("/locks")));
        desk.type(QStringLiteral("/locks"));
        desk.press(Qt::Key_Return);
        QTRY_VERIFY(!desk.client().data().store.contains(QStringLiteral("/locks")));
    }

    void aViewerWritesNothing()
    {
        StoreDesk desk;
        QVERIFY(desk.at(kMotd));
        desk.client().setRole(QStringLiteral("viewer"));
        desk.client().setState(session::Client::State::Connected);
        desk.press(Qt::Key_E);
        desk.press(Qt::Key_N);
        desk.press(Qt::Key_Delete);
        QVERIFY(!desk.isShown("askButton"));
        QVERIFY(!desk.draft().isOpen());
        QVERIFY(!desk.item("editValue")->isEnabled());
        QVERIFY(!desk.item("newKey")->isEnabled());
        QVERIFY(!desk.item("deleteKey")->isEnabled());
    }

    void theHistoryOfAKeyIsRead()
    {
        StoreDesk desk;
        QVERIFY(desk.at(kMotd));
        desk.client().setKey(kMotd, "one");
        desk.client().setKey(kMotd, "two");
        desk.press(Qt::Key_H);
        QVERIFY(desk.says(QStringLiteral("set, /motd, one → two")));
        QVERIFY(desk.textOf("historyNote").startsWith(QStringLiteral("The store knows of index")));
        QTRY_COMPARE(desk.item("newValue")->property("text"), QStringLiteral("two"));
        QCOMPARE(desk.item("oldValue")->property("text"), QStringLiteral("one"));
        desk.item("eventRows")->forceActiveFocus();
        desk.press(Qt::Key_Down);
        QTRY_COMPARE(desk.item("newValue")->property("text"), QStringLiteral("one"));
        // What happens meanwhile belongs to it.
        desk.client().setKey(kMotd, "three");
        QVERIFY(desk.says(QStringLiteral("set, /motd, two → three")));
    }

    void aWatchIsPausedAndClearedByKeys()
    {
        StoreDesk desk;
        QVERIFY(desk.at(QStringLiteral("/services")));
        desk.press(Qt::Key_W);
        QVERIFY(desk.says(QStringLiteral("Nothing has changed yet")));
        desk.client().setKey(QStringLiteral("/services/mail"), "127.0.0.13:25");
        QVERIFY(desk.says(QStringLiteral("set, /services/mail, 127.0.0.13:25")));
        QTRY_COMPARE(desk.textOf("watchState"), QStringLiteral("1 event"));
        desk.press(Qt::Key_P);
        desk.client().removeKey(QStringLiteral("/services/mail"));
        QTRY_COMPARE(desk.textOf("watchState"), QStringLiteral("Paused, 1 waiting"));
        QVERIFY(!desk.accessible().contains(QStringLiteral("delete, /services/mail")));
        desk.press(Qt::Key_P);
        QVERIFY(desk.says(QStringLiteral("delete, /services/mail, 127.0.0.13:25")));
        desk.click("watchClear");
        QTRY_COMPARE(desk.textOf("watchState"), QStringLiteral("0 events"));
        desk.click("watchStop");
        QTRY_COMPARE(desk.textOf("watchState"), QStringLiteral("The watch has ended."));
    }

    void aSubtreeIsExportedAndImportedWithAPlan()
    {
        StoreDesk desk;
        QTemporaryDir dir;
        const QString path = dir.filePath(QStringLiteral("x.json"));
        QVERIFY(desk.at(QStringLiteral("/services")));
        desk.press(Qt::Key_X);
        QVERIFY(desk.hasFocus("transferPath"));
        QCOMPARE(desk.textOf("transferPath"), QStringLiteral("~/services.json"));
        desk.item("transferPath")->setProperty("text", path);
        desk.press(Qt::Key_Return);
        QVERIFY(desk.says(QStringLiteral("2 entries of /services are in ")));
        desk.client().setKey(QStringLiteral("/services/queue"), "changed");
        desk.client().removeKey(QStringLiteral("/services/postgres"));
        QVERIFY(desk.hasFocus("storeTree"));
        desk.press(Qt::Key_I);
        QVERIFY(desk.hasFocus("transferPath"));
        desk.item("transferPath")->setProperty("text", path);
        desk.press(Qt::Key_Return); // compares, and writes nothing
        QTRY_COMPARE(
            desk.textOf("transferSummary"),
            QStringLiteral("1 new, 1 changed, 0 the same below /services"));
        QVERIFY(desk.says(QStringLiteral("list item: /services/queue, changed")));
        QCOMPARE(desk.valueOf(QStringLiteral("/services/queue")), QByteArray("changed"));
        QCOMPARE(desk.textOf("transferAct"), QStringLiteral("Write 2 keys"));
        desk.click("transferAct");
        QTRY_COMPARE(
            desk.valueOf(QStringLiteral("/services/queue")), QByteArray("127.0.0.12:5672"));
        QVERIFY(desk.says(QStringLiteral("2 keys are written")));
        desk.item("transferPath")->setProperty("text", QStringLiteral("/no/such.json"));
        desk.item("transferPath")->forceActiveFocus();
        desk.press(Qt::Key_Return);
        QTRY_VERIFY(desk.textOf("transferTrouble").contains(QStringLiteral("/no/such.json")));
    }
};

QD_GUI_TEST_MAIN(TestStoreWindow)
#include "tst_store_window.moc"
