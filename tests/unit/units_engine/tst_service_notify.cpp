// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

/// Services that say themselves how they are: sd_notify, watchdogs, PIDFile= (ch3-systemd.md 5.1).
class TestServiceNotify : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aTimeoutEndsItInTheWayThatIsAskedFor();
    void aServiceIsUpWhenItSaysSo();
    void oneThatNeverSaysSoIsKilled();
    void oneThatEndsBeforeItSaysSoBreaksTheProtocol();
    void onlyTheMainProcessIsHeard();
    void anyProcessIsHeardWhereItMay();
    void theStatusIsShown();
    void aServiceAnnouncesItsReload();
    void aServiceAnnouncesItsEnd();
    void theMainProcessMayChange();
    void aMissedWatchdogAborts();
    void aFedWatchdogIsQuiet();
    void withoutSocketsThereIsNoTypeNotify();
    void aPidFileNamesTheMainProcess();
    void aPidFileMayComeLater();
    void aPidFileThatNeverComesTimesOut();
    void aPidFileOfAnotherUnitIsNotBelieved();
    void nobodyIsLeftToWriteThePidFile();
    void aPostCommandMayWriteThePidFile();
    void aMainProcessWhoseEndNobodyTells();
};

void TestServiceNotify::aTimeoutEndsItInTheWayThatIsAskedFor()
{
    World w;
    w.file(
        "a.service", "Type=notify\nExecStart=/bin/stubborn\nTimeoutStartSec=1\n"
                     "TimeoutStartFailureMode=kill\nTimeoutAbortSec=3\nTimeoutStopSec=2\n");
    w.start("a.service");
    w.advance(1000);
    QCOMPARE(w.result("a.service"), "timeout");
    QVERIFY(w.wasSaid("a.service: start operation timed out. Killing."));
    QCOMPARE(w.unit("a.service").run.main.status, SIGKILL);

    w.file(
        "b.service", "ExecStart=/bin/stubborn\nTimeoutStopSec=2\nTimeoutAbortSec=3\n"
                     "TimeoutStopFailureMode=abort\nWatchdogSignal=SIGUSR1\n");
    w.start("b.service");
    w.stop("b.service");
    w.advance(2000);
    QCOMPARE(w.state("b.service"), "deactivating/stop-watchdog");
    QVERIFY(w.wasSaid("b.service: State 'stop-sigterm' timed out. Aborting."));
    w.advance(2900);
    QCOMPARE(w.state("b.service"), "deactivating/stop-watchdog");
    w.advance(200);
    QCOMPARE(w.state("b.service"), "failed/failed");
}

void TestServiceNotify::aServiceIsUpWhenItSaysSo()
{
    World w;
    w.file("a.service", "Type=notify\nExecStart=/bin/sleep 9\nExecStartPost=/bin/true\n");
    QCOMPARE(w.start("a.service"), "pending");
    QCOMPARE(w.state("a.service"), "activating/start");
    QVERIFY(w.driver.requests.last().mayNotify);
    w.notify("a.service", "STATUS=almost\n");
    QCOMPARE(w.state("a.service"), "activating/start");
    w.notify("a.service", "STATUS=up\nREADY=1\n");
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.runs().last(), "a.service /bin/true");
    QCOMPARE(w.said("a.service"), (QStringList{"Starting a.service...", "Started a.service."}));
}

void TestServiceNotify::oneThatNeverSaysSoIsKilled()
{
    QD_PROVES("U-27");
    World w;
    w.file("a.service", "Type=notify\nExecStart=/bin/sleep 9\nTimeoutStartSec=1\n");
    w.start("a.service");
    w.advance(1000);
    QCOMPARE(w.results.last(), JobResult::Failed);
    QCOMPARE(w.result("a.service"), "timeout");
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "Starting a.service...", "a.service: start operation timed out. Terminating.",
            "a.service: Failed with result 'timeout'.", "Failed to start a.service."}));
}

void TestServiceNotify::oneThatEndsBeforeItSaysSoBreaksTheProtocol()
{
    World w;
    w.file("a.service", "Type=notify\nExecStart=/bin/true\n");
    w.file("b.service", "Type=notify\nExecStart=/bin/false\n");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.result("a.service"), "protocol");
    QCOMPARE(w.start("b.service"), "failed");
    QCOMPARE(w.result("b.service"), "exit-code");
}

void TestServiceNotify::onlyTheMainProcessIsHeard()
{
    World w;
    w.file("a.service", "Type=notify\nExecStart=/bin/parent\n");
    w.start("a.service");
    w.manager.processNotified(w.mainPid("a.service") + 1, "READY=1");
    w.settle();
    QCOMPARE(w.state("a.service"), "activating/start");
    QVERIFY(w.wasSaid("reception only permitted for main PID"));
    w.file("b.service", "ExecStart=/bin/sleep 9\n"); // one that should not speak at all
    w.start("b.service");
    QVERIFY(!w.driver.requests.last().mayNotify);
    w.notify("b.service", "STATUS=lies");
    QCOMPARE(w.unit("b.service").run.statusText, "");
    w.manager.processNotified(7, "READY=1"); // and a stranger
}

void TestServiceNotify::anyProcessIsHeardWhereItMay()
{
    World w;
    w.file("a.service", "Type=notify\nNotifyAccess=all\nExecStart=/bin/parent\n");
    w.start("a.service");
    w.manager.processNotified(w.mainPid("a.service") + 1, "READY=1");
    w.settle();
    QCOMPARE(w.state("a.service"), "active/running");
}

void TestServiceNotify::theStatusIsShown()
{
    World w;
    w.file("a.service", "NotifyAccess=main\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.notify("a.service", "STATUS=3 of 5 done");
    QCOMPARE(w.unit("a.service").run.statusText, "3 of 5 done");
    w.restart("a.service");
    QCOMPARE(w.unit("a.service").run.statusText, "");
}

void TestServiceNotify::aServiceAnnouncesItsReload()
{
    World w;
    w.file("a.service", "Type=notify\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.notify("a.service", "READY=1");
    w.notify("a.service", "RELOADING=1");
    QCOMPARE(w.state("a.service"), "reloading/reload");
    w.notify("a.service", "READY=1");
    QCOMPARE(w.state("a.service"), "active/running");
}

void TestServiceNotify::aServiceAnnouncesItsEnd()
{
    World w;
    w.file("a.service", "Type=notify\nExecStart=/bin/sleep 9\nTimeoutStopSec=1\n");
    w.start("a.service");
    w.notify("a.service", "READY=1");
    w.notify("a.service", "STOPPING=1");
    QCOMPARE(w.state("a.service"), "deactivating/stop-sigterm");
    QVERIFY(!w.driver.log.contains("signal 15 a.service /bin/sleep")); // it knows already
    w.advance(1000);
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(w.result("a.service"), "timeout");
}

void TestServiceNotify::theMainProcessMayChange()
{
    World w;
    w.file("a.service", "Type=notify\nNotifyAccess=all\nExecStart=/bin/parent\n");
    w.start("a.service");
    const qint32 first = w.mainPid("a.service");
    w.notify("a.service", "READY=1\nMAINPID=" + QByteArray::number(first + 1));
    QCOMPARE(w.mainPid("a.service"), first + 1);
    w.notify("a.service", "MAINPID=1"); // not one of its own
    QCOMPARE(w.mainPid("a.service"), first + 1);
    w.driver.end(first, CLD_EXITED, 1);
    w.settle();
    QCOMPARE(w.state("a.service"), "active/running");
    w.exit("a.service", 0);
    QCOMPARE(w.state("a.service"), "gone");
}

void TestServiceNotify::aMissedWatchdogAborts()
{
    QD_PROVES("U-40");
    World w;
    w.file(
        "a.service", "Type=notify\nExecStart=/bin/sleep 9\nWatchdogSec=2\nRestart=on-watchdog\n");
    w.start("a.service");
    QVERIFY(w.driver.requests.last().environment.contains("WATCHDOG_USEC=2000000"));
    w.advance(10'000); // not while it starts
    QCOMPARE(w.state("a.service"), "activating/start");
    w.notify("a.service", "READY=1");
    w.advance(1999);
    QCOMPARE(w.state("a.service"), "active/running");
    w.advance(1);
    QVERIFY(w.driver.log.contains("signal 6 a.service /bin/sleep"));
    QCOMPARE(w.result("a.service"), "watchdog");
    QVERIFY(w.wasSaid("a.service: Watchdog timeout (limit 2s)!"));
    QCOMPARE(w.state("a.service"), "activating/auto-restart");
}

void TestServiceNotify::aFedWatchdogIsQuiet()
{
    World w;
    w.file("a.service", "Type=notify\nExecStart=/bin/sleep 9\nWatchdogSec=2\n");
    w.start("a.service");
    w.notify("a.service", "READY=1");
    for (int i = 0; i < 10; ++i) {
        w.advance(1500);
        w.notify("a.service", "WATCHDOG=1");
    }
    QCOMPARE(w.state("a.service"), "active/running");
    w.stop("a.service");
    QVERIFY(!w.driver.timers.contains("watchdog/a.service"));
}

void TestServiceNotify::withoutSocketsThereIsNoTypeNotify()
{
    World w;
    w.driver.speaks = false;
    w.file("a.service", "Type=notify\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "units.bad_unit_setting");
    QVERIFY(w.wasSaid("Type=notify is not supported by this engine. Refusing."));
}

void TestServiceNotify::aPidFileNamesTheMainProcess()
{
    QD_PROVES("U-28");
    World w;
    w.file("a.service", "Type=forking\nPIDFile=a.pid\nExecStart=/bin/daemon\n");
    w.source.others["/run/a.pid"] = "102\n"; // the child that comes
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.mainPid("a.service"), 102);
    QCOMPARE(w.driver.running.value(102).path, "/bin/background");
    w.exit("a.service", 0);
    QCOMPARE(w.state("a.service"), "gone");
}

void TestServiceNotify::aPidFileMayComeLater()
{
    QD_PROVES("U-28");
    World w;
    w.file("a.service", "Type=forking\nPIDFile=/run/a.pid\nExecStart=/bin/daemon\n");
    QCOMPARE(w.start("a.service"), "pending");
    QVERIFY(w.wasSaid("a.service: Can't open PID file /run/a.pid (yet?) after start"));
    w.advance(3000);
    QCOMPARE(w.state("a.service"), "activating/start");
    w.source.others["/run/a.pid"] = "102";
    w.advance(100);
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.mainPid("a.service"), 102);
}

void TestServiceNotify::aPidFileThatNeverComesTimesOut()
{
    World w;
    w.file(
        "a.service",
        "Type=forking\nPIDFile=/run/a.pid\nExecStart=/bin/daemon\nTimeoutStartSec=2\n");
    w.start("a.service");
    w.advance(2000);
    QCOMPARE(w.results.last(), JobResult::Failed);
    QCOMPARE(w.result("a.service"), "timeout");
    QCOMPARE(w.processCount("a.service"), 0);
}

void TestServiceNotify::aPidFileOfAnotherUnitIsNotBelieved()
{
    World w;
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("b.service");
    w.file(
        "a.service",
        "Type=forking\nPIDFile=/run/a.pid\nExecStart=/bin/daemon\nTimeoutStartSec=2\n");
    w.source.others["/run/a.pid"] = QByteArray::number(w.mainPid("b.service"));
    QCOMPARE(w.start("a.service"), "pending");
    w.advance(2000);
    QCOMPARE(w.result("a.service"), "timeout");
    QCOMPARE(w.processCount("b.service"), 1);
}

void TestServiceNotify::nobodyIsLeftToWriteThePidFile()
{
    World w;
    w.file("a.service", "Type=forking\nPIDFile=/run/a.pid\nExecStart=/bin/true\n");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.result("a.service"), "protocol");
}

void TestServiceNotify::aPostCommandMayWriteThePidFile()
{
    World w;
    w.file(
        "a.service",
        "Type=forking\nPIDFile=/run/a.pid\nExecStart=/bin/daemon\nExecStartPost=/bin/wait\n");
    w.start("a.service");
    QCOMPARE(w.state("a.service"), "activating/start-post");
    w.source.others["/run/a.pid"] = "102";
    w.driver.end(w.unit("a.service").run.controlPid, CLD_EXITED, 0);
    w.settle();
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.mainPid("a.service"), 102);
}

void TestServiceNotify::aMainProcessWhoseEndNobodyTells()
{
    World w;
    w.file("a.service", "Type=forking\nPIDFile=/run/a.pid\nExecStart=/bin/daemon\n");
    w.source.others["/run/a.pid"] = "102";
    w.start("a.service");
    w.driver.silent.insert(102);
    QCOMPARE(w.stop("a.service"), "done"); // its empty group says enough
    QCOMPARE(w.state("a.service"), "gone");
}

QD_TEST_MAIN(TestServiceNotify)
#include "tst_service_notify.moc"
