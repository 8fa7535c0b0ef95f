// SPDX-License-Identifier: GPL-3.0-or-later
// Paths (ch3-systemd.md 10; U-48): what they wait for, and what they do while their unit runs.
#include "agent/units/engine/errors.h"
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

namespace {

void aPath(World &world, const QByteArray &lines)
{
    world.file("job.service", "Type=oneshot\nExecStart=/bin/work\n");
    world.file("job.path", "[Path]\n" + lines);
}

qsizetype runsOf(const World &world, const QString &unit)
{
    return world.runs().filter(unit + u' ').size();
}

} // namespace

class TestPaths : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatExistsStartsTheService();
    void whatStillExistsAfterwardsStartsItAgain();
    void aChangeStartsItAndTheStartOfThePathDoesNot();
    void anyOfSeveralLinesWillDo();
    void thePathNamesWhatItStarts();
    void foldersAreMadeWhenAskedFor();
    void aServiceThatMayNotStartAnyMoreFailsThePath();
    void tooManyTriggersFailThePath();
    void stoppingStopsTheWatch();
    void aPathWithoutALineIsABadFile();
};

void TestPaths::whatExistsStartsTheService()
{
    World world;
    aPath(world, "PathExists=/run/flag\n");
    QCOMPARE(world.start("job.path"), "done");
    QCOMPARE(world.state("job.path"), "active/waiting");
    world.touch("/run/other");
    QCOMPARE(runsOf(world, "job.service"), 0);
    world.touch("/run/flag");
    QCOMPARE(runsOf(world, "job.service"), 1);
    QCOMPARE(world.state("job.path"), "active/running");

    World there; // and it counts when it was there before
    aPath(there, "PathExists=/run/flag\n");
    there.touch("/run/flag");
    there.start("job.path");
    QCOMPARE(runsOf(there, "job.service"), 1);
}

void TestPaths::whatStillExistsAfterwardsStartsItAgain()
{
    QD_PROVES("U-48");
    World world;
    aPath(world, "PathExists=/run/flag\n");
    world.start("job.path");
    world.touch("/run/flag");
    world.exit("job.service");
    QCOMPARE(runsOf(world, "job.service"), 2);
    world.remove("/run/flag");
    world.exit("job.service");
    QCOMPARE(runsOf(world, "job.service"), 2);
    QCOMPARE(world.state("job.path"), "active/waiting");
}

void TestPaths::aChangeStartsItAndTheStartOfThePathDoesNot()
{
    World world;
    aPath(world, "PathChanged=/etc/conf\n");
    world.touch("/etc/conf");
    world.start("job.path");
    QCOMPARE(world.state("job.path"), "active/waiting");
    world.write("/etc/conf");
    QCOMPARE(runsOf(world, "job.service"), 1);
    world.write("/etc/conf"); // nobody waits while it runs
    world.exit("job.service");
    QCOMPARE(runsOf(world, "job.service"), 1);
    world.remove("/etc/conf"); // to go, and to come, are changes
    QCOMPARE(runsOf(world, "job.service"), 2);
}

void TestPaths::anyOfSeveralLinesWillDo()
{
    QD_PROVES("S107");
    World world;
    aPath(world, "PathExists=/run/a\nPathChanged=/run/b\n");
    world.start("job.path");
    world.touch("/run/a");
    QCOMPARE(runsOf(world, "job.service"), 1);
    world.remove("/run/a");
    world.exit("job.service");
    QCOMPARE(world.state("job.path"), "active/waiting");
    world.touch("/run/b");
    QCOMPARE(runsOf(world, "job.service"), 2);
}

void TestPaths::thePathNamesWhatItStarts()
{
    QD_PROVES("S108");
    World world;
    aPath(world, "PathExists=/run/flag\nUnit=other.service\n");
    world.file("other.service", "ExecStart=/bin/work\n");
    world.start("job.path");
    world.touch("/run/flag");
    QCOMPARE(runsOf(world, "other.service"), 1);
    QCOMPARE(runsOf(world, "job.service"), 0);
}

void TestPaths::foldersAreMadeWhenAskedFor()
{
    World world;
    aPath(
        world, "DirectoryNotEmpty=/var/spool/job\nMakeDirectory=yes\nDirectoryMode=0700\n"
               "PathExists=/run/flag\n");
    world.start("job.path");
    QCOMPARE(world.driver.log.filter("folder"), QStringList{"folder /var/spool/job 700"});
}

void TestPaths::aServiceThatMayNotStartAnyMoreFailsThePath()
{
    QD_PROVES("U-48");
    World world;
    aPath(world, "PathExists=/run/flag\n");
    world.file("job.service", "Type=oneshot\nExecStart=/bin/true\n");
    world.start("job.path");
    world.touch("/run/flag"); // and nobody removes it
    QCOMPARE(runsOf(world, "job.service"), 5);
    QCOMPARE(world.state("job.path"), "failed/failed");
    QCOMPARE(toText(world.unit("job.path").result), "unit-start-limit-hit");
    QVERIFY(!world.driver.watched.contains("job.path"));
}

void TestPaths::tooManyTriggersFailThePath()
{
    World world;
    aPath(world, "PathExists=/run/flag\nTriggerLimitBurst=3\nTriggerLimitIntervalSec=1min\n");
    world.file(
        "job.service", "[Unit]\nStartLimitBurst=0\n[Service]\nType=oneshot\nExecStart=/bin/true\n");
    world.start("job.path");
    world.touch("/run/flag");
    QCOMPARE(runsOf(world, "job.service"), 3);
    QCOMPARE(toText(world.unit("job.path").result), "trigger-limit-hit");
    QVERIFY(world.wasSaid("job.path: Trigger limit hit, refusing further activation."));
}

void TestPaths::stoppingStopsTheWatch()
{
    World world;
    aPath(world, "PathExists=/run/flag\n");
    world.start("job.path");
    QVERIFY(world.driver.watched.contains("job.path"));
    QCOMPARE(world.stop("job.path"), "done");
    QVERIFY(!world.driver.watched.contains("job.path"));
    world.touch("/run/flag");
    QCOMPARE(runsOf(world, "job.service"), 0);
}

void TestPaths::aPathWithoutALineIsABadFile()
{
    World world;
    world.file("job.service", "ExecStart=/bin/true\n");
    world.file("job.path", "[Path]\nPathExists=relative\n");
    QCOMPARE(world.start("job.path"), error::badSetting);
}

QD_TEST_MAIN(TestPaths)
#include "tst_paths.moc"
