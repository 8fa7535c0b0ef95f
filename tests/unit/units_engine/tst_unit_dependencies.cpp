// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

/// What units do to each other (the table of ch3-systemd.md 3.6; anchors-engines.md 2.3). Unit
/// files as systemd 252 was given them, outcomes as it gave them.
class TestUnitDependencies : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void requiresAloneStartsBothAtOnce();
    void requiresAndAfterFailsWithTheOther();
    void wantsDoesNotMind();
    void aStopTakesThoseAlongThatRequireIt();
    void aRestartTakesThoseAlongThatRun();
    void anEndByItselfIsNothingToRequires();
    void bindsToFollowsAnEnd();
    void bindsToAnInactiveUnitStopsAtOnce();
    void bindsToFollowsTheRestartOfAFailure();
    void partOfFollowsStopAndRestartOnly();
    void requisiteStartsNothing();
    void requisiteIsNotContentWithAOneshot();
    void conflictsWorksBothWays();
    void aConflictWaitsForTheStop();
    void onFailureIsToldWhatFailed();
    void onFailureComesOnlyWhenNoRestartIsLeft();
    void onFailureAlsoAfterAFailedDependency();
    void onSuccessComesAfterACleanEnd();
    void twoUnitsThatTriggerEachOtherComeToRest();
    void stopWhenUnneeded();
    void aJobThatFailsIsNoReasonToStopWhatIsUnneeded();
    void aJobThatWaitsNeedsWhatItWaitsFor();
    void whatIsUpheldIsStartedAgain();
    void whatIsToldOfAnEndKeepsItInMemory();
    void aFalseConditionIsNoFailure();
    void conditionsAreAllNeededTriggersOne();
    void aFalseAssertIsAFailureOfTheJob();
    void reloadsArePropagated();
    void stopsArePropagated();
    void startsAreOrderedStopsAreReversed();
    void aStopGoesBeforeAStart();
    void targetsComeAfterWhatTheyWant();
    void servicesHaveTheirDefaultDependencies();
    void withoutDefaultDependenciesThereAreFew();
    void linksInFoldersAreDependencies();
    void shutdownStopsEverything();
};

void TestUnitDependencies::requiresAloneStartsBothAtOnce()
{
    QD_PROVES("U-01", "S53");
    World w;
    w.file("a.service", "[Unit]\nRequires=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStartPre=/bin/wait\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("b.service"), "activating/start-pre");
    w.exit("b.service", 1);
    QCOMPARE(w.state("b.service"), "failed/failed");
    QCOMPARE(w.state("a.service"), "active/running"); // it goes on
}

void TestUnitDependencies::requiresAndAfterFailsWithTheOther()
{
    QD_PROVES("U-02");
    World w;
    w.file(
        "a.service", "[Unit]\nDescription=Depends\nRequires=b.service\nAfter=b.service\n[Service]\n"
                     "ExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nExecStart=/bin/false\n");
    w.manager.load("a.service");
    QCOMPARE(w.start("a.service"), "dependency");
    QCOMPARE(w.runs(), QStringList{"b.service /bin/false"});
    QCOMPARE(
        w.said("a.service"), (QStringList{
                                 "Dependency failed for a.service - Depends.",
                                 "a.service: Job a.service/start failed with result "
                                 "'dependency'."}));
    QVERIFY(!w.news.contains("unit a.service failed/failed"));
}

void TestUnitDependencies::wantsDoesNotMind()
{
    QD_PROVES("U-03", "S54");
    World w;
    w.file(
        "a.service", "[Unit]\nWants=b.service nowhere.service\nAfter=b.service\n[Service]\n"
                     "ExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nExecStart=/bin/false\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.state("b.service"), "failed/failed");
}

void TestUnitDependencies::aStopTakesThoseAlongThatRequireIt()
{
    QD_PROVES("U-05");
    World w;
    w.file("a.service", "[Unit]\nRequires=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    QCOMPARE(w.stop("b.service"), "done");
    QCOMPARE(w.processCount("a.service"), 0);
    w.start("a.service");
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(w.state("b.service"), "active/running"); // not the other way
}

void TestUnitDependencies::aRestartTakesThoseAlongThatRun()
{
    QD_PROVES("U-05", "S45");
    World w;
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.file(
        "a.service",
        "[Unit]\nRequires=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("c.service", "[Unit]\nRequires=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.manager.load("c.service"); // known, but not running
    w.driver.log.clear();
    QCOMPARE(w.restart("b.service"), "done");
    QCOMPARE(
        w.driver.log.filter("r"),
        (QStringList{
            "signal 15 a.service /bin/sleep", "release /system.slice/a.service",
            "signal 15 b.service /bin/sleep", "release /system.slice/b.service",
            "run b.service /bin/sleep 9", "run a.service /bin/sleep 9"}));
}

void TestUnitDependencies::anEndByItselfIsNothingToRequires()
{
    QD_PROVES("U-04");
    World w;
    w.file(
        "a.service",
        "[Unit]\nRequires=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.exit("b.service", 0);
    QCOMPARE(w.state("b.service"), "inactive/dead");
    QCOMPARE(w.state("a.service"), "active/running");
}

void TestUnitDependencies::bindsToFollowsAnEnd()
{
    QD_PROVES("U-04", "S56");
    for (const int status : {0, 1}) {
        World w;
        w.file(
            "a.service",
            "[Unit]\nBindsTo=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
        w.file("b.service", "ExecStart=/bin/sleep 9\n");
        QCOMPARE(w.start("a.service"), "done");
        w.exit("b.service", status);
        QCOMPARE(w.processCount("a.service"), 0);
        QVERIFY(w.wasSaid("a.service: Deactivated successfully."));
    }
}

void TestUnitDependencies::bindsToAnInactiveUnitStopsAtOnce()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nBindsTo=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nExecStart=/bin/true\n"); // it is never active
    QCOMPARE(w.start("a.service"), "dependency");
    QVERIFY(w.wasSaid("a.service: Bound to unit b.service, but unit isn't active."));

    World v; // without an order it is up before it is noticed
    v.file("a.service", "[Unit]\nBindsTo=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    v.file("b.service", "Type=oneshot\nExecStart=/bin/true\n");
    QCOMPARE(v.start("a.service"), "done");
    QCOMPARE(v.processCount("a.service"), 0);
}

void TestUnitDependencies::bindsToFollowsTheRestartOfAFailure()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nBindsTo=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\nRestart=always\nRestartSec=1\n");
    w.start("a.service");
    w.exit("b.service", 1);
    QCOMPARE(w.processCount("a.service"), 0);
    w.advance(1000);
    QCOMPARE(w.state("b.service"), "active/running");
    QCOMPARE(w.processCount("a.service"), 0); // nobody starts it again
}

void TestUnitDependencies::partOfFollowsStopAndRestartOnly()
{
    QD_PROVES("U-06", "S57");
    World w;
    w.file("a.service", "[Unit]\nPartOf=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    QCOMPARE(w.state("b.service"), "inactive/dead"); // not started with it
    w.start("b.service");
    w.exit("b.service", 1); // a crash
    QCOMPARE(w.state("a.service"), "active/running");
    w.start("b.service");
    const qint32 before = w.mainPid("a.service");
    w.restart("b.service");
    QCOMPARE(w.state("a.service"), "active/running");
    QVERIFY(w.mainPid("a.service") != before);
    w.stop("b.service");
    QCOMPARE(w.processCount("a.service"), 0);
}

void TestUnitDependencies::requisiteStartsNothing()
{
    QD_PROVES("U-07");
    World w;
    w.file(
        "a.service",
        "[Unit]\nRequisite=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "dependency");
    QVERIFY(w.runs().isEmpty());
    QVERIFY(w.wasSaid("b.service is inactive."));
    QCOMPARE(w.start("b.service"), "done");
    QCOMPARE(w.start("a.service"), "done");
}

void TestUnitDependencies::requisiteIsNotContentWithAOneshot()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nRequisite=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nExecStart=/bin/wait\n");
    w.start("b.service"); // under way
    const auto job = w.ask(JobType::Start, "a.service");
    w.settle();
    QCOMPARE(w.resultOf(*job), "pending");
    w.exit("b.service", 0);
    QCOMPARE(w.resultOf(*job), "dependency");
}

void TestUnitDependencies::conflictsWorksBothWays()
{
    QD_PROVES("U-08", "S59");
    World w;
    w.file("a.service", "[Unit]\nConflicts=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    QCOMPARE(w.start("b.service"), "done");
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.processCount("b.service"), 0);
    QCOMPARE(w.processCount("a.service"), 1);
}

void TestUnitDependencies::aConflictWaitsForTheStop()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nConflicts=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\nExecStop=/bin/wait\n");
    w.start("b.service");
    QCOMPARE(w.start("a.service"), "pending");
    QCOMPARE(w.processCount("a.service"), 0); // never two at once
    w.driver.end(w.unit("b.service").run.controlPid, CLD_EXITED, 0);
    w.settle();
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.processCount("b.service"), 0);
}

void TestUnitDependencies::onFailureIsToldWhatFailed()
{
    QD_PROVES("U-17", "S58");
    World w;
    w.file("a.service", "[Unit]\nOnFailure=report.service\n[Service]\nExecStart=/bin/exit 3\n");
    w.file("report.service", "Type=oneshot\nExecStart=/bin/true\n");
    w.start("a.service");
    QCOMPARE(w.runs().last(), "report.service /bin/true");
    const QStringList environment = w.driver.requests.last().environment;
    QVERIFY(environment.contains("MONITOR_UNIT=a.service"));
    QVERIFY(environment.contains("MONITOR_SERVICE_RESULT=exit-code"));
    QVERIFY(environment.contains("MONITOR_EXIT_CODE=exited"));
    QVERIFY(environment.contains("MONITOR_EXIT_STATUS=3"));
    QVERIFY(environment.contains("MONITOR_INVOCATION_ID=" + w.unit("a.service").invocationId));
    QVERIFY(w.wasSaid("a.service: Triggering OnFailure= dependencies."));
    w.start("report.service"); // by hand: nothing to report
    QVERIFY(!w.driver.requests.last().environment.join(u' ').contains("MONITOR_"));
    QCOMPARE(w.runs().size(), 3);
}

void TestUnitDependencies::onFailureComesOnlyWhenNoRestartIsLeft()
{
    QD_PROVES("S58");
    World w;
    w.file(
        "a.service", "[Unit]\nOnFailure=report.service\nStartLimitBurst=2\n[Service]\n"
                     "ExecStart=/bin/false\nRestart=on-failure\n");
    w.file("report.service", "Type=oneshot\nExecStart=/bin/true\n");
    w.start("a.service");
    QVERIFY(!w.runs().contains("report.service /bin/true"));
    w.advance(1000);
    QCOMPARE(w.runs().count("report.service /bin/true"), 1);

    World v; // a clean stop is no failure
    v.file("a.service", "[Unit]\nOnFailure=report.service\n[Service]\nExecStart=/bin/sleep 9\n");
    v.file("report.service", "Type=oneshot\nExecStart=/bin/true\n");
    v.start("a.service");
    v.stop("a.service");
    QVERIFY(!v.runs().contains("report.service /bin/true"));
}

void TestUnitDependencies::onFailureAlsoAfterAFailedDependency()
{
    World w;
    w.file(
        "a.service", "[Unit]\nOnFailure=report.service\nRequires=b.service\nAfter=b.service\n"
                     "[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nExecStart=/bin/false\n");
    w.file("report.service", "Type=oneshot\nExecStart=/bin/true\n");
    QCOMPARE(w.start("a.service"), "dependency");
    QCOMPARE(w.runs().last(), "report.service /bin/true");
}

void TestUnitDependencies::onSuccessComesAfterACleanEnd()
{
    World w;
    w.file("a.service", "[Unit]\nOnSuccess=next.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("next.service", "Type=oneshot\nExecStart=/bin/true\n");
    w.start("a.service");
    w.exit("a.service", 0);
    QCOMPARE(w.runs().last(), "next.service /bin/true");
    QVERIFY(w.wasSaid("a.service: Triggering OnSuccess= dependencies."));
    w.start("a.service");
    w.exit("a.service", 1);
    QCOMPARE(w.runs().count("next.service /bin/true"), 1);
}

void TestUnitDependencies::twoUnitsThatTriggerEachOtherComeToRest()
{
    World w; // neither can ever start, each failure asks for the other one
    w.file(
        "a.service", "[Unit]\nRequisite=no.target\nOnFailure=b.service\n[Service]\n"
                     "ExecStart=/bin/sleep 9\n");
    w.file(
        "b.service", "[Unit]\nRequisite=no.target\nOnFailure=a.service\n[Service]\n"
                     "ExecStart=/bin/sleep 9\n");
    w.file("no.target", "[Unit]\n");
    QCOMPARE(w.start("a.service"), "dependency");
    QVERIFY(w.manager.jobs().isEmpty());
    QVERIFY(w.wasSaid("Triggers OnFailure= too often, ignoring."));
    QCOMPARE(w.start("sysinit.target"), "done"); // and the engine is well
}

void TestUnitDependencies::stopWhenUnneeded()
{
    QD_PROVES("U-16");
    World w;
    w.file("un.service", "[Unit]\nStopWhenUnneeded=yes\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("a.service", "[Unit]\nWants=un.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "[Unit]\nRequires=un.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.start("b.service");
    w.stop("a.service");
    QCOMPARE(w.state("un.service"), "active/running"); // b is there still
    w.stop("b.service");
    QCOMPARE(w.processCount("un.service"), 0);
}

void TestUnitDependencies::aJobThatFailsIsNoReasonToStopWhatIsUnneeded()
{
    QD_PROVES("U-16");
    World w;
    w.file("t.target", "[Unit]\nRequires=bad.service\nWants=a.service\n");
    w.file(
        "bad.service", "[Unit]\nAfter=a.service\n[Service]\nType=oneshot\nExecStart=/bin/false\n");
    w.file("a.service", "[Unit]\nStopWhenUnneeded=yes\n[Service]\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("t.target"), "dependency");
    QCOMPARE(w.state("a.service"), "active/running"); // the target has not changed: nobody looks
}

void TestUnitDependencies::aJobThatWaitsNeedsWhatItWaitsFor()
{
    QD_PROVES("U-16");
    World w;
    w.file(
        "a.service", "[Unit]\nStopWhenUnneeded=yes\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                     "ExecStart=/bin/true\n");
    w.file(
        "c.service", "[Unit]\nConditionPathExists=/nowhere\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file(
        "b.service", "[Unit]\nWants=a.service\nBindsTo=c.service\nAfter=a.service c.service\n"
                     "[Service]\nExecStart=/bin/sleep 9\n");
    // Its own start fails, but at the moment when the other is up it is still to come.
    QCOMPARE(w.start("b.service"), "dependency");
    QCOMPARE(w.state("a.service"), "active/exited");
}

void TestUnitDependencies::whatIsUpheldIsStartedAgain()
{
    World w;
    w.file("a.service", "[Unit]\nUpholds=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    QCOMPARE(w.state("b.service"), "active/running");
    w.exit("b.service", 1);
    QCOMPARE(w.state("b.service"), "active/running");
    w.stop("b.service"); // also by hand
    QCOMPARE(w.state("b.service"), "active/running");
    w.stop("a.service");
    w.stop("b.service");
    QCOMPARE(w.processCount("b.service"), 0);
    // An engine that stops all of its units comes to an end.
    w.start("a.service");
    w.manager.stopping();
    w.stop("b.service");
    QCOMPARE(w.state("b.service"), "inactive/dead");
}

void TestUnitDependencies::whatIsToldOfAnEndKeepsItInMemory()
{
    World w;
    w.file(
        "a.service", "[Unit]\nOnSuccess=b.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    QCOMPARE(w.state("a.service"), "inactive/dead"); // not gone: it can be asked how it ended
    w.stop("b.service");
    QCOMPARE(w.state("a.service"), "gone");
}

void TestUnitDependencies::aFalseConditionIsNoFailure()
{
    QD_PROVES("U-19");
    World w;
    w.file(
        "b.service", "[Unit]\nDescription=Bee\nConditionPathExists=!/yes\n[Service]\n"
                     "ExecStart=/bin/sleep 9\n");
    w.file(
        "a.service",
        "[Unit]\nRequires=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("b.service"), "done");
    QCOMPARE(
        w.said("b.service"),
        QStringList{"b.service - Bee was skipped because of an unmet condition "
                    "check (ConditionPathExists=!/yes)."});
    QCOMPARE(w.start("a.service"), "done"); // those who require it do not mind
    QCOMPARE(w.state("b.service"), "inactive/dead");
    QCOMPARE(w.unit("b.service").conditionResult, false);
    QCOMPARE(w.unit("b.service").settings.conditions.first().result, -1);
}

void TestUnitDependencies::conditionsAreAllNeededTriggersOne()
{
    QD_PROVES("U-21");
    const struct {
        const char *lines;
        bool starts;
    } cases[] = {
        {"ConditionPathExists=/yes\nConditionUser=no\n", false},
        {"ConditionPathExists=/yes\nConditionUser=!no\n", true},
        {"ConditionPathExists=|/yes\nConditionUser=|no\n", true},
        {"ConditionPathExists=|no\nConditionUser=|no\n", false},
        {"ConditionPathExists=|!no\nConditionUser=|no\nConditionHost=yes\n", true},
        {"ConditionPathExists=|/yes\nConditionHost=no\n", false},
        {"ConditionHost=no\nConditionHost=\n", true}, // an empty one takes all back
    };
    for (const auto &c : cases) {
        World w;
        w.file(
            "a.service", QByteArray("[Unit]\n") + c.lines + "[Service]\nExecStart=/bin/sleep 9\n");
        QCOMPARE(w.start("a.service"), "done");
        QCOMPARE(w.processCount("a.service"), c.starts ? 1 : 0);
    }
}

void TestUnitDependencies::aFalseAssertIsAFailureOfTheJob()
{
    QD_PROVES("U-20");
    World w;
    w.file(
        "a.service", "[Unit]\nDescription=Assert\nAssertPathExists=/no\n[Service]\n"
                     "ExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "assert");
    QCOMPARE(
        w.said("a.service"), (QStringList{
                                 "a.service: Starting requested but asserts failed.",
                                 "Assertion failed for a.service - Assert."}));
    QVERIFY(!w.news.contains("unit a.service failed/failed"));
}

void TestUnitDependencies::reloadsArePropagated()
{
    World w;
    w.file(
        "a.service", "[Unit]\nPropagatesReloadTo=b.service\n[Service]\nExecStart=/bin/sleep 9\n"
                     "ExecReload=/bin/true\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\nExecReload=/bin/true\n");
    w.file("all.target", "[Unit]\nPropagatesReloadTo=b.service\n");
    w.start("a.service");
    QCOMPARE(w.reload("a.service"), "done");
    QVERIFY(!w.runs().contains("b.service /bin/true")); // it does not run: no matter
    w.start("b.service");
    QCOMPARE(w.reload("a.service"), "done");
    QCOMPARE(w.runs().count("b.service /bin/true"), 1);
    w.start("all.target");
    QCOMPARE(w.reload("all.target"), "done"); // a target only hands it on
    QCOMPARE(w.runs().count("b.service /bin/true"), 2);
}

void TestUnitDependencies::stopsArePropagated()
{
    World w;
    w.file("a.service", "[Unit]\nPropagatesStopTo=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.start("b.service");
    w.stop("a.service");
    QCOMPARE(w.processCount("b.service"), 0);
    w.start("a.service");
    w.start("b.service");
    w.exit("a.service", 1); // an end by itself as well
    QCOMPARE(w.processCount("b.service"), 0);
}

void TestUnitDependencies::startsAreOrderedStopsAreReversed()
{
    QD_PROVES("S55");
    World w;
    w.file(
        "a.service", "[Unit]\nWants=b.service c.service\nAfter=b.service\nBefore=c.service\n"
                     "[Service]\nExecStart=/bin/sleep 9\n");
    w.file(
        "b.service", "[Unit]\nPartOf=a.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                     "ExecStart=/bin/wait up\nExecStop=/bin/wait down\n");
    w.file(
        "c.service", "[Unit]\nPartOf=a.service\n[Service]\nExecStart=/bin/sleep 9\n"
                     "ExecStop=/bin/wait down\n");
    w.start("a.service");
    QCOMPARE(w.runs(), QStringList{"b.service /bin/wait up"});
    w.exit("b.service");
    QCOMPARE(w.runs().mid(1), (QStringList{"a.service /bin/sleep 9", "c.service /bin/sleep 9"}));
    w.stop("a.service");
    QCOMPARE(w.runs().mid(3), QStringList{"c.service /bin/wait down"});
    w.driver.end(w.unit("c.service").run.controlPid, CLD_EXITED, 0);
    w.settle();
    QCOMPARE(w.runs().mid(4), QStringList{"b.service /bin/wait down"});
    QCOMPARE(w.processCount("a.service"), 0);
}

void TestUnitDependencies::aStopGoesBeforeAStart()
{
    World w;
    w.file("old.service", "ExecStart=/bin/sleep 9\nExecStop=/bin/wait\n");
    w.file(
        "new.service", "[Unit]\nConflicts=old.service\nBefore=old.service\n[Service]\n"
                       "ExecStart=/bin/sleep 9\n");
    w.start("old.service");
    w.start("new.service"); // although new is ordered before old: the stop comes first
    QCOMPARE(w.processCount("new.service"), 0);
    w.driver.end(w.unit("old.service").run.controlPid, CLD_EXITED, 0);
    w.settle();
    QCOMPARE(w.processCount("new.service"), 1);
}

void TestUnitDependencies::targetsComeAfterWhatTheyWant()
{
    QD_PROVES("U-11", "S11");
    World w;
    w.file("all.target", "[Unit]\nDescription=All\nWants=a.service\n");
    w.file("loose.target", "[Unit]\nDefaultDependencies=no\nWants=a.service\n");
    w.file("a.service", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/wait\n");
    QCOMPARE(w.start("all.target"), "pending");
    QCOMPARE(w.start("loose.target"), "done");
    w.exit("a.service");
    QCOMPARE(w.state("all.target"), "active/active");
    QVERIFY(w.wasSaid("Reached target all.target - All."));
    QVERIFY(w.unit("all.target").dependencyNames(Dependency::After).contains("a.service"));
    QCOMPARE(w.stop("all.target"), "done");
    QCOMPARE(w.state("a.service"), "active/exited"); // a wish is not a bond
    QVERIFY(w.wasSaid("Stopped target all.target - All."));
}

void TestUnitDependencies::servicesHaveTheirDefaultDependencies()
{
    QD_PROVES("U-12");
    World w;
    w.file("a@.service", "ExecStart=/bin/sleep 9\n");
    w.start("a@x.service");
    const Unit &unit = w.unit("a@x.service");
    QCOMPARE(
        unit.dependencyNames(Dependency::Requires),
        (QStringList{"system-a.slice", "sysinit.target"}));
    QCOMPARE(
        unit.dependencyNames(Dependency::After),
        (QStringList{"system-a.slice", "sysinit.target", "basic.target"}));
    QCOMPARE(unit.dependencyNames(Dependency::Conflicts), QStringList{"shutdown.target"});
    QCOMPARE(unit.dependencyNames(Dependency::Before), QStringList{"shutdown.target"});
    QCOMPARE(w.state("sysinit.target"), "active/active");
    QCOMPARE(w.state("system-a.slice"), "active/active");
    QCOMPARE(w.state("system.slice"), "active/active");
    QCOMPARE(unit.controlGroup, "/system.slice/system-a.slice/a@x.service");
}

void TestUnitDependencies::withoutDefaultDependenciesThereAreFew()
{
    World w;
    w.file("a.service", "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    const Unit &unit = w.unit("a.service");
    QCOMPARE(unit.dependencyNames(Dependency::Requires), QStringList{"system.slice"});
    QVERIFY(unit.dependencyNames(Dependency::Conflicts).isEmpty());
    QCOMPARE(w.state("sysinit.target"), "gone");
}

void TestUnitDependencies::linksInFoldersAreDependencies()
{
    QD_PROVES("S24", "S12");
    World w;
    w.source.wants["multi-user.target"] = QStringList{"a.service"};
    w.source.requirements["multi-user.target"] = QStringList{"b.service"};
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("default.target"), "done"); // what a node does when it comes up
    QCOMPARE(w.state("multi-user.target"), "active/active");
    QCOMPARE(w.state("default.target"), "active/active"); // the same by another name
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.state("b.service"), "active/running");
    QCOMPARE(w.state("basic.target"), "active/active");
    QCOMPARE(
        w.unit("multi-user.target").names, (QStringList{"multi-user.target", "default.target"}));
}

void TestUnitDependencies::shutdownStopsEverything()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.file("b.service", "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file(
        "halt.target",
        "[Unit]\nDefaultDependencies=no\nRequires=shutdown.target\nAfter=shutdown.target\n");
    w.start("a.service");
    w.start("b.service");
    QStringList asked;
    QObject::connect(&w.manager, &Manager::powerAsked, &w.manager, [&asked](const QString &verb) {
        asked.append(verb);
    });
    QCOMPARE(w.start("halt.target", JobMode::ReplaceIrreversibly), "done");
    QCOMPARE(asked, QStringList{QStringLiteral("halt")});
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(w.processCount("b.service"), 1);
}

QD_TEST_MAIN(TestUnitDependencies)
#include "tst_unit_dependencies.moc"
