// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

/// Restart=, start limits, time-outs and how processes are killed (ch3-systemd.md 5.1, 5.5).
class TestServiceRestart : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theRestartMatrix_data();
    void theRestartMatrix();
    void timeoutsCountAsAbnormal();
    void aRestartWaitsRestartSec();
    void aStopBetweenRestartsIsFinal();
    void aStopNeverRestarts();
    void aStartBetweenRestartsWaitsForTheRestart();
    void preventAndForceBeatTheRule();
    void fiveStartsInTenSecondsAreTheLimit();
    void theLimitIsTheUnitsOwn();
    void theLimitForgetsWithTime();
    void aLimitOfZeroIsNoLimit();
    void theCounterLivesUntilTheNextManualStart();
    void aStartThatTakesTooLongIsKilled();
    void eachCommandHasItsOwnTime();
    void startTimeoutZeroIsNone();
    void aStubbornServiceIsKilled();
    void withoutSigkillItIsLeftAlone();
    void aStopCommandThatHangsIsTerminated();
    void aStopPostCommandThatHangsIsTerminated();
    void notEvenSigkillHelps();
    void killModes_data();
    void killModes();
    void mixedKillsTheRestOnceTheMainIsGone();
    void theKillSignalIsTheUnitsOwn();
    void runtimeMaxEndsAService();
    void aReloadDoesNotProlongTheRuntime();
    void killSendsToWhomItIsTold();
};

void TestServiceRestart::theRestartMatrix_data()
{
    QTest::addColumn<QByteArray>("policy");
    QTest::addColumn<QString>("expected"); // exit 0, exit 1, TERM, KILL
    QTest::newRow("no") << QByteArray("no") << "----";
    QTest::newRow("on-success") << QByteArray("on-success") << "R-R-";
    QTest::newRow("on-failure") << QByteArray("on-failure") << "-R-R";
    QTest::newRow("on-abnormal") << QByteArray("on-abnormal") << "---R";
    QTest::newRow("on-abort") << QByteArray("on-abort") << "---R";
    QTest::newRow("on-watchdog") << QByteArray("on-watchdog") << "----";
    QTest::newRow("always") << QByteArray("always") << "RRRR";
}

void TestServiceRestart::theRestartMatrix()
{
    QD_PROVES("S69", "U-30", "U-31");
    QFETCH(QByteArray, policy);
    QFETCH(QString, expected);
    QString seen;
    for (const char *program : {"/bin/true", "/bin/false", "/bin/die 15", "/bin/die 9"}) {
        World w;
        w.file("a.service", QByteArray("ExecStart=") + program + "\nRestart=" + policy + "\n");
        w.start("a.service");
        seen += w.state("a.service") == u"activating/auto-restart" ? u'R' : u'-';
    }
    QCOMPARE(seen, expected);
}

void TestServiceRestart::timeoutsCountAsAbnormal()
{
    QD_PROVES("U-31");
    for (const char *policy : {"on-abnormal", "on-abort"}) {
        World w;
        w.file(
            "a.service", QByteArray("ExecStartPre=/bin/wait\nExecStart=/bin/sleep 9\n"
                                    "TimeoutStartSec=1\nRestart=") +
                             policy + "\n");
        w.start("a.service");
        w.advance(1000);
        QCOMPARE(w.result("a.service"), "timeout");
        QCOMPARE(
            w.state("a.service"),
            QByteArray(policy) == "on-abnormal" ? "activating/auto-restart" : "failed/failed");
    }
}

void TestServiceRestart::aRestartWaitsRestartSec()
{
    QD_PROVES("S70", "U-34");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nRestart=always\nRestartSec=5\n");
    w.start("a.service");
    w.exit("a.service", 1);
    QCOMPARE(w.state("a.service"), "activating/auto-restart");
    w.advance(4999);
    QCOMPARE(w.runs().size(), 1);
    w.advance(1);
    QCOMPARE(w.runs().size(), 2);
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.unit("a.service").run.restarts, 1u);
    QCOMPARE(
        w.said("a.service").mid(1),
        (QStringList{
            "a.service: Main process exited, code=exited, status=1/FAILURE",
            "a.service: Failed with result 'exit-code'.",
            "a.service: Scheduled restart job, restart counter is at 1.", "Stopped a.service.",
            "Started a.service."}));
}

void TestServiceRestart::aStopBetweenRestartsIsFinal()
{
    QD_PROVES("U-34");
    World w;
    w.file("a.service", "ExecStart=/bin/false\nRestart=on-failure\nRestartSec=5\n");
    w.start("a.service");
    QCOMPARE(w.stop("a.service"), "done");
    w.advance(60'000);
    QCOMPARE(w.state("a.service"), "gone");
    QCOMPARE(w.runs().size(), 1);
}

void TestServiceRestart::aStopNeverRestarts()
{
    QD_PROVES("U-35");
    World w;
    w.file("a.service", "ExecStart=/bin/stubborn\nRestart=always\nTimeoutStopSec=1\n");
    w.start("a.service");
    w.stop("a.service");
    w.advance(60'000);
    QCOMPARE(w.state("a.service"), "failed/failed"); // it had to be killed
    QCOMPARE(w.runs().size(), 1);
}

void TestServiceRestart::aStartBetweenRestartsWaitsForTheRestart()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nRestart=always\nRestartSec=5\n");
    w.start("a.service");
    w.exit("a.service", 1);
    QCOMPARE(w.start("a.service"), "pending");
    QCOMPARE(w.state("a.service"), "activating/auto-restart");
    w.advance(5000);
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.state("a.service"), "active/running");
}

void TestServiceRestart::preventAndForceBeatTheRule()
{
    QD_PROVES("U-32");
    World w;
    w.file("a.service", "ExecStart=/bin/exit 7\nRestart=always\nRestartPreventExitStatus=7\n");
    w.file("b.service", "ExecStart=/bin/exit 7\nRestart=no\nRestartForceExitStatus=7 SIGUSR1\n");
    w.file("c.service", "ExecStart=/bin/die 10\nRestart=no\nRestartForceExitStatus=7 SIGUSR1\n");
    w.file(
        "d.service", "ExecStart=/bin/exit 7\nRestart=always\nRestartPreventExitStatus=7\n"
                     "RestartForceExitStatus=7\n");
    for (const char *name : {"a.service", "b.service", "c.service", "d.service"})
        w.start(name);
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.state("b.service"), "activating/auto-restart");
    QCOMPARE(w.state("c.service"), "activating/auto-restart");
    QCOMPARE(w.state("d.service"), "failed/failed");
}

void TestServiceRestart::fiveStartsInTenSecondsAreTheLimit()
{
    QD_PROVES("U-33");
    World w;
    w.file("a.service", "ExecStart=/bin/false\nRestart=always\n");
    w.start("a.service");
    w.advance(60'000);
    QCOMPARE(w.runs().size(), 5);
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.unit("a.service").run.restarts, 5u);
    QCOMPARE(
        w.said("a.service").mid(w.said("a.service").size() - 5),
        (QStringList{
            "a.service: Scheduled restart job, restart counter is at 5.", "Stopped a.service.",
            "a.service: Start request repeated too quickly.",
            "a.service: Failed with result 'exit-code'.", "Failed to start a.service."}));
}

void TestServiceRestart::theLimitIsTheUnitsOwn()
{
    QD_PROVES("U-33");
    World w;
    w.file(
        "a.service",
        "[Unit]\nStartLimitBurst=3\nStartLimitIntervalSec=1h\n[Service]\nExecStart=/bin/sleep 9\n");
    w.manager.load("a.service");
    w.start("a.service");
    w.manager.ref("a.service"); // so that its history is kept between the starts
    for (int i = 0; i < 2; ++i) {
        w.stop("a.service");
        QCOMPARE(w.start("a.service"), "done");
    }
    w.stop("a.service");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.result("a.service"), "start-limit-hit");
    QCOMPARE(w.start("a.service"), "failed");
    QVERIFY(w.manager.resetFailed("a.service").has_value());
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.runs().size(), 4);
}

void TestServiceRestart::theLimitForgetsWithTime()
{
    World w;
    w.file("a.service", "ExecStart=/bin/false\nRestart=always\nRestartSec=3\n");
    w.start("a.service");
    w.advance(60'000);
    QCOMPARE(w.runs().size(), 21); // never more than 4 in 10 seconds
    QCOMPARE(w.state("a.service"), "activating/auto-restart");
}

void TestServiceRestart::aLimitOfZeroIsNoLimit()
{
    World w;
    w.file(
        "a.service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/false\n"
                     "Restart=always\n");
    w.start("a.service");
    w.advance(10'000);
    QVERIFY(w.runs().size() > 90);
}

void TestServiceRestart::theCounterLivesUntilTheNextManualStart()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nRestart=on-failure\n");
    w.start("a.service");
    for (int i = 0; i < 3; ++i) {
        w.exit("a.service", 1);
        w.advance(20'000);
    }
    QCOMPARE(w.unit("a.service").run.restarts, 3u);
    w.manager.ref("a.service");
    w.exit("a.service", 0);
    QCOMPARE(w.state("a.service"), "inactive/dead");
    QCOMPARE(w.unit("a.service").run.restarts, 3u); // it can be looked at
    w.start("a.service");
    QCOMPARE(w.unit("a.service").run.restarts, 0u);
}

void TestServiceRestart::aStartThatTakesTooLongIsKilled()
{
    QD_PROVES("S67");
    World w;
    w.file(
        "a.service", "ExecStartPre=/bin/wait\nExecStart=/bin/sleep 9\nTimeoutStartSec=500ms\n"
                     "ExecStopPost=/bin/true x\n");
    QCOMPARE(w.start("a.service"), "pending");
    w.advance(499);
    QCOMPARE(w.state("a.service"), "activating/start-pre");
    w.advance(1);
    QCOMPARE(w.results.last(), JobResult::Failed);
    QCOMPARE(w.result("a.service"), "timeout");
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "Starting a.service...", "a.service: start-pre operation timed out. Terminating.",
            "a.service: Control process exited, code=killed, status=15/TERM",
            "a.service: Failed with result 'timeout'.", "Failed to start a.service."}));
}

void TestServiceRestart::eachCommandHasItsOwnTime()
{
    World w;
    w.file(
        "a.service", "ExecStartPre=/bin/wait 1\nExecStartPre=/bin/wait 2\nExecStart=/bin/sleep 9\n"
                     "TimeoutStartSec=2\n");
    w.start("a.service");
    w.advance(1500);
    w.exit("a.service");
    w.advance(1500); // 3 s in all
    w.exit("a.service");
    QCOMPARE(w.state("a.service"), "active/running");
}

void TestServiceRestart::startTimeoutZeroIsNone()
{
    QD_PROVES("S18");
    World w;
    w.file("a.service", "ExecStartPre=/bin/wait\nExecStart=/bin/sleep 9\nTimeoutStartSec=0\n");
    w.start("a.service");
    w.advance(1'000'000'000);
    QCOMPARE(w.state("a.service"), "activating/start-pre");
    w.file("b.service", "ExecStartPre=/bin/wait\nExecStart=/bin/sleep 9\n");
    w.start("b.service");
    w.advance(89'999);
    QCOMPARE(w.state("b.service"), "activating/start-pre");
    w.advance(1); // 90 s when nothing is said
    QCOMPARE(w.result("b.service"), "timeout");
}

void TestServiceRestart::aStubbornServiceIsKilled()
{
    QD_PROVES("S68", "U-38");
    World w;
    w.file(
        "a.service", "[Unit]\nDescription=Stubborn\n[Service]\nExecStart=/bin/stubborn\n"
                     "TimeoutStopSec=2\n");
    w.start("a.service");
    const QString pid = QString::number(w.mainPid("a.service"));
    QCOMPARE(w.stop("a.service"), "pending");
    QCOMPARE(w.state("a.service"), "deactivating/stop-sigterm");
    w.advance(2000);
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.result("a.service"), "timeout");
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(
        w.said("a.service").mid(1),
        (QStringList{
            "Stopping a.service - Stubborn...",
            "a.service: State 'stop-sigterm' timed out. Killing.",
            "a.service: Killing process " + pid + " (n/a) with signal SIGKILL.",
            "a.service: Main process exited, code=killed, status=9/KILL",
            "a.service: Failed with result 'timeout'.", "Stopped a.service - Stubborn."}));
}

void TestServiceRestart::withoutSigkillItIsLeftAlone()
{
    World w;
    w.file("a.service", "ExecStart=/bin/stubborn\nTimeoutStopSec=2\nSendSIGKILL=no\n");
    w.start("a.service");
    w.stop("a.service");
    w.advance(4000);
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.processCount("a.service"), 1);
    QVERIFY(!w.driver.log.join(u'\n').contains("signal 9"));
    QVERIFY(w.wasSaid("remains running after unit stopped."));
}

void TestServiceRestart::aStopCommandThatHangsIsTerminated()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecStop=/bin/wait\nTimeoutStopSec=1\n");
    w.start("a.service");
    w.stop("a.service");
    w.advance(1000);
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.result("a.service"), "timeout");
    QVERIFY(w.wasSaid("a.service: Stopping timed out. Terminating."));
    QCOMPARE(w.processCount("a.service"), 0);
}

void TestServiceRestart::aStopPostCommandThatHangsIsTerminated()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecStopPost=/bin/wait\nTimeoutStopSec=1\n");
    w.start("a.service");
    w.stop("a.service");
    QCOMPARE(w.state("a.service"), "deactivating/stop-post");
    w.advance(1000);
    QCOMPARE(w.results.last(), JobResult::Done);
    QVERIFY(w.wasSaid("a.service: State 'stop-post' timed out. Terminating."));
    QCOMPARE(w.processCount("a.service"), 0);
}

void TestServiceRestart::notEvenSigkillHelps()
{
    World w; // a process in uninterruptible sleep
    w.file("a.service", "ExecStart=/bin/undead\nTimeoutStopSec=1\n");
    w.start("a.service");
    w.stop("a.service");
    w.advance(10'000);
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.state("a.service"), "failed/failed");
    QVERIFY(w.wasSaid("Processes still around after SIGKILL. Ignoring."));
    QVERIFY(w.wasSaid("Processes still around after final SIGKILL. Entering failed mode."));
}

void TestServiceRestart::killModes_data()
{
    QTest::addColumn<QByteArray>("mode");
    QTest::addColumn<int>("left"); // of a main process and a child
    QTest::newRow("control-group") << QByteArray("control-group") << 0;
    QTest::newRow("mixed") << QByteArray("mixed") << 0;
    QTest::newRow("process") << QByteArray("process") << 1;
    QTest::newRow("none") << QByteArray("none") << 2;
}

void TestServiceRestart::killModes()
{
    QD_PROVES("U-38");
    QFETCH(QByteArray, mode);
    QFETCH(int, left);
    World w;
    w.file("a.service", "ExecStart=/bin/parent\nKillMode=" + mode + "\n");
    w.start("a.service");
    QCOMPARE(w.processCount("a.service"), 2);
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(w.processCount("a.service"), left);
    QCOMPARE(w.unit("a.service").run.mainPid, 0);
    QCOMPARE(w.state("a.service"), left > 0 ? "inactive/dead" : "gone");
    QCOMPARE(w.wasSaid("remains running after unit stopped."), left > 0);
}

void TestServiceRestart::mixedKillsTheRestOnceTheMainIsGone()
{
    QD_PROVES("U-38");
    World w;
    w.file("a.service", "ExecStart=/bin/parent\nKillMode=mixed\n");
    w.start("a.service");
    w.stop("a.service");
    QCOMPARE(
        w.driver.log.mid(1, 2),
        (QStringList{"signal 15 a.service /bin/parent", "signal 9 a.service /bin/background"}));
    QCOMPARE(w.result("a.service"), "success");
}

void TestServiceRestart::theKillSignalIsTheUnitsOwn()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nKillSignal=SIGINT\nSendSIGHUP=yes\n");
    w.start("a.service");
    w.stop("a.service");
    QCOMPARE(w.driver.log[1], "signal 2 a.service /bin/sleep");
    w.file("b.service", "ExecStart=/bin/stubborn\nFinalKillSignal=SIGQUIT\nTimeoutStopSec=1\n");
    w.start("b.service");
    w.stop("b.service");
    w.advance(1000);
    QVERIFY(w.driver.log.contains("signal 3 b.service /bin/stubborn"));
}

void TestServiceRestart::runtimeMaxEndsAService()
{
    QD_PROVES("U-41");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nRuntimeMaxSec=3\n");
    w.start("a.service");
    w.advance(3000);
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.result("a.service"), "timeout");
    QVERIFY(w.wasSaid("a.service: Service reached runtime time limit. Stopping."));
}

void TestServiceRestart::aReloadDoesNotProlongTheRuntime()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecReload=/bin/true\nRuntimeMaxSec=3\n");
    w.start("a.service");
    w.advance(2000);
    QCOMPARE(w.reload("a.service"), "done");
    w.advance(1000);
    QCOMPARE(w.state("a.service"), "failed/failed");
}

void TestServiceRestart::killSendsToWhomItIsTold()
{
    QD_PROVES("S46");
    World w;
    w.file("a.service", "ExecStart=/bin/parent\nExecStop=/bin/true\n");
    w.start("a.service");
    QVERIFY(w.manager.kill("a.service", Manager::Whom::Main, 0).has_value());
    QCOMPARE(w.driver.log.last(), "signal 0 a.service /bin/parent");
    QCOMPARE(
        w.manager.kill("a.service", Manager::Whom::Control, 15).error().message,
        "No control process to kill");
    QVERIFY(w.manager.kill("a.service", Manager::Whom::All, SIGKILL).has_value());
    w.settle();
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(w.result("a.service"), "signal");
    QVERIFY(!w.runs().contains("a.service /bin/true"));                       // no stop commands
    QVERIFY(w.manager.kill("a.service", Manager::Whom::All, 15).has_value()); // nobody there
    QCOMPARE(
        w.manager.kill("x.service", Manager::Whom::All, 15).error().message,
        "Unit x.service not loaded.");
}

QD_TEST_MAIN(TestServiceRestart)
#include "tst_service_restart.moc"
