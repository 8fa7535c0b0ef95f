// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

/// How units come into memory, change and go (ch3-systemd.md 3.2 to 3.5, 8).
class TestUnitLoading : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void valuesOutOfTheirRangeAreNotTaken();
    void permissionsStartOnlyLeavesTheOthersPrivileged();
    void anIsolateLeavesMountsAlone();
    void aMissingFileIsNotFound();
    void aFileThatComesLaterIsFound();
    void aMaskedUnitDoesNotStart();
    void whatSystemdRefusesIsABadSetting();
    void warningsAreTold();
    void aFileIsComplainedOfOnce();
    void settingsAreRead();
    void dropInsAreMerged();
    void instancesComeFromTheirTemplate();
    void aliasesLeadToOneUnit();
    void aChangedFileWaitsForTheReload();
    void aReloadTouchesNoProcess();
    void aReloadedListRunsTheNewCommands();
    void aReloadInTheMiddleOfAStepEndsTheStep();
    void aRemovedFileLeavesTheProcess();
    void aReloadBringsNewDependencies();
    void aReloadAnnouncesItself();
    void idleUnitsAreForgotten();
    void failedUnitsStayUntilReset();
    void aReferenceKeepsAUnit();
    void targetsAreThereWithoutFiles();
    void aFileOfANodeBeatsTheBuiltinTarget();
    void processesBelongToTheirUnit();
};

void TestUnitLoading::valuesOutOfTheirRangeAreNotTaken()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nDocumentation=man:a(1) a-word https://example.org/\n[Service]\nNice=5\n"
        "Nice=20\nOOMScoreAdjust=-1001\nExecStart=/bin/sleep 9\n");
    w.manager.load("a.service");
    QCOMPARE(w.unit("a.service").exec.nice, std::optional(5));
    QCOMPARE(w.unit("a.service").exec.oomScoreAdjust, std::nullopt);
    QCOMPARE(
        w.unit("a.service").settings.documentation,
        (QStringList{"man:a(1)", "https://example.org/"}));
}

void TestUnitLoading::permissionsStartOnlyLeavesTheOthersPrivileged()
{
    World w;
    w.file(
        "a.service", "PermissionsStartOnly=yes\nExecStartPre=/bin/true\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    QVERIFY(w.driver.requests[0].staysPrivileged);
    QVERIFY(!w.driver.requests[1].staysPrivileged);
}

void TestUnitLoading::anIsolateLeavesMountsAlone()
{
    World w;
    w.mounted("tmpfs", "/data");
    w.file("t.target", "[Unit]\nAllowIsolate=yes\n");
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.start("t.target", JobMode::Isolate);
    QCOMPARE(w.processCount("a.service"), 0);
    QCOMPARE(w.state("data.mount"), "active/mounted");
}

void TestUnitLoading::aMissingFileIsNotFound()
{
    World w;
    const Unit *unit = *w.manager.load("no.service");
    QCOMPARE(toText(unit->load), "not-found");
    QCOMPARE(unit->loadError.message, "Unit no.service not found.");
    QCOMPARE(w.start("no.service"), "units.no_such_unit");
    QCOMPARE(w.restart("no.service"), "units.no_such_unit");
    QCOMPARE(w.state("no.service"), "gone"); // nobody needs it
    QVERIFY(!w.manager.load("no").has_value());
}

void TestUnitLoading::aFileThatComesLaterIsFound()
{
    QD_PROVES("S40");
    World w;
    w.file("a.service", "[Unit]\nAfter=late.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.start("a.service"); // keeps the other in memory, without a file
    QCOMPARE(toText(w.unit("late.service").load), "not-found");
    w.file("late.service", "ExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("late.service"), "done"); // without a reload
    QCOMPARE(w.state("late.service"), "active/running");
}

void TestUnitLoading::aMaskedUnitDoesNotStart()
{
    QD_PROVES("U-44");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.source.masked.insert("a.service");
    const auto refused = w.ask(JobType::Start, "a.service");
    QCOMPARE(refused.error().code, "units.masked");
    QCOMPARE(refused.error().message, "Unit a.service is masked.");
}

void TestUnitLoading::whatSystemdRefusesIsABadSetting()
{
    World w;
    w.file("a.service", "ExecStart=bin/docker run\nExecStop=/bin/true\n");
    w.file("b.service", "ExecStop=/bin/true\nType=simple\n");
    w.file("c.service", "Nice=1\n");
    w.file("d.service", "Type=oneshot\nRestart=always\nExecStart=/bin/true\n");
    w.file("e.service", "ExecStart=/bin/echo \"unclosed\n");
    for (const char *name : {"a.service", "b.service", "c.service", "d.service", "e.service"}) {
        const auto refused = w.ask(JobType::Start, name);
        QVERIFY2(!refused, name);
        QCOMPARE(refused.error().code, "units.bad_unit_setting");
        QCOMPARE(
            refused.error().message,
            QStringLiteral("Unit %1 has a bad unit file setting.").arg(name));
    }
    QVERIFY(w.wasSaid("c.service: Service lacks both ExecStart= and ExecStop= setting. Refusing."));
    QVERIFY(w.wasSaid("Service has Restart= set to either always or on-success, which isn't "
                      "allowed for Type=oneshot services. Refusing."));
}

void TestUnitLoading::warningsAreTold()
{
    World w;
    w.file(
        "a.service", "[Unit]\nWhat=1\n[Service]\nExecStart=/bin/sleep 9\nRestart=bogus\n"
                     "[X-Fleet]\nMachineOf=b.service\n[Strange]\nA=1\n");
    QCOMPARE(w.start("a.service"), "done"); // with what is good
    QCOMPARE(toText(w.unit("a.service").service.restart), "no");
    QVERIFY(w.wasSaid("/etc/systemd/system/a.service:2"));
    QVERIFY(!w.wasSaid("X-Fleet"));
    QCOMPARE(w.unit("a.service").problems.size(), 3);
    QVERIFY(w.wasSaid("/etc/systemd/system/a.service:9] Unknown section 'Strange'. Ignoring."));
}

void TestUnitLoading::aFileIsComplainedOfOnce()
{
    World w;
    const auto look = [&w](const QString &unit) {
        w.manager.load(unit); // as each look at its object's path does
        w.settle();
        return w.said(unit).size();
    };
    w.file("bad.service", "Type=dbus\nBusName=a.b\nExecStart=/bin/true\n");
    w.file("odd.service", "What=1\nExecStart=/bin/true\n");
    const QStringList names{QStringLiteral("bad.service"), QStringLiteral("odd.service")};
    for (const QString &name : names) {
        const qsizetype once = look(name);
        QVERIFY(once > 0);
        QCOMPARE(w.state(name), "gone"); // nobody needs it
        QCOMPARE(look(name), once);
        QCOMPARE(look(name), once);
        // Another file is another matter, and so is a reload.
        w.file(name, "What=2\nExecStart=/bin/true\n");
        const qsizetype again = look(name);
        QVERIFY(again > once);
        w.manager.reload();
        QVERIFY(look(name) > again);
    }
}

void TestUnitLoading::settingsAreRead()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nDescription=%n on %i\nDocumentation=man:a(1) https://a.example\n"
        "[Service]\nExecStart=/bin/sleep 9\nUser=core\nWorkingDirectory=-/srv/%u\nNice=5\n"
        "LimitNOFILE=1024:2048\nLimitNPROC=infinity\nUMask=0077\nTimeoutStartSec=1min 30s\n"
        "TimeoutStopSec=0\nSyslogIdentifier=it\nEnvironment=\"A=two words\" B=%H\n"
        "Slice=web-front.slice\nStandardOutput=null\n");
    w.start("a.service");
    const Unit &unit = w.unit("a.service");
    QCOMPARE(unit.settings.description, "a.service on ");
    QCOMPARE(unit.settings.documentation, (QStringList{"man:a(1)", "https://a.example"}));
    QCOMPARE(unit.exec.workingDirectory, "/srv/core");
    QVERIFY(unit.exec.workingDirectoryMayBeMissing);
    QCOMPARE(*unit.exec.nice, 5);
    QCOMPARE(unit.exec.limits["NOFILE"].soft, 1024u);
    QCOMPARE(unit.exec.limits["NOFILE"].hard, 2048u);
    QCOMPARE(unit.exec.limits["NPROC"].soft, qd::unitfile::kInfinity);
    QCOMPARE(unit.exec.umask, 0077u);
    QCOMPARE(unit.service.timeoutStartUs, 90'000'000u);
    QCOMPARE(unit.service.timeoutStopUs, qd::unitfile::kInfinity);
    QCOMPARE(unit.exec.environment.first(), "A=two words");
    QCOMPARE(unit.controlGroup, "/web.slice/web-front.slice/a.service");
    QCOMPARE(w.state("web.slice"), "active/active");
}

void TestUnitLoading::dropInsAreMerged()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 1\nEnvironment=A=1\n");
    w.source.dropIns["a.service"] =
        "[Service]\nExecStart=\nExecStart=/bin/sleep 2\nEnvironment=B=2\n";
    w.start("a.service");
    QCOMPARE(w.runs(), QStringList{"a.service /bin/sleep 2"});
    QCOMPARE(w.driver.requests.last().unitEnvironment, (QStringList{"A=1", "B=2"}));
    QCOMPARE(
        w.unit("a.service").dropInPaths, QStringList{"/etc/systemd/system/a.service.d/x.conf"});
}

void TestUnitLoading::instancesComeFromTheirTemplate()
{
    QD_PROVES("S86", "S87");
    World w;
    w.file("web@.service", "[Unit]\nDescription=Port %i\n[Service]\nExecStart=/bin/sleep %i %I\n");
    w.file("web@81.service", "ExecStart=/bin/sleep own\n");
    QCOMPARE(w.start("web@80.service"), "done");
    QCOMPARE(w.start("web@81.service"), "done"); // a file of its own comes first
    QCOMPARE(w.start("web@a-b.service"), "done");
    QCOMPARE(
        w.runs(), (QStringList{
                      "web@80.service /bin/sleep 80 80", "web@81.service /bin/sleep own",
                      "web@a-b.service /bin/sleep a-b a/b"}));
    QCOMPARE(w.unit("web@80.service").description(), "Port 80");
    QCOMPARE(w.stop("web@80.service"), "done");
    QCOMPARE(w.state("web@a-b.service"), "active/running");
    QCOMPARE(w.start("web@.service"), "bad_input");
}

void TestUnitLoading::aliasesLeadToOneUnit()
{
    World w;
    w.file("real.service", "ExecStart=/bin/sleep 9\n");
    w.source.aliases["other.service"] = "real.service";
    QCOMPARE(w.start("other.service"), "done");
    QCOMPARE(w.start("real.service"), "done");
    QCOMPARE(w.runs().size(), 1);
    QCOMPARE(w.unit("other.service").id, "real.service");
    QCOMPARE(w.unit("real.service").names, (QStringList{"real.service", "other.service"}));
    w.manager.reload();
    QCOMPARE(w.stop("real.service"), "done");
    QCOMPARE(w.state("other.service"), "gone");
}

void TestUnitLoading::aChangedFileWaitsForTheReload()
{
    QD_PROVES("S48");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 1\n");
    w.start("a.service");
    QVERIFY(!w.manager.needsReload("a.service"));
    w.file("a.service", "ExecStart=/bin/sleep 2\n");
    QVERIFY(w.manager.needsReload("a.service"));
    w.restart("a.service");
    QCOMPARE(w.runs().last(), "a.service /bin/sleep 1");
    w.manager.reload();
    QVERIFY(!w.manager.needsReload("a.service"));
    w.restart("a.service");
    QCOMPARE(w.runs().last(), "a.service /bin/sleep 2");
}

void TestUnitLoading::aReloadTouchesNoProcess()
{
    World w;
    w.file(
        "a.service",
        "[Unit]\nRequires=b.service\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n");
    w.file("c.service", "Type=oneshot\nExecStart=/bin/wait\n");
    w.start("a.service");
    const auto waits = w.ask(JobType::Start, "c.service");
    w.settle();
    const qint32 pid = w.mainPid("a.service");
    w.driver.log.clear();
    w.manager.reload();
    w.settle();
    QCOMPARE(w.driver.log, QStringList());
    QCOMPARE(w.mainPid("a.service"), pid);
    QCOMPARE(w.state("b.service"), "active/exited");
    QCOMPARE(w.resultOf(*waits), "pending"); // jobs go on as well
    w.exit("c.service");
    QCOMPARE(w.resultOf(*waits), "done");
    QCOMPARE(w.stop("b.service"), "done"); // dependencies are whole
    QCOMPARE(w.processCount("a.service"), 0);
}

void TestUnitLoading::aReloadedListRunsTheNewCommands()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecStop=/bin/true old\n");
    w.start("a.service");
    w.file("a.service", "ExecStart=/bin/sleep 9\nExecStop=/bin/true new\nKillMode=none\n");
    w.manager.reload();
    w.stop("a.service");
    QCOMPARE(w.runs().last(), "a.service /bin/true new");
    QCOMPARE(w.processCount("a.service"), 1);
}

void TestUnitLoading::aReloadInTheMiddleOfAStepEndsTheStep()
{
    World w;
    w.file(
        "a.service",
        "ExecStartPre=/bin/wait 1\nExecStartPre=/bin/true 2\nExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.file(
        "a.service",
        "ExecStartPre=/bin/true x\nExecStartPre=/bin/true y\nExecStart=/bin/sleep 8\n");
    w.manager.reload();
    w.exit("a.service");
    QCOMPARE(w.runs(), (QStringList{"a.service /bin/wait 1", "a.service /bin/sleep 8"}));
    QCOMPARE(w.state("a.service"), "active/running");

    w.file("b.service", "ExecStartPre=/bin/wait 1\nExecStart=/bin/sleep 9\n");
    w.start("b.service");
    w.source.files.remove("b.service"); // nothing is left to go on with
    w.manager.reload();
    w.exit("b.service");
    QCOMPARE(w.processCount("b.service"), 0);
    QVERIFY(w.manager.jobs().isEmpty());
}

void TestUnitLoading::aRemovedFileLeavesTheProcess()
{
    QD_PROVES("U-43", "S49");
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.source.files.remove("a.service");
    w.manager.reload();
    QCOMPARE(toText(w.unit("a.service").load), "not-found");
    QCOMPARE(w.state("a.service"), "active/running");
    QCOMPARE(w.restart("a.service"), "units.no_such_unit");
    QCOMPARE(w.processCount("a.service"), 1);
    QCOMPARE(w.stop("a.service"), "done");
    QCOMPARE(w.processCount("a.service"), 0);

    w.file("b.service", "ExecStart=/bin/false\n");
    w.start("b.service");
    w.source.files.remove("b.service");
    w.manager.reload();
    w.settle();
    QCOMPARE(toText(w.unit("b.service").load), "not-found"); // not-found failed failed
    QCOMPARE(w.state("b.service"), "failed/failed");
}

void TestUnitLoading::aReloadBringsNewDependencies()
{
    World w;
    w.file("a.service", "ExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.start("a.service");
    w.start("b.service");
    w.file("a.service", "[Unit]\nPartOf=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.manager.reload();
    w.settle();
    QCOMPARE(w.unit("b.service").dependencyNames(Dependency::ConsistsOf), QStringList{"a.service"});
    w.stop("b.service");
    QCOMPARE(w.processCount("a.service"), 0);
}

void TestUnitLoading::aReloadAnnouncesItself()
{
    World w;
    QStringList told;
    QObject::connect(&w.manager, &Manager::reloading, &w.manager, [&told](bool active) {
        told.append(active ? QStringLiteral("begin") : QStringLiteral("end"));
    });
    w.manager.reload();
    QCOMPARE(told, (QStringList{"begin", "end"}));
}

void TestUnitLoading::idleUnitsAreForgotten()
{
    World w;
    w.file("a.service", "[Unit]\nAfter=b.service\n[Service]\nExecStart=/bin/sleep 9\n");
    w.file("b.service", "ExecStart=/bin/sleep 9\n");
    w.manager.load("a.service");
    QCOMPARE(w.state("b.service"), "inactive/dead"); // what it names is loaded with it
    w.settle();
    QCOMPARE(w.state("a.service"), "gone");
    QCOMPARE(w.state("b.service"), "gone");
    w.start("a.service");
    QCOMPARE(w.state("b.service"), "inactive/dead"); // named by one that runs
    w.start("b.service");
    w.stop("a.service");
    QCOMPARE(w.state("a.service"), "gone"); // b does not name it
    QCOMPARE(w.state("b.service"), "active/running");
    QVERIFY(w.news.contains("removed a.service"));
}

void TestUnitLoading::failedUnitsStayUntilReset()
{
    QD_PROVES("S50");
    World w;
    w.file("a.service", "ExecStart=/bin/false\n");
    w.start("a.service");
    QCOMPARE(w.state("a.service"), "failed/failed");
    QVERIFY(w.manager.resetFailed().has_value());
    w.settle();
    QCOMPARE(w.state("a.service"), "gone");
    QCOMPARE(w.manager.resetFailed("a.service").error().message, "Unit a.service not loaded.");
}

void TestUnitLoading::aReferenceKeepsAUnit()
{
    World w;
    w.file("a.service", "Type=oneshot\nExecStart=/bin/true\n");
    w.manager.load("a.service");
    QVERIFY(w.manager.ref("a.service").has_value());
    w.start("a.service");
    QCOMPARE(w.state("a.service"), "inactive/dead");
    QVERIFY(w.unit("a.service").run.main.stop.isSet()); // how it went can be read
    w.manager.unref("a.service");
    w.settle();
    QCOMPARE(w.state("a.service"), "gone");
    QVERIFY(!w.manager.ref("a.service").has_value());
}

void TestUnitLoading::targetsAreThereWithoutFiles()
{
    World w;
    w.file(
        "a.service", "[Unit]\nRequires=network-online.target\nAfter=network-online.target "
                     "network.target\n[Service]\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("a.service"), "done");
    QCOMPARE(w.state("network-online.target"), "active/active");
    QCOMPARE(w.unit("network-online.target").description(), "Network is Online");
    QCOMPARE(w.state("network.target"), "inactive/dead"); // only an order
    QCOMPARE(w.start("multi-user.target"), "done");
    for (const char *name : {"basic.target", "sysinit.target", "timers.target", "slices.target"})
        QCOMPARE(w.state(name), "active/active");
}

void TestUnitLoading::aFileOfANodeBeatsTheBuiltinTarget()
{
    World w;
    w.file("multi-user.target", "[Unit]\nDescription=Mine\n");
    w.start("multi-user.target");
    QCOMPARE(w.unit("multi-user.target").description(), "Mine");
    QCOMPARE(w.state("basic.target"), "gone");
}

void TestUnitLoading::processesBelongToTheirUnit()
{
    World w;
    w.file("a.service", "ExecStart=/bin/parent\n");
    w.start("a.service");
    const qint32 main = w.mainPid("a.service");
    QCOMPARE((*w.manager.unitOfPid(main))->id, "a.service");
    QCOMPARE((*w.manager.unitOfPid(main + 1))->id, "a.service"); // its child
    QCOMPARE(w.manager.unitOfPid(7).error().message, "PID 7 does not belong to any loaded unit.");
    QCOMPARE(w.manager.processes("a.service"), (QList<qint32>{main, main + 1}));
}

QD_TEST_MAIN(TestUnitLoading)
#include "tst_unit_loading.moc"
