// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

/// Jobs and transactions: what a request comes to, and when it is refused (anchors-engines.md 2.1).
class TestUnitJobs : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aCycleOfWishesLosesOneJob();
    void aCycleOfRequirementsIsRefused();
    void contradictingRequirementsAreRefused();
    void modeFailReplacesNothing();
    void modeReplaceCancelsAtOnce();
    void whatMayNotBeReplacedIsNot();
    void modeFailStopsNothingThatIsNotAskedFor();
    void isolateNeedsPermission();
    void isolateStopsTheRest();
    void flushEmptiesTheQueue();
    void ignoringDependenciesStartsTheUnitAlone();
    void askingTwiceIsOneJob();
    void aRestartSwallowsAStart();
    void aReloadOfAStartingUnitIsItsStart();
    void tryRestartOfAStoppedUnitDoesNothing();
    void reloadOrRestartDoesWhatFits();
    void aRestartOfAStoppedUnitStartsIt();
    void cancellingDoesNotUndo();
    void cancellingTakesDependantsAlong();
    void aJobMayTimeOut();
    void refusalsHaveTheirSentences();
    void theEndOfAJobIsToldAfterItsUnit();
    void jobsAreListed();
    void nobodyStopsADevice();
    void aThousandUnitsInOneTransaction();
};

void TestUnitJobs::aCycleOfWishesLosesOneJob()
{
    QD_PROVES("U-09");
    World w;
    w.file("c.target", "[Unit]\nWants=a.service b.service\n");
    w.file("a.service", "[Unit]\nAfter=b.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n");
    w.file("b.service", "[Unit]\nAfter=a.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n");
    QCOMPARE(w.start("c.target"), "done");
    QCOMPARE(w.state("c.target"), "active/active");
    QCOMPARE(w.runs().size(), 1);
    QVERIFY(w.wasSaid("Found ordering cycle on "));
    QVERIFY(w.wasSaid("Found dependency on "));
    QVERIFY(w.wasSaid(" deleted to break ordering cycle starting with "));
}

void TestUnitJobs::aCycleOfRequirementsIsRefused()
{
    QD_PROVES("U-10");
    World w;
    w.file("c.target", "[Unit]\nRequires=a.service b.service\n");
    w.file("a.service", "[Unit]\nAfter=b.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n");
    w.file("b.service", "[Unit]\nAfter=a.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n");
    const auto refused = w.ask(JobType::Start, "c.target");
    w.settle();
    QCOMPARE(refused.error().code, "units.transaction_order_is_cyclic");
    QCOMPARE(refused.error().message, "Transaction order is cyclic. See system logs for details.");
    QVERIFY(w.runs().isEmpty());
    QVERIFY(w.manager.jobs().isEmpty());
    QVERIFY(w.wasSaid("Unable to break cycle starting with "));
    w.file("d.service", "ExecStart=/bin/sleep 9\n"); // and nothing of it is left behind
    QCOMPARE(w.start("d.service"), "done");
}

void TestUnitJobs::contradictingRequirementsAreRefused()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nRequires=b.service\nConflicts=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    const auto refused = w.ask(JobType::Start, "a.service");
    QCOMPARE(refused.error().code, "units.transaction_jobs_conflicting");
    QVERIFY(refused.error().message.startsWith("Transaction contains conflicting jobs '"));
    QVERIFY(refused.error().message.endsWith(
        "Probably contradicting requirement dependencies configured."));
    w.settle();
    QVERIFY(w.manager.jobs().isEmpty());
}

void TestUnitJobs::modeFailReplacesNothing()
{
    QD_PROVES("U-13");
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\n");
    w.start("a.service");
    const auto refused = w.ask(JobType::Stop, "a.service", JobMode::Fail);
    QCOMPARE(refused.error().code, "units.transaction_is_destructive");
    QCOMPARE(
        refused.error().message,
        "Transaction for a.service/stop is destructive (a.service has 'start' job queued, but "
        "'stop' is included in transaction).");
    QCOMPARE(w.state("a.service"), "activating/start");
}

void TestUnitJobs::modeReplaceCancelsAtOnce()
{
    QD_PROVES("U-13");
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\n");
    const auto start = w.ask(JobType::Start, "a.service");
    w.settle();
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(w.resultOf(*start), "canceled");
}

void TestUnitJobs::whatMayNotBeReplacedIsNot()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecStop=/bin/wait\n");
    w.start("a.service");
    QCOMPARE(w.stop("a.service", JobMode::ReplaceIrreversibly), "pending");
    QCOMPARE(w.start("a.service"), "units.transaction_is_destructive");
    QCOMPARE(w.stop("a.service"), "pending"); // the same once more is no contradiction
}

void TestUnitJobs::modeFailStopsNothingThatIsNotAskedFor()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    // By a wish of a wish: what conflicts with that must not be stopped.
    w.file("b.service", "[Unit]\nWants=c.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("c.service", "[Unit]\nConflicts=a.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    QCOMPARE(w.start("b.service", JobMode::Fail), "done");
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.processCount("c.service"), 0);
}

void TestUnitJobs::isolateNeedsPermission()
{
    QD_PROVES("U-15");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    const auto refused = w.ask(JobType::Start, "a.service", JobMode::Isolate);
    QCOMPARE(refused.error().code, "units.no_isolation");
    QCOMPARE(refused.error().message, "Operation refused, unit may not be isolated.");
    QCOMPARE(
        w.ask(JobType::Stop, "a.service", JobMode::Isolate).error().message,
        "Isolate is only valid for start.");
}

void TestUnitJobs::isolateStopsTheRest()
{
    World w;
    w.file("calm.target", "[Unit]\nAllowIsolate=yes\nWants=b.service\n");
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.file("c.service", "[Unit]\nIgnoreOnIsolate=yes\n[Service]\nExecStart=/bin/sleep 9\n");
    for (const char *name : {"a.service", "b.service", "c.service"})
        w.start(name);
    QCOMPARE(w.start("calm.target", JobMode::Isolate), "done");
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(w.processCount("b.service"), 1);
    QCOMPARE(w.processCount("c.service"), 1);
    QCOMPARE(w.state("-.slice"), "active/active");
}

void TestUnitJobs::flushEmptiesTheQueue()
{
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    const auto waiting = w.ask(JobType::Start, "a.service");
    w.settle();
    QCOMPARE(w.start("b.service", JobMode::Flush), "done");
    QCOMPARE(w.resultOf(*waiting), "canceled");
}

void TestUnitJobs::ignoringDependenciesStartsTheUnitAlone()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nRequires=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nExecStart=/bin/wait\n");
    QCOMPARE(w.start("a.service", JobMode::IgnoreDependencies), "done");
    QCOMPARE(w.state("b.service"), "inactive/dead");
    w.stop("a.service");
    w.start("b.service"); // its order counts with ignore-requirements
    QCOMPARE(w.start("a.service", JobMode::IgnoreRequirements), "pending");
    w.exit("b.service");
    QCOMPARE(w.state("a.service"), "active/running");
}

void TestUnitJobs::askingTwiceIsOneJob()
{
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\n");
    const auto first = w.ask(JobType::Start, "a.service");
    w.settle();
    const auto second = w.ask(JobType::Start, "a.service");
    w.settle();
    QCOMPARE(*first, *second);
    QCOMPARE(w.manager.jobs().size(), 1);
    QCOMPARE(w.runs().size(), 1);
    w.exit("a.service");
    QCOMPARE(w.resultOf(*first), "done");
}

void TestUnitJobs::aRestartSwallowsAStart()
{
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\n");
    const auto start = w.ask(JobType::Start, "a.service");
    w.settle();
    const auto restart = w.ask(JobType::Restart, "a.service");
    QCOMPARE(*start, *restart);
    w.settle();
    QCOMPARE(w.runs().size(), 2); // stopped and started anew
    w.exit("a.service");
    QCOMPARE(w.resultOf(*restart), "done");
}

void TestUnitJobs::aReloadOfAStartingUnitIsItsStart()
{
    World w;
    w.file("a.service", "ExecStartPre=/bin/wait\nExecStart=/bin/sleep 9\nExecReload=/bin/true\n");
    const auto start = w.ask(JobType::Start, "a.service");
    w.settle();
    const auto reload = w.ask(JobType::Reload, "a.service");
    w.settle();
    QCOMPARE(*start, *reload); // what starts now reads its configuration anyway
    w.exit("a.service");
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.resultOf(*start), "done");
    QVERIFY(!w.runs().contains("a.service /bin/true"));
}

void TestUnitJobs::tryRestartOfAStoppedUnitDoesNothing()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    const auto job = w.ask(JobType::TryRestart, "a.service");
    w.settle();
    QCOMPARE(w.resultOf(*job), "done");
    QVERIFY(w.runs().isEmpty());
    w.start("a.service");
    w.ask(JobType::TryRestart, "a.service");
    w.settle();
    QCOMPARE(w.runs().size(), 2);
}

void TestUnitJobs::reloadOrRestartDoesWhatFits()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecReload=/bin/true\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    const auto ask = [&w](const char *unit, JobType type) {
        const auto job = w.manager.enqueue(JobRequest{type, unit, JobMode::Replace, true});
        w.settle();
        return w.resultOf(job.value_or(0));
    };
    QCOMPARE(ask("a.service", JobType::Restart), "done"); // not running: start
    QCOMPARE(w.runs(), QStringList{"a.service /bin/sleep 9"});
    QCOMPARE(ask("a.service", JobType::Restart), "done"); // running: reload
    QCOMPARE(w.runs().last(), "a.service /bin/true");
    QCOMPARE(ask("b.service", JobType::Restart), "done");
    QCOMPARE(ask("b.service", JobType::Restart), "done"); // cannot reload: restart
    QCOMPARE(w.runs().count("b.service /bin/sleep 9"), 2);
    w.stop("a.service");
    const qsizetype before = w.runs().size();
    QCOMPARE(ask("a.service", JobType::TryRestart), "done"); // not running: nothing
    QCOMPARE(w.runs().size(), before);
}

void TestUnitJobs::aRestartOfAStoppedUnitStartsIt()
{
    QD_PROVES("S45");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    QCOMPARE(w.restart("a.service"), "done");
    QCOMPARE(w.said("a.service"), QStringList{"Started a.service."});
    QCOMPARE(w.restart("a.service"), "done");
    QCOMPARE(
        w.said("a.service").mid(1),
        (QStringList{
            "Stopping a.service...", "a.service: Deactivated successfully.", "Stopped a.service.",
            "Started a.service."}));
}

void TestUnitJobs::cancellingDoesNotUndo()
{
    QD_PROVES("U-18");
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\n");
    const auto job = w.ask(JobType::Start, "a.service");
    w.settle();
    QVERIFY(w.manager.cancel(*job).has_value());
    w.settle();
    QCOMPARE(w.resultOf(*job), "canceled");
    QCOMPARE(w.state("a.service"), "activating/start");
    w.exit("a.service");
    QCOMPARE(w.state("a.service"), "gone");
    QCOMPARE(w.manager.cancel(77).error().message, "Job 77 does not exist.");
}

void TestUnitJobs::cancellingTakesDependantsAlong()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nRequires=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nExecStart=/bin/wait\n");
    const auto job = w.ask(JobType::Start, "a.service");
    w.settle();
    const JobId other = w.unit("b.service").job;
    QVERIFY(w.manager.cancel(other).has_value());
    w.settle();
    QCOMPARE(w.resultOf(*job), "dependency");

    const auto again = w.ask(JobType::Start, "a.service");
    w.settle();
    w.manager.cancelAll();
    w.settle();
    QCOMPARE(w.resultOf(*again), "canceled"); // all are cancelled: nobody's fault
    QVERIFY(w.manager.jobs().isEmpty());
}

void TestUnitJobs::aJobMayTimeOut()
{
    World w;
    w.file(
        "a.service", "[Unit]\nDescription=Slow\nJobRunningTimeoutSec=300ms\n[Service]\n"
                     "Type=oneshot\nExecStart=/bin/wait\n");
    const auto job = w.ask(JobType::Start, "a.service");
    w.settle();
    w.advance(300);
    QCOMPARE(w.resultOf(*job), "timeout");
    QCOMPARE(w.state("a.service"), "activating/start"); // the unit itself goes on
    QCOMPARE(
        w.said("a.service"),
        (QStringList{
            "Starting a.service - Slow...", "a.service: Job a.service/start timed out.",
            "Timed out starting a.service - Slow.",
            "a.service: Job a.service/start failed with result 'timeout'."}));
    w.file(
        "b.service", "[Unit]\nJobTimeoutSec=1\nAfter=a.service\n[Service]\nExecStart=/bin/true\n");
    w.file("a.service", "Type=oneshot\nExecStart=/bin/wait\n");
    w.exit("a.service");
    w.start("a.service");
    const auto waits = w.ask(JobType::Start, "b.service");
    w.settle();
    w.advance(1000);
    QCOMPARE(w.resultOf(*waits), "timeout"); // also without having begun
}

void TestUnitJobs::refusalsHaveTheirSentences()
{
    World w;
    w.file("a.service", "[Unit]\nRefuseManualStart=yes\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "[Unit]\nRefuseManualStop=yes\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("c.service", "[Unit]\nWants=a.service\n[Service]\nExecStart=/bin/sleep 9\n");
    const auto sentence = [&w](JobType type, const QString &unit) {
        return w.ask(type, unit).error().message;
    };
    QCOMPARE(
        sentence(JobType::Start, "a.service"),
        "Operation refused, unit a.service may be requested by dependency only (it is configured "
        "to refuse manual start/stop).");
    w.start("c.service");
    QCOMPARE(w.state("a.service"), "active/running"); // by dependency
    w.start("b.service");
    QCOMPARE(w.stop("b.service"), "units.only_by_dependency");
    QCOMPARE(w.restart("b.service"), "units.only_by_dependency");
    QCOMPARE(sentence(JobType::Start, "no.service"), "Unit no.service not found.");
    QCOMPARE(sentence(JobType::Stop, "no.service"), "Unit no.service not loaded.");
    QCOMPARE(
        sentence(JobType::Start, "x@.service"),
        "Unit name x@.service is missing the instance name.");
    QCOMPARE(sentence(JobType::Start, "what"), "Unit name what is not valid.");
    QCOMPARE(
        sentence(JobType::Stop, "-.slice"), "Job type stop is not applicable for unit -.slice.");
}

void TestUnitJobs::theEndOfAJobIsToldAfterItsUnit()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    const qsizetype state = w.news.indexOf("unit a.service active/running");
    const qsizetype end =
        w.news.indexOf(QStringLiteral("ended %1 a.service done").arg(w.results.lastKey()));
    QVERIFY(state >= 0);
    QVERIFY(end > state); // who waits for the job looks at the unit then
    QVERIFY(w.news.indexOf(QStringLiteral("job %1 a.service").arg(w.results.lastKey())) < state);
}

void TestUnitJobs::jobsAreListed()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nRequires=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nExecStart=/bin/wait\n");
    const auto id = w.ask(JobType::Start, "a.service");
    w.settle();
    QCOMPARE(w.manager.jobs().size(), 2);
    const JobInfo waiting = *w.manager.job(*id);
    QCOMPARE(waiting.unit, "a.service");
    QCOMPARE(toText(waiting.state), "waiting");
    QCOMPARE(toText(waiting.type), "start");
    QCOMPARE(w.unit("a.service").job, *id);
    QCOMPARE(toText(w.manager.job(w.unit("b.service").job)->state), "running");
    w.exit("b.service");
    QVERIFY(w.manager.jobs().isEmpty());
    QCOMPARE(w.unit("a.service").job, 0u);
    QCOMPARE(w.manager.failedJobs(), 0u);
}

void TestUnitJobs::nobodyStopsADevice()
{
    World w;
    w.file("a.device", "[Unit]\nDescription=Disk\n");
    w.file("who-names-it.target", "[Unit]\nWants=a.device\n");
    QCOMPARE(w.start("who-names-it.target"), "done");
    QCOMPARE(w.unit("a.device").sub, "plugged");
    QCOMPARE(w.stop("a.device"), "unsupported");
    QCOMPARE(w.unit("a.device").sub, "plugged");
}

void TestUnitJobs::aThousandUnitsInOneTransaction()
{
    World w;
    QByteArray wants = "[Unit]\nWants=";
    for (int i = 0; i < 1000; ++i) {
        const QByteArray number = QByteArray::number(i);
        QByteArray text = "[Unit]\n";
        if (i > 0)
            text += "After=u" + QByteArray::number(i - 1) + ".service\n";
        w.file("u" + number + ".service", text + "[Service]\nType=oneshot\nExecStart=/bin/true\n");
        wants += "u" + number + ".service ";
    }
    w.file("all.target", wants + "\n");
    QCOMPARE(w.start("all.target"), "done");
    QCOMPARE(w.runs().size(), 1000);
    QCOMPARE(w.runs().last(), "u999.service /bin/true"); // each after the one before
    QCOMPARE(w.runs().first(), "u0.service /bin/true");
}

QD_TEST_MAIN(TestUnitJobs)
#include "tst_unit_jobs.moc"
