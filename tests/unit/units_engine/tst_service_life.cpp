// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

/// Stories of single services: how they start, run, reload and stop (ch3-systemd.md 5.1, 5.2). The
/// sentences and states are those that systemd 252 shows for the same files.
class TestServiceLife : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aServiceHasFoldersOfItsOwn();
    void aSimpleServiceIsUpAtOnce();
    void commandsRunInTheirOrder();
    void theStatesOfAStartAndAStop();
    void aOneshotIsNeverActive();
    void aOneshotThatRemainsIsActiveWhenItsProgramHasEnded();
    void severalCommandsOfAOneshotEndAtTheFirstFailure();
    void aMissingProgramFailsTheServiceNotTheStart();
    void typeExecTellsOfAMissingProgram();
    void typeExecIsUpOnceTheProgramRuns();
    void aFailingPreCommandSkipsAllButStopPost();
    void aFailingPostCommandStopsTheService();
    void aDashIgnoresTheFailure();
    void aServiceThatEndsWellRunsItsStopCommands();
    void aServiceThatFailsRunsStopPostAlone();
    void stopCommandsAreToldHowItEnded();
    void stopCommandsKnowTheMainProcess();
    void aFailingStopCommandFailsTheService();
    void stoppingAStartKillsIt();
    void aReloadRunsItsCommand();
    void aFailingReloadLeavesTheServiceRunning();
    void whatCannotBeReloadedSaysSo();
    void everyStartHasItsOwnInvocation();
    void anExecConditionSkipsTheStart();
    void aBrokenExecConditionFailsTheStart();
    void anEnvironmentFileThatIsMissingFailsTheStart();
    void environmentFilesWinOverEnvironment();
    void noProcessAtAllIsAFailureOfResources();
    void aDaemonThatForksIsFollowed();
    void cleanSignalsAreNoFailure();
    void successExitStatusAddsToWhatIsClean();
    void aServiceWithoutStartCommand();
};

void TestServiceLife::aServiceHasFoldersOfItsOwn()
{
    World w;
    w.file(
        "a.service", "RuntimeDirectory=a a/below ../out /abs\nStateDirectory=a\n"
                     "RuntimeDirectoryMode=0750\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    const SpawnRequest &request = w.driver.requests.first();
    QCOMPARE(request.exec.folders[0].names, (QStringList{"a", "a/below"}));
    QCOMPARE(request.exec.folders[0].mode, 0750U);
    QVERIFY(request.environment.contains("RUNTIME_DIRECTORY=/run/a:/run/a/below"));
    QVERIFY(request.environment.contains("STATE_DIRECTORY=/var/lib/a"));
    w.stop("a.service");
    QCOMPARE(w.driver.log.filter("remove"), (QStringList{"remove /run/a", "remove /run/a/below"}));

    w.file(
        "b.service", "RuntimeDirectory=b\nRuntimeDirectoryPreserve=restart\nRestart=always\n"
                     "ExecStart=/bin/sleep 9\n");
    w.driver.log.clear();
    w.start("b.service");
    w.exit("b.service", 1);
    w.advance(100);
    QCOMPARE(w.driver.log.filter("remove"), QStringList());
    w.stop("b.service");
    QCOMPARE(w.driver.log.filter("remove"), QStringList("remove /run/b"));

    w.driver.log.clear();
    w.start("b.service");
    w.exit("b.service", 1);
    QCOMPARE(w.state("b.service"), "activating/auto-restart");
    w.stop("b.service"); // there is no restart that it was kept for
    QCOMPARE(w.driver.log.filter("remove"), QStringList("remove /run/b"));
}

void TestServiceLife::aSimpleServiceIsUpAtOnce()
{
    QD_PROVES("S19", "S66");
    World w;
    w.file("hello.service", "[Unit]\nDescription=Say hello\n[Service]\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("hello.service"), "done");
    QCOMPARE(w.state("hello.service"), "active/running");
    QCOMPARE(w.said("hello.service"), QStringList{"Started hello.service - Say hello."});
    QCOMPARE(w.unit("hello.service").controlGroup, "/system.slice/hello.service");
    QCOMPARE(w.stop("hello.service"), "done");
    QCOMPARE(w.processCount("hello.service"), 0);
    QCOMPARE(w.state("hello.service"), "gone");
    QCOMPARE(
        w.said("hello.service").mid(1),
        (QStringList{
            "Stopping hello.service - Say hello...", "hello.service: Deactivated successfully.",
            "Stopped hello.service - Say hello."}));
}

void TestServiceLife::commandsRunInTheirOrder()
{
    QD_PROVES("S43", "S44");
    World w;
    w.file(
        "a.service", "ExecStartPre=/bin/true pre1\nExecStartPre=/bin/true pre2\n"
                     "ExecStart=/bin/sleep main\n"
                     "ExecStartPost=/bin/true post1\nExecStartPost=/bin/true post2\n"
                     "ExecStop=/bin/true stop1\nExecStop=/bin/true stop2\n"
                     "ExecStopPost=/bin/true after\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(
        w.runs(),
        (QStringList{
            "a.service /bin/true pre1", "a.service /bin/true pre2", "a.service /bin/sleep main",
            "a.service /bin/true post1", "a.service /bin/true post2", "a.service /bin/true stop1",
            "a.service /bin/true stop2", "a.service /bin/true after"}));
}

void TestServiceLife::theStatesOfAStartAndAStop()
{
    World w;
    w.file(
        "a.service", "ExecStartPre=/bin/wait\nExecStart=/bin/stubborn\nExecStartPost=/bin/wait\n"
                     "ExecStop=/bin/wait\nExecStopPost=/bin/wait\n");
    QCOMPARE(w.start("a.service"), "pending");
    QCOMPARE(w.state("a.service"), "activating/start-pre");
    w.exit("a.service");
    QCOMPARE(w.state("a.service"), "activating/start-post");
    w.driver.end(w.unit("a.service").run.controlPid, CLD_EXITED, 0);
    w.settle();
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.stop("a.service"), "pending");
    QCOMPARE(w.state("a.service"), "deactivating/stop");
    w.driver.end(w.unit("a.service").run.controlPid, CLD_EXITED, 0);
    w.settle();
    QCOMPARE(w.state("a.service"), "deactivating/stop-sigterm");
    w.advance(90'000);
    QCOMPARE(w.state("a.service"), "deactivating/stop-post");
    w.driver.end(w.unit("a.service").run.controlPid, CLD_EXITED, 0);
    w.settle();
    QCOMPARE(w.state("a.service"), "failed/failed");
}

void TestServiceLife::aOneshotIsNeverActive()
{
    QD_PROVES("U-22");
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\n");
    QCOMPARE(w.start("a.service"), "pending");
    QCOMPARE(w.state("a.service"), "activating/start");
    w.advance(10'000'000); // no time-out of its own
    QCOMPARE(w.state("a.service"), "activating/start");
    w.exit("a.service");
    QCOMPARE(w.results.value(w.results.lastKey()), JobResult::Done);
    QCOMPARE(w.state("a.service"), "gone");
    QVERIFY(!w.news.contains("unit a.service active/running"));
    QVERIFY(w.wasSaid("Finished a.service."));
    QCOMPARE(w.start("a.service"), "pending"); // and again
    w.exit("a.service");
    QCOMPARE(w.runs().size(), 2);
}

void TestServiceLife::aOneshotThatRemainsIsActiveWhenItsProgramHasEnded()
{
    QD_PROVES("U-23");
    World w;
    w.file(
        "a.service",
        "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true up\nExecStop=/bin/true down\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("a.service"), "active/exited");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.runs(), QStringList{"a.service /bin/true up"});
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(w.runs().last(), "a.service /bin/true down");
    QCOMPARE(w.state("a.service"), "gone");
}

void TestServiceLife::severalCommandsOfAOneshotEndAtTheFirstFailure()
{
    QD_PROVES("U-24");
    World w;
    w.file(
        "a.service",
        "Type=oneshot\nExecStart=/bin/true 1\nExecStart=/bin/false 2\nExecStart=/bin/true 3\n");
    w.file("b.service", "ExecStart=/bin/true\nExecStart=/bin/true\n");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.runs(), (QStringList{"a.service /bin/true 1", "a.service /bin/false 2"}));
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.start("b.service"), "units.bad_unit_setting");
    QVERIFY(w.wasSaid("b.service: Service has more than one ExecStart= setting, which is only "
                      "allowed for Type=oneshot services. Refusing."));
}

void TestServiceLife::aMissingProgramFailsTheServiceNotTheStart()
{
    QD_PROVES("U-25");
    World w;
    w.file("a.service", "ExecStart=/bin/missing\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.result("a.service"), "exit-code");
    QCOMPARE(w.unit("a.service").run.main.status, 203);
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "Started a.service.", "a.service: Main process exited, code=exited, status=203/EXEC",
            "a.service: Failed with result 'exit-code'."}));
}

void TestServiceLife::typeExecTellsOfAMissingProgram()
{
    QD_PROVES("U-25");
    World w;
    w.file("a.service", "Type=exec\nExecStart=/bin/missing\n");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "Starting a.service...", "a.service: Main process exited, code=exited, status=203/EXEC",
            "a.service: Failed with result 'exit-code'.", "Failed to start a.service."}));
}

void TestServiceLife::typeExecIsUpOnceTheProgramRuns()
{
    World w;
    w.file("a.service", "Type=exec\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("a.service"), "active/running");
}

void TestServiceLife::aFailingPreCommandSkipsAllButStopPost()
{
    QD_PROVES("U-36");
    World w;
    w.file(
        "a.service", "ExecStartPre=/bin/false\nExecStart=/bin/sleep 9\nExecStartPost=/bin/true\n"
                     "ExecStop=/bin/true\nExecStopPost=/bin/true after\n");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.runs(), (QStringList{"a.service /bin/false", "a.service /bin/true after"}));
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "Starting a.service...",
            "a.service: Control process exited, code=exited, status=1/FAILURE",
            "a.service: Failed with result 'exit-code'.", "Failed to start a.service."}));
}

void TestServiceLife::aFailingPostCommandStopsTheService()
{
    World w;
    w.file(
        "a.service", "ExecStart=/bin/sleep 9\nExecStartPost=/bin/false\nExecStop=/bin/true\n"
                     "ExecStopPost=/bin/true after\n");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(w.runs().last(), "a.service /bin/true after");
    QVERIFY(!w.runs().contains("a.service /bin/true"));
    QCOMPARE(w.result("a.service"), "exit-code");
}

void TestServiceLife::aDashIgnoresTheFailure()
{
    QD_PROVES("S17");
    World w;
    w.file("a.service", "ExecStartPre=-/bin/false\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "done");
    const auto &pre = w.unit("a.service").service.of(ExecKind::StartPre).first();
    QCOMPARE(pre.run.status, 1); // it is still shown
    QVERIFY(!w.wasSaid("Control process exited"));
    w.file("b.service", "ExecStart=-/bin/false\n");
    QCOMPARE(w.start("b.service"), "done");
    QCOMPARE(w.state("b.service"), "gone");
    QVERIFY(w.wasSaid("b.service: Deactivated successfully."));
}

void TestServiceLife::aServiceThatEndsWellRunsItsStopCommands()
{
    QD_PROVES("U-37");
    World w;
    w.file("a.service", "ExecStart=/bin/true\nExecStop=/bin/true stop\nExecStopPost=/bin/true x\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(
        w.runs(),
        (QStringList{"a.service /bin/true", "a.service /bin/true stop", "a.service /bin/true x"}));
}

void TestServiceLife::aServiceThatFailsRunsStopPostAlone()
{
    QD_PROVES("U-37");
    World w;
    w.file(
        "a.service", "ExecStart=/bin/exit 3\nExecStop=/bin/true stop\nExecStopPost=/bin/true x\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.runs(), (QStringList{"a.service /bin/exit 3", "a.service /bin/true x"}));
    const QStringList environment = w.driver.requests.last().environment;
    QVERIFY(environment.contains("SERVICE_RESULT=exit-code"));
    QVERIFY(environment.contains("EXIT_CODE=exited"));
    QVERIFY(environment.contains("EXIT_STATUS=3"));
}

void TestServiceLife::stopCommandsAreToldHowItEnded()
{
    QD_PROVES("U-37");
    World w;
    w.file("a.service", "ExecStart=/bin/die 9\nExecStopPost=/bin/true\n");
    QCOMPARE(w.start("a.service"), "done");
    const QStringList environment = w.driver.requests.last().environment;
    QVERIFY(environment.contains("SERVICE_RESULT=signal"));
    QVERIFY(environment.contains("EXIT_CODE=killed"));
    QVERIFY(environment.contains("EXIT_STATUS=KILL"));
}

void TestServiceLife::stopCommandsKnowTheMainProcess()
{
    QD_PROVES("S71");
    World w;
    w.file(
        "a.service", "ExecStart=/bin/sleep "
                     "9\nExecReload=/bin/true\nExecStop=/bin/true\nExecStopPost=/bin/true\n");
    w.start("a.service");
    const QString main = QStringLiteral("MAINPID=%1").arg(w.mainPid("a.service"));
    QCOMPARE(w.reload("a.service"), "done");
    QVERIFY(w.driver.requests.last().environment.contains(main));
    w.stop("a.service");
    QVERIFY(w.driver.requests[2].environment.contains(main));
    QVERIFY(w.driver.requests[2].environment.contains("SERVICE_RESULT=success"));
    QVERIFY(!w.driver.requests[3].environment.contains(main)); // it is gone by then
}

void TestServiceLife::aFailingStopCommandFailsTheService()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecStop=/bin/false\n");
    w.start("a.service");
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.result("a.service"), "exit-code");
    QCOMPARE(w.processCount("a.service"), 0);
}

void TestServiceLife::stoppingAStartKillsIt()
{
    QD_PROVES("U-14");
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\nExecStop=/bin/true\n");
    const auto job = w.ask(JobType::Start, "a.service");
    w.settle();
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(w.resultOf(*job), "canceled");
    QCOMPARE(w.state("a.service"), "failed/failed");
    QCOMPARE(w.result("a.service"), "signal");
    QCOMPARE(w.runs(), QStringList{"a.service /bin/wait"}); // it had not started: no ExecStop=
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "Starting a.service...", "a.service: Main process exited, code=killed, status=15/TERM",
            "a.service: Failed with result 'signal'.", "Stopped a.service."}));
}

void TestServiceLife::aReloadRunsItsCommand()
{
    QD_PROVES("S71");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecReload=/bin/wait reload\n");
    w.start("a.service");
    const qint32 pid = w.mainPid("a.service");
    QCOMPARE(w.reload("a.service"), "pending");
    QCOMPARE(w.state("a.service"), "reloading/reload");
    w.driver.end(w.unit("a.service").run.controlPid, CLD_EXITED, 0);
    w.settle();
    QCOMPARE(w.results.last(), JobResult::Done);
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.mainPid("a.service"), pid);
    QCOMPARE(
        w.said("a.service").mid(1), (QStringList{"Reloading a.service...", "Reloaded a.service."}));
}

void TestServiceLife::aFailingReloadLeavesTheServiceRunning()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecReload=/bin/false\nTimeoutStartSec=2\n");
    w.start("a.service");
    QCOMPARE(w.reload("a.service"), "failed");
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.said("a.service").last(), "Reload failed for a.service.");
    QCOMPARE(w.result("a.service"), "success");

    w.file("b.service", "ExecStart=/bin/sleep 9\nExecReload=/bin/stubborn\nTimeoutStartSec=2\n");
    w.start("b.service");
    QCOMPARE(w.reload("b.service"), "pending");
    w.advance(2000);
    QCOMPARE(w.results.last(), JobResult::Failed);
    QCOMPARE(w.state("b.service"), "active/running");
    QCOMPARE(w.processCount("b.service"), 1);
    QVERIFY(w.wasSaid("b.service: Reload operation timed out. Killing reload process."));
}

void TestServiceLife::whatCannotBeReloadedSaysSo()
{
    QD_PROVES("U-42");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\nExecReload=/bin/true\n");
    w.start("a.service");
    const auto refused = w.ask(JobType::Reload, "a.service");
    QCOMPARE(refused.error().code, "units.job_type_not_applicable");
    QCOMPARE(refused.error().message, "Job type reload is not applicable for unit a.service.");
    QVERIFY(!w.manager.canReload("a.service"));
    QCOMPARE(w.reload("b.service"), "invalid"); // it does not run
}

void TestServiceLife::everyStartHasItsOwnInvocation()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    const QString first = w.unit("a.service").invocationId;
    QCOMPARE(first.size(), 32);
    QVERIFY(w.driver.requests.last().environment.contains("INVOCATION_ID=" + first));
    QCOMPARE(w.manager.unitOfInvocation(first)->id, "a.service");
    w.restart("a.service");
    QVERIFY(w.unit("a.service").invocationId != first);
    QVERIFY(!w.manager.unitOfInvocation(first));
}

void TestServiceLife::anExecConditionSkipsTheStart()
{
    World w;
    w.file(
        "a.service",
        "ExecCondition=/bin/exit 254\nExecStart=/bin/sleep 9\nExecStopPost=/bin/true x\n");
    QCOMPARE(w.start("a.service"), "skipped");
    QCOMPARE(w.runs(), (QStringList{"a.service /bin/exit 254", "a.service /bin/true x"}));
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "Starting a.service...", "a.service: Skipped due to 'exec-condition'.",
            "Condition check resulted in a.service being skipped."}));
    QCOMPARE(w.state("a.service"), "gone"); // not failed
}

void TestServiceLife::aBrokenExecConditionFailsTheStart()
{
    World w;
    w.file("a.service", "ExecCondition=/bin/exit 255\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.state("a.service"), "failed/failed");
    w.file("b.service", "ExecCondition=/bin/true\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("b.service"), "done");
}

void TestServiceLife::anEnvironmentFileThatIsMissingFailsTheStart()
{
    QD_PROVES("S72");
    World w;
    w.file("a.service", "EnvironmentFile=/etc/nope\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "EnvironmentFile=-/etc/nope\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.result("a.service"), "resources");
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "a.service: Failed to load environment files: No such file or directory",
            "a.service: Failed to run 'start' task: No such file or directory",
            "a.service: Failed with result 'resources'.", "Failed to start a.service."}));
    QCOMPARE(w.start("b.service"), "done");
}

void TestServiceLife::environmentFilesWinOverEnvironment()
{
    QD_PROVES("S72");
    World w;
    w.source.others["/etc/a.env"] = "# a comment\nA=file\nB=\"two words\"\n";
    w.file(
        "a.service", "EnvironmentFile=/etc/a.env\nEnvironment=A=unit C=3\n"
                     "PassEnvironment=PATH\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    const QStringList got = w.driver.requests.last().unitEnvironment;
    QCOMPARE(got, (QStringList{"PATH=/usr/bin", "A=unit", "C=3", "A=file", "B=two words"}));
    w.source.others["/etc/a.env"] = "A=changed\n"; // it is read at each start
    w.restart("a.service");
    QCOMPARE(w.driver.requests.last().unitEnvironment.last(), "A=changed");
}

void TestServiceLife::noProcessAtAllIsAFailureOfResources()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nRestart=on-failure\nStartLimitBurst=2\n");
    w.driver.refusesToSpawn = true;
    QCOMPARE(w.start("a.service"), "failed");
    QCOMPARE(w.result("a.service"), "resources");
    QVERIFY(w.wasSaid("Failed to run 'start' task: Resource temporarily unavailable"));
    w.driver.refusesToSpawn = false;
    w.advance(100);
    QCOMPARE(w.state("a.service"), "active/running");
}

void TestServiceLife::aDaemonThatForksIsFollowed()
{
    QD_PROVES("S65", "U-28");
    World w;
    w.file("a.service", "Type=forking\nExecStart=/bin/daemon\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("a.service"), "active/running");
    QVERIFY(w.mainPid("a.service") > 0);
    QCOMPARE(w.driver.running.value(w.mainPid("a.service")).path, "/bin/background");
    w.exit("a.service", 4);
    QCOMPARE(w.state("a.service"), "failed/failed");

    w.file("b.service", "Type=forking\nExecStart=/bin/wait\nTimeoutStartSec=3\n");
    QCOMPARE(w.start("b.service"), "pending");
    w.advance(3000);
    QCOMPARE(w.results.last(), JobResult::Failed);
    QCOMPARE(w.result("b.service"), "timeout");
}

void TestServiceLife::cleanSignalsAreNoFailure()
{
    QD_PROVES("U-29");
    for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGPIPE}) {
        World w;
        w.file("a.service", "ExecStart=/bin/sleep 9\nRestart=on-failure\n");
        w.start("a.service");
        w.killed("a.service", number);
        QCOMPARE(w.state("a.service"), "gone");
    }
    for (const int number : {SIGKILL, SIGSEGV, SIGUSR1}) {
        World w;
        w.file("a.service", "ExecStart=/bin/sleep 9\n");
        w.start("a.service");
        w.killed("a.service", number);
        QCOMPARE(w.result("a.service"), "signal");
    }
}

void TestServiceLife::successExitStatusAddsToWhatIsClean()
{
    QD_PROVES("U-32");
    World w;
    w.file("a.service", "ExecStart=/bin/exit 3\nSuccessExitStatus=3 SIGUSR1\n");
    w.file("b.service", "ExecStart=/bin/die 10\nSuccessExitStatus=3 SIGUSR1\n");
    w.start("a.service");
    w.start("b.service");
    QCOMPARE(w.state("a.service"), "gone");
    QCOMPARE(w.state("b.service"), "gone");
    QVERIFY(w.wasSaid("a.service: Deactivated successfully."));
}

void TestServiceLife::aServiceWithoutStartCommand()
{
    QD_PROVES("S66");
    World w;
    w.file("a.service", "RemainAfterExit=yes\nExecStop=/bin/true down\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("a.service"), "active/exited");
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(w.runs(), QStringList{"a.service /bin/true down"});
}

QD_TEST_MAIN(TestServiceLife)
#include "tst_service_life.moc"
