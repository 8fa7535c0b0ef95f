// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/demo/demo_connector.h"
#include "console/models/console_session.h"
#include "tests/support/proof.h"

#include <QSignalSpy>

using namespace qd;
using namespace qd::models;
using namespace qd::demo;

namespace {

const QString kHarbour = QStringLiteral("harbour");

/// A window's session over an invented cluster.
struct Desk {
    DemoConnector connector;
    DemoClock clock;
    ConsoleSession session{connector, clock};
    explicit Desk(const QString &kind = QStringLiteral("normal"))
        : connector(kind)
    {
    }
    bool opened()
    {
        session.connectTo(kHarbour);
        return QTest::qWaitFor([this] {
            return session.units()->phase() == LiveTable::Ready &&
                   session.store()->phase() == StoreTree::Ready;
        });
    }
};

} // namespace

class TestConsoleSession : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void openingAClusterFillsTheModels()
    {
        Desk desk;
        QCOMPARE(desk.session.link(), ConsoleSession::Offline);
        QVERIFY(desk.opened());
        QCOMPARE(desk.session.link(), ConsoleSession::Live);
        QCOMPARE(desk.session.nodeName(), QStringLiteral("node-1"));
        QCOMPARE(desk.session.role(), QStringLiteral("admin"));
        QCOMPARE(desk.session.nodes()->count(), 3);
        QCOMPARE(desk.session.nodes()->readyCount(), 3);
        QCOMPARE(desk.session.units()->failedCount(), 1);
        QVERIFY(desk.session.store()->count() > 0);
        desk.session.disconnectFrom();
        QCOMPARE(desk.session.link(), ConsoleSession::Offline);
        QCOMPARE(desk.session.units()->total(), 0);
        QCOMPARE(desk.session.store()->phase(), StoreTree::Idle);
        QVERIFY(desk.session.role().isEmpty());
        QVERIFY(!desk.connector.client());
    }

    void aLostConnectionKeepsWhatWasKnown()
    {
        Desk desk;
        QVERIFY(desk.opened());
        const int units = desk.session.units()->count();
        const int keys = desk.session.store()->count();
        desk.connector.client()->loseConnection(QStringLiteral("The node is gone."));
        QCOMPARE(desk.session.link(), ConsoleSession::Lost);
        QVERIFY(desk.session.trouble().contains(QStringLiteral("The node is gone.")));
        QCOMPARE(desk.session.units()->count(), units);
        QCOMPARE(desk.session.store()->count(), keys);
        QCOMPARE(desk.session.clusterName(), kHarbour);
        // Another node takes over.
        desk.connector.client()->connectAgain(QStringLiteral("node-3"));
        QCOMPARE(desk.session.link(), ConsoleSession::Live);
        QCOMPARE(desk.session.nodeName(), QStringLiteral("node-3"));
        QVERIFY(desk.session.trouble().isEmpty());
    }

    void anActIsDoneOrSaysWhyNot()
    {
        Desk desk;
        QVERIFY(desk.opened());
        QSignalSpy done(&desk.session, &ConsoleSession::done);
        QSignalSpy failed(&desk.session, &ConsoleSession::failed);
        desk.session.units()->setCurrentKey(QStringLiteral("hello.service"));
        desk.session.act(QStringLiteral("stop"), QStringLiteral("hello.service"));
        QTRY_COMPARE(done.size(), 1);
        QTRY_COMPARE(
            desk.session.units()->currentCells().value(UnitsModel::State),
            QStringLiteral("inactive"));
        desk.connector.client()->failNext(
            QStringLiteral("unit.start"),
            Error{code::denied, QStringLiteral("Viewers may not."), {}, nullptr});
        desk.session.act(QStringLiteral("start"), QStringLiteral("hello.service"));
        QTRY_COMPARE(failed.size(), 1);
        QCOMPARE(failed[0][0].toString(), QStringLiteral("Cannot start hello.service"));
        QVERIFY(failed[0][1].toString().contains(QStringLiteral("Viewers may not.")));
        desk.session.act(QStringLiteral("destroy"), QStringLiteral("hello.service"));
        QTRY_COMPARE(done.size(), 2);
        QVERIFY(desk.session.units()->currentKey().isEmpty());
    }

    void whoLeavesWhileTheMembersAreAskedRestartsNobody()
    {
        Desk desk;
        QVERIFY(desk.opened());
        desk.session.restartAllMembers();
        QVERIFY(desk.session.restarting());
        desk.session.disconnectFrom();
        QTRY_VERIFY(!desk.session.restarting());
    }

    void noMemberNamedIsNotEveryMember()
    {
        Desk desk;
        QVERIFY(desk.opened());
        QSignalSpy failed(&desk.session, &ConsoleSession::failed);
        desk.session.restartMembers({});
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(!desk.session.restarting());
        QVERIFY(!desk.connector.client()->calls().contains(QStringLiteral("agent.restart")));
    }

    void pairingShowsTheFingerprintFirst()
    {
        Desk desk;
        desk.session.beginPairing(QStringLiteral("nonsense"), QStringLiteral("127.0.0.11"));
        QCOMPARE(desk.session.pairing(), ConsoleSession::Unpaired);
        QVERIFY(desk.session.pairingTrouble().contains(QStringLiteral("not a join token")));
        desk.session.confirmPairing(QStringLiteral("too early"));
        QCOMPARE(desk.session.profiles().size(), 2);
        desk.session.beginPairing(QStringLiteral(" qd1.a.b \n"), QStringLiteral("127.0.0.11"));
        QCOMPARE(desk.session.pairing(), ConsoleSession::Confirm);
        QVERIFY(desk.session.fingerprint().startsWith(QStringLiteral("3f9a")));
        desk.session.cancelPairing();
        QCOMPARE(desk.session.pairing(), ConsoleSession::Unpaired);
        QVERIFY(desk.session.fingerprint().isEmpty());
        desk.session.beginPairing(QStringLiteral("qd1.a.b"), QStringLiteral("127.0.0.11"));
        desk.session.confirmPairing(QStringLiteral("mine"));
        QCOMPARE(desk.session.profiles().size(), 3);
        QCOMPARE(desk.session.link(), ConsoleSession::Live);
        QCOMPARE(desk.session.profile(), QStringLiteral("mine"));
    }

    void aDraftIsCheckedAtItsLines()
    {
        Desk desk;
        QVERIFY(desk.opened());
        UnitDraft &draft = *desk.session.draft();
        draft.openNew();
        draft.setName(QStringLiteral("ship.service"));
        draft.setText(
            QStringLiteral("[Unit]\nDescription=x\n[Service]\nExecStart=sail\nRestrat=no\n"));
        QTRY_COMPARE(draft.diagnostics().size(), 2);
        QCOMPARE(draft.errorCount(), 1);
        QCOMPARE(draft.diagnostics()[0].toMap()[QStringLiteral("line")].toInt(), 4);
        QCOMPARE(draft.diagnostics()[1].toMap()[QStringLiteral("line")].toInt(), 5);
        // What is typed meanwhile makes the answer about the older text void.
        draft.setText(QStringLiteral("[Service]\nExecStart=/bin/true\n"));
        QTRY_COMPARE(draft.errorCount(), 0);
        QVERIFY(draft.isDirty());
        QSignalSpy done(&desk.session, &ConsoleSession::done);
        draft.submit(true);
        QVERIFY(draft.isBusy());
        QTRY_COMPARE(done.size(), 2); // submitted, then started
        QVERIFY(!draft.isDirty());
        QVERIFY(draft.isExisting());
        QCOMPARE(desk.session.units()->currentKey(), QStringLiteral("ship.service"));
        QVERIFY(
            desk.connector.client()->calls().contains(QStringLiteral("unit.start ship.service")));
    }

    void aDraftUnderAnotherNameReplacesNothing()
    {
        Desk desk;
        QVERIFY(desk.opened());
        UnitDraft &draft = *desk.session.draft();
        draft.openExisting(QStringLiteral("hello.service"));
        QTRY_COMPARE(draft.name(), QStringLiteral("hello.service"));
        QVERIFY(draft.isExisting());
        QVERIFY(!draft.isDirty());
        draft.setName(QStringLiteral("web@1.service"));
        QVERIFY(!draft.isExisting());
    }

    void aDraftIsNotBusyForEver()
    {
        Desk desk(QStringLiteral("loading")); // a cluster that never answers
        desk.session.connectTo(kHarbour);
        UnitDraft &draft = *desk.session.draft();
        draft.openExisting(QStringLiteral("hello.service"));
        QVERIFY(draft.isBusy());
        draft.openNew(); // the user wants something else
        QVERIFY(!draft.isBusy());
        draft.submit(false);
        QVERIFY(draft.isBusy());
        desk.session.disconnectFrom();
        QVERIFY(!draft.isBusy());
    }

    void aScriptRunsAndItsErrorPointsAtItsLine()
    {
        Desk desk;
        QVERIFY(desk.opened());
        ScriptConsole &script = *desk.session.script();
        QVERIFY(script.isReady());
        script.setText(QStringLiteral("one\ntwo\nthree\nthrow new Error('the API is gone')\n"));
        script.run();
        QTRY_COMPARE(script.status(), 1);
        QVERIFY(!script.isRunning());
        QVERIFY(
            script.outputText().contains(QStringLiteral("untitled.js:4: Error: the API is gone")));
        QCOMPARE(script.marks().size(), 1);
        QCOMPARE(script.marks()[0].toMap()[QStringLiteral("line")].toInt(), 4);
        QCOMPARE(script.lineNamedIn(QStringLiteral("untitled.js:2: x")), 2);
        QCOMPARE(script.lineNamedIn(QStringLiteral("untitled.js:99: x")), 0);
        QCOMPARE(script.lineNamedIn(QStringLiteral("other.js:2: x")), 0);
        script.setText(QStringLiteral("while (true) {}"));
        QVERIFY(script.marks().isEmpty());
        script.run();
        QVERIFY(script.isRunning());
        script.run(); // once
        script.stop();
        QCOMPARE(script.status(), 130);
    }

    void aScriptsOutputIsBounded()
    {
        struct Runner : ScriptRunner {
            void start(const QString &, const QString &) override
            {
                for (int i = 0; i < ScriptConsole::kCapacity * 2 + 5; ++i)
                    Q_EMIT output(QString::number(i), Kind::Print);
                Q_EMIT finished(0);
            }
            void stop() override {}
        };
        ScriptConsole script;
        QVERIFY(!script.isReady());
        script.setRunner(std::make_unique<Runner>());
        script.run();
        QCOMPARE(script.count(), ScriptConsole::kCapacity);
        QCOMPARE(script.dropped(), ScriptConsole::kCapacity + 5);
        QVERIFY(script.outputText().endsWith(QStringLiteral("\n20004")));
    }

    void anExampleDoesNotCostTheUsersText()
    {
        ScriptConsole script;
        const QString own = QStringLiteral("print('mine');\n");
        script.setText(own);
        script.openOwn();
        QCOMPARE(script.text(), own);
        script.openExample(QStringLiteral("there-is-none.js"));
        QCOMPARE(script.text(), own);
    }
};

QD_TEST_MAIN(TestConsoleSession)
#include "tst_console_session.moc"
