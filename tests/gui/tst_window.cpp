// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/look.h"
#include "desk.h"

#include <QTemporaryDir>

using namespace qd;
using namespace qd::models;
using qd::test::Desk;

/// The window's frame, pairing, nodes and units, driven as a user would.
class TestWindow : public QObject {
    Q_OBJECT

    static bool openUnits(Desk &desk)
    {
        if (!desk.connected())
            return false;
        desk.press(Qt::Key_2, Qt::ControlModifier);
        return QTest::qWaitFor([&] {
            QQuickItem *table = desk.item("unitTable");
            return table && table->hasActiveFocus();
        });
    }
    static bool called(Desk &desk, const char *call)
    {
        return QTest::qWaitFor(
            [&] { return desk.client().calls().contains(QString::fromLatin1(call)); });
    }

private Q_SLOTS:
    void pairingShowsTheFingerprintBeforeAnythingIsSent()
    {
        Desk desk;
        desk.connector.clearProfiles();
        Q_EMIT desk.session().profilesChanged();
        QQuickItem *address = desk.item("pairAddress");
        QVERIFY(address != nullptr);
        address->forceActiveFocus();
        desk.type(QStringLiteral("127.0.0.11"));
        desk.press(Qt::Key_Return); // on to the token
        QTRY_VERIFY(desk.item("pairToken")->hasActiveFocus());
        desk.type(QStringLiteral("nonsense"));
        desk.press(Qt::Key_Return);
        QVERIFY(desk.says(QStringLiteral("This is not a join token")));
        desk.press(Qt::Key_A, Qt::ControlModifier);
        desk.type(QStringLiteral("qd1.secret.fingerprint"));
        desk.press(Qt::Key_Return);
        QTRY_VERIFY(desk.isShown("fingerprint"));
        QVERIFY(desk.textOf("fingerprint").startsWith(QStringLiteral("3f9a 0c71 5be2")));
        QCOMPARE(desk.session().link(), ConsoleSession::Offline);
        QVERIFY(desk.session().profiles().isEmpty()); // not before the user agrees
        desk.item("pairName")->forceActiveFocus();
        desk.type(QStringLiteral("port"));
        desk.click("pairConfirm");
        QTRY_COMPARE(desk.session().link(), ConsoleSession::Live);
        QCOMPARE(desk.session().profile(), QStringLiteral("port"));
    }

    void aProfileIsOpenedByKeyAndLeft()
    {
        Desk desk;
        QTRY_VERIFY(desk.item("profileList") != nullptr);
        desk.item("profileList")->forceActiveFocus();
        desk.press(Qt::Key_Return);
        QTRY_COMPARE(desk.session().link(), ConsoleSession::Live);
        QVERIFY(desk.says(QStringLiteral("as admin")));
        desk.click("disconnect");
        QTRY_COMPARE(desk.session().link(), ConsoleSession::Offline);
        QTRY_VERIFY(desk.isShown("connect"));
    }

    void nodesAreFilteredAndLookedAt()
    {
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_1, Qt::ControlModifier);
        QVERIFY(desk.says(QStringLiteral("3 of 3 ready")));
        desk.press(Qt::Key_Slash);
        QTRY_VERIFY(desk.item("nodeFilter")->hasActiveFocus());
        desk.type(QStringLiteral("hdd"));
        QTRY_COMPARE(desk.session().nodes()->count(), 1);
        desk.press(Qt::Key_Escape);
        QTRY_COMPARE(desk.session().nodes()->count(), 3);
        desk.press(Qt::Key_Down);
        desk.press(Qt::Key_Down);
        QTRY_COMPARE(
            desk.session().nodes()->current().value(QStringLiteral("name")).toString(),
            QStringLiteral("node-2"));
        QTRY_VERIFY(desk.isShown("nodeDetails"));
        Node gone = desk.client().data().nodes[1];
        gone.state = Node::State::Lost;
        desk.client().setNode(gone);
        QVERIFY(desk.says(QStringLiteral("2 of 3 ready")));
    }

    void unitsAreFilteredAndChosenByKey()
    {
        Desk desk;
        QVERIFY(openUnits(desk));
        desk.press(Qt::Key_Slash);
        QTRY_VERIFY(desk.item("unitFilter")->hasActiveFocus());
        desk.type(QStringLiteral("billing"));
        QTRY_COMPARE(desk.session().units()->count(), 1);
        desk.press(Qt::Key_Return);
        QTRY_VERIFY(desk.item("unitTable")->hasActiveFocus());
        desk.press(Qt::Key_Down);
        QTRY_COMPARE(
            desk.session().units()->currentKey(), QStringLiteral("billing-worker.service"));
        QTRY_VERIFY(desk.isShown("unitDetails"));
        QVERIFY(desk.says(QStringLiteral("least loaded of 3"))); // why it is there
        // Its log, at the newest line.
        QVERIFY(desk.says(QStringLiteral("60 lines")));
        QVERIFY(desk.says(QStringLiteral("cannot reach 127.0.0.12:5672: connection refused")));
    }

    void aUnitIsStoppedAndStarted()
    {
        Desk desk;
        QVERIFY(openUnits(desk));
        desk.session().units()->setCurrentKey(QStringLiteral("hello.service"));
        desk.click("unitStop");
        QVERIFY(called(desk, "unit.stop hello.service"));
        QTRY_COMPARE(
            desk.session().units()->currentCells().value(UnitsModel::State),
            QStringLiteral("inactive"));
        desk.click("unitStart");
        QVERIFY(called(desk, "unit.start hello.service"));
        QTRY_COMPARE(
            desk.session().units()->currentCells().value(UnitsModel::State),
            QStringLiteral("active"));
        // What the cluster refuses is said, and stays until it is read.
        desk.client().failNext(
            QStringLiteral("unit.stop"),
            Error{code::denied, QStringLiteral("Viewers may not."), {}, nullptr});
        desk.click("unitStop");
        QVERIFY(desk.says(QStringLiteral("Cannot stop hello.service: Viewers may not.")));
    }

    void destroyingAsksForTheName()
    {
        Desk desk;
        QVERIFY(openUnits(desk));
        desk.session().units()->setCurrentKey(QStringLiteral("dns.service"));
        desk.click("unitDestroy");
        QTRY_VERIFY(desk.isShown("confirmField"));
        QTRY_VERIFY(desk.item("confirmField")->hasActiveFocus());
        desk.type(QStringLiteral("dns"));
        QVERIFY(!desk.item("confirmButton")->isEnabled());
        desk.press(Qt::Key_Return);
        QVERIFY(desk.isShown("confirmField"));
        desk.type(QStringLiteral(".service"));
        QTRY_VERIFY(desk.item("confirmButton")->isEnabled());
        desk.press(Qt::Key_Return);
        QVERIFY(called(desk, "unit.destroy dns.service"));
        QTRY_COMPARE(desk.session().units()->rowOf(QStringLiteral("dns.service")), -1);
    }

    void aUnitIsWrittenMendedAndSubmitted()
    {
        Desk desk;
        QVERIFY(openUnits(desk));
        desk.click("unitNew");
        QTRY_VERIFY(desk.isShown("editorName"));
        QTRY_VERIFY(desk.item("editorName")->hasActiveFocus());
        desk.type(QStringLiteral("ship.service"));
        desk.press(Qt::Key_Return); // on to the text
        QTRY_VERIFY(desk.item("editorText")->hasActiveFocus());
        desk.press(Qt::Key_A, Qt::ControlModifier);
        desk.type(QStringLiteral("[Service]\nExecStart=sail\n"));
        QVERIFY2(
            desk.says(QStringLiteral("Line 2: The command's path is not absolute: sail")),
            qPrintable(desk.accessible()));
        QVERIFY(!desk.item("editorSubmit")->isEnabled());
        desk.press(Qt::Key_A, Qt::ControlModifier);
        desk.type(QStringLiteral("[Service]\nExecStart=/bin/sail\n"));
        QTRY_VERIFY(desk.item("editorSubmitStart")->isEnabled());
        desk.press(Qt::Key_Return, Qt::ControlModifier);
        QVERIFY(called(desk, "unit.submit ship.service"));
        QVERIFY(called(desk, "unit.start ship.service"));
        QTRY_VERIFY(desk.isShown("unitTable"));
        QCOMPARE(desk.session().units()->currentKey(), QStringLiteral("ship.service"));
        QCOMPARE(
            desk.client().data().files.value(QStringLiteral("ship.service")),
            QStringLiteral("[Service]\nExecStart=/bin/sail\n"));
    }

    void aViewerSeesAndChangesNothing()
    {
        Desk desk;
        QVERIFY(desk.connected());
        desk.client().setRole(QStringLiteral("viewer"));
        desk.client().connectAgain(QStringLiteral("node-1"));
        desk.press(Qt::Key_2, Qt::ControlModifier);
        desk.session().units()->setCurrentKey(QStringLiteral("hello.service"));
        QTRY_VERIFY(desk.item("unitDestroy") && !desk.item("unitDestroy")->isEnabled());
        QVERIFY(!desk.item("unitNew")->isEnabled());
        QVERIFY(desk.says(QStringLiteral("as viewer")));
    }

    void theThemeChangesByKeyAndByButton()
    {
        Desk desk;
        QVERIFY(desk.connected());
        const auto ground = [&desk] { return desk.window()->grabWindow().pixelColor(600, 780); };
        const QColor dark = ground();
        QVERIFY(dark.lightness() < 60);
        desk.press(Qt::Key_T, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY(ground().lightness() > 200);
        desk.click("themeToggle");
        QTRY_COMPARE(ground(), dark);
    }

    void theThemeIsRemembered()
    {
        const QTemporaryDir folder;
        {
            Desk desk;
            window::Look look(folder.path());
            QVERIFY(look.dark());
            look.follow(desk.window());
            desk.press(Qt::Key_T, Qt::ControlModifier | Qt::ShiftModifier);
            QTRY_VERIFY(!look.dark());
        }
        QVERIFY(!window::Look(folder.path()).dark());
    }

    void thePaletteGoesAnywhere()
    {
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_K, Qt::ControlModifier);
        QTRY_VERIFY(desk.isShown("paletteField"));
        QTRY_VERIFY(desk.item("paletteField")->hasActiveFocus());
        desk.type(QStringLiteral("go to raft"));
        desk.press(Qt::Key_Return);
        QTRY_VERIFY(desk.isShown("raft"));
        QTRY_VERIFY(!desk.isShown("paletteField"));
    }

    void aLostConnectionGreysTheViewAndKeepsIt()
    {
        Desk desk;
        QVERIFY(openUnits(desk));
        const int rows = desk.session().units()->count();
        desk.client().loseConnection(QStringLiteral("The node does not answer."));
        QVERIFY(
            desk.says(QStringLiteral("The connection is lost. What you see is what was known.")));
        QVERIFY(desk.says(QStringLiteral("The node does not answer.")));
        QCOMPARE(desk.session().units()->count(), rows);
        desk.session().units()->setCurrentKey(QStringLiteral("hello.service"));
        QTRY_VERIFY(desk.item("unitStop") && !desk.item("unitStop")->isEnabled());
        desk.client().connectAgain(QStringLiteral("node-3"));
        QVERIFY(desk.says(QStringLiteral("on node-3")));
        QTRY_VERIFY(desk.item("unitStop")->isEnabled());
    }
};

QD_GUI_TEST_MAIN(TestWindow)
#include "tst_window.moc"
