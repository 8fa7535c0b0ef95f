// SPDX-License-Identifier: GPL-3.0-or-later
// Mounts (ch3-systemd.md 12): what is asked of /bin/mount, and what the kernel's table says.
#include "agent/units/engine/errors.h"
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

namespace {

const QString kUnit = "media-disk.mount";

void aMount(World &world, const QByteArray &lines = {})
{
    world.file("media-disk.mount", "[Mount]\nWhat=/dev/sdb1\nWhere=/media/disk\n" + lines);
}

/// The command that the unit runs ends.
void ends(World &world, const QString &unit, int status = 0)
{
    world.driver.end(world.unit(unit).command.pid, CLD_EXITED, status);
    world.settle();
}

/// /bin/mount does its work and ends.
QString mountIt(World &world)
{
    const auto job = world.ask(JobType::Start, kUnit);
    world.settle();
    world.driver.table.append(MountPoint{"/dev/sdb1", "/media/disk", "ext4", "rw"});
    ends(world, kUnit);
    return world.resultOf(*job);
}

} // namespace

class TestMounts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void mountingRunsItsCommand();
    void theStatesOfAMountAndItsEnd();
    void theNameSaysWhere();
    void badMountsAreRefused_data();
    void badMountsAreRefused();
    void aFailingCommandFailsTheMount();
    void aCommandThatHasMountedNothingFailsIt();
    void nothingIsMountedBehindALink();
    void whatABindMountShowsIsMade();
    void whatHangsIsKilled();
    void whatIsMountedByHandIsAUnit();
    void whatIsUnmountedByHandIsDown();
    void whatCannotBeUnmountedStays();
    void whatIsMountedTwiceIsUnmountedTwice();
    void aReloadRemounts();
    void aServiceNeedsTheMountsOfItsPaths();
    void mountsComeBeforeTheirTarget();
};

void TestMounts::mountingRunsItsCommand()
{
    QD_PROVES("S126");
    World world;
    aMount(
        world, "Type=ext4\nOptions=nodev,commit=600\nSloppyOptions=yes\nReadWriteOnly=yes\n"
               "DirectoryMode=0700\nLazyUnmount=yes\nForceUnmount=yes\n");
    QCOMPARE(mountIt(world), "done");
    QCOMPARE(world.driver.log.filter("folder"), QStringList{"folder /media/disk 700"});
    QCOMPARE(
        world.runs(),
        QStringList{"media-disk.mount /bin/mount /dev/sdb1 /media/disk -s -w -t ext4 -o "
                    "nodev,commit=600"});
    world.ask(JobType::Stop, kUnit);
    world.settle();
    QCOMPARE(world.runs().last(), "media-disk.mount /bin/umount /media/disk -c -l -f");
}

void TestMounts::theStatesOfAMountAndItsEnd()
{
    QD_PROVES("S130");
    World world;
    aMount(world);
    const auto job = world.ask(JobType::Start, kUnit);
    world.settle();
    QCOMPARE(world.state(kUnit), "activating/mounting");
    world.mounted("/dev/sdb1", "/media/disk");
    QCOMPARE(world.state(kUnit), "active/mounting-done");
    QCOMPARE(world.resultOf(*job), "done");
    ends(world, kUnit);
    QCOMPARE(world.state(kUnit), "active/mounted");
    QVERIFY(world.wasSaid("Mounting media-disk.mount - /media/disk..."));
    QVERIFY(world.wasSaid("Mounted media-disk.mount - /media/disk."));
    const auto stop = world.ask(JobType::Stop, kUnit);
    world.settle();
    QCOMPARE(world.state(kUnit), "deactivating/unmounting");
    world.unmounted("/media/disk");
    QCOMPARE(world.resultOf(*stop), "pending");
    ends(world, kUnit);
    QCOMPARE(world.resultOf(*stop), "done");
    QVERIFY(world.wasSaid("Unmounted media-disk.mount - /media/disk."));
}

void TestMounts::theNameSaysWhere()
{
    QD_PROVES("S125");
    World world;
    const QString name = "media-my\\x2dmount\\x2dpoint.mount";
    world.file(name, "[Mount]\nWhat=/dev/sdb1\nWhere=/media/my-mount-point\n");
    world.ask(JobType::Start, name);
    world.settle();
    QCOMPARE(world.state(name), "activating/mounting");
    world.file("media-other.mount", "[Mount]\nWhat=/dev/sdb1\nWhere=/media/another\n");
    QCOMPARE(world.start("media-other.mount"), error::badSetting);
    QVERIFY(world.wasSaid("media-other.mount: Where= setting doesn't match unit name. Refusing."));
    world.file("media-nowhere.mount", "[Mount]\nWhat=/dev/sdc\n"); // the name alone will do
    world.ask(JobType::Start, "media-nowhere.mount");
    world.settle();
    QCOMPARE(world.runs().last(), "media-nowhere.mount /bin/mount /dev/sdc /media/nowhere");
}

void TestMounts::badMountsAreRefused_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("nothing") << "a.mount" << QByteArray("[Mount]\nWhere=/a\n")
                             << "What= setting is missing. Refusing.";
    QTest::newRow("kernel's") << "proc.mount" << QByteArray("[Mount]\nWhat=x\nWhere=/proc\n")
                              << "Cannot create mount unit for API file system /proc. Refusing.";
}

void TestMounts::badMountsAreRefused()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, text);
    QFETCH(QString, sentence);
    World world;
    world.file(name, text);
    QCOMPARE(world.start(name), error::badSetting);
    QVERIFY(world.wasSaid(sentence));
}

void TestMounts::aFailingCommandFailsTheMount()
{
    World world;
    aMount(world);
    const auto job = world.ask(JobType::Start, kUnit);
    world.settle();
    ends(world, kUnit, 32);
    QCOMPARE(world.resultOf(*job), "failed");
    QCOMPARE(world.state(kUnit), "failed/failed");
    QCOMPARE(toText(world.unit(kUnit).result), "exit-code");
    QVERIFY(world.wasSaid("Mount process exited, code=exited, status=32"));
    QVERIFY(world.manager.resetFailed(kUnit));
    QCOMPARE(mountIt(world), "done");
}

/// Whoever may write in a folder above would say where root mounts.
void TestMounts::nothingIsMountedBehindALink()
{
    World world;
    world.driver.links.insert("/media");
    aMount(world);
    const auto job = world.ask(JobType::Start, kUnit);
    world.settle();
    QCOMPARE(world.resultOf(*job), "failed");
    QCOMPARE(world.state(kUnit), "failed/failed");
    QCOMPARE(toText(world.unit(kUnit).result), "resources");
    QVERIFY(world.wasSaid("Mount path /media/disk is not canonical (contains a symlink)."));
    QVERIFY(world.driver.running.isEmpty());
    QVERIFY(!world.driver.existing.contains("/media/disk"));
}

void TestMounts::whatABindMountShowsIsMade()
{
    World world;
    world.file("media-disk.mount", "[Mount]\nWhat=/srv/data\nWhere=/media/disk\nOptions=bind\n");
    world.ask(JobType::Start, kUnit);
    world.settle();
    QVERIFY(world.driver.existing.contains("/srv/data"));
}

void TestMounts::aCommandThatHasMountedNothingFailsIt()
{
    World world;
    aMount(world);
    world.ask(JobType::Start, kUnit);
    world.settle();
    ends(world, kUnit);
    QCOMPARE(toText(world.unit(kUnit).result), "protocol");
    QVERIFY(world.wasSaid("Mount process finished, but there is no mount."));
}

void TestMounts::whatHangsIsKilled()
{
    QD_PROVES("S126");
    World world;
    aMount(world, "TimeoutSec=5\n");
    const auto job = world.ask(JobType::Start, kUnit);
    world.settle();
    world.advance(5000);
    QVERIFY(world.wasSaid("Mounting timed out. Terminating."));
    QCOMPARE(world.resultOf(*job), "failed");
    QCOMPARE(toText(world.unit(kUnit).result), "timeout");
    QCOMPARE(world.processCount(kUnit), 0);

    World patient; // 0 is no limit
    aMount(patient, "TimeoutSec=0\n");
    patient.ask(JobType::Start, kUnit);
    patient.settle();
    patient.advance(3'600'000);
    QCOMPARE(patient.state(kUnit), "activating/mounting");
}

void TestMounts::whatIsMountedByHandIsAUnit()
{
    World world;
    world.mounted("tmpfs", "/srv/a b", "tmpfs");
    const QString name = "srv-a\\x20b.mount";
    QCOMPARE(world.state(name), "active/mounted");
    QCOMPARE(toText(world.unit(name).load), "loaded");
    QCOMPARE(world.unit(name).mount.what, "tmpfs");
    world.mounted("proc", "/proc", "proc"); // the kernel's own is none
    QCOMPARE(world.state("proc.mount"), "gone");

    World known; // and one that has a file is the one of the file
    aMount(known);
    known.manager.load(kUnit);
    known.mounted("/dev/sdb1", "/media/disk");
    QCOMPARE(known.state(kUnit), "active/mounted");
    QVERIFY(known.runs().isEmpty());
}

void TestMounts::whatIsUnmountedByHandIsDown()
{
    World world;
    aMount(world);
    world.file(
        "user.service", "[Unit]\nBindsTo=media-disk.mount\nAfter=media-disk.mount\n"
                        "[Service]\nExecStart=/bin/use\n");
    mountIt(world);
    QCOMPARE(world.start("user.service"), "done");
    world.unmounted("/media/disk");
    QCOMPARE(world.state("user.service"), "gone"); // it was bound to it
    QCOMPARE(world.state(kUnit), "gone");
}

void TestMounts::whatCannotBeUnmountedStays()
{
    World world;
    aMount(world);
    mountIt(world);
    const auto stop = world.ask(JobType::Stop, kUnit);
    world.settle();
    ends(world, kUnit, 32); // it is busy
    QCOMPARE(world.resultOf(*stop), "failed");
    QCOMPARE(world.state(kUnit), "active/mounted");
    QVERIFY(world.wasSaid("Failed unmounting media-disk.mount - /media/disk."));
}

void TestMounts::whatIsMountedTwiceIsUnmountedTwice()
{
    World world;
    aMount(world);
    mountIt(world);
    world.mounted("/dev/sdc", "/media/disk");
    const auto stop = world.ask(JobType::Stop, kUnit);
    for (int i = 0; i < 2; ++i) {
        world.settle();
        world.driver.table.removeLast();
        ends(world, kUnit);
    }
    QCOMPARE(world.resultOf(*stop), "done");
    QCOMPARE(world.runs().filter("umount").size(), 2);
}

void TestMounts::aReloadRemounts()
{
    World world;
    aMount(world, "Options=ro\nType=ext4\n");
    mountIt(world);
    const auto job = world.ask(JobType::Reload, kUnit);
    world.settle();
    QCOMPARE(world.state(kUnit), "reloading/remounting");
    QCOMPARE(
        world.runs().last(),
        "media-disk.mount /bin/mount /dev/sdb1 /media/disk -o remount,ro -t ext4");
    ends(world, kUnit);
    QCOMPARE(world.resultOf(*job), "done");
    const auto bad = world.ask(JobType::Reload, kUnit);
    world.settle();
    ends(world, kUnit, 32);
    QCOMPARE(world.resultOf(*bad), "failed");
    QCOMPARE(world.state(kUnit), "active/mounted");
    QCOMPARE(toText(world.unit(kUnit).result), "success");
}

void TestMounts::aServiceNeedsTheMountsOfItsPaths()
{
    World world;
    aMount(world);
    world.file(
        "user.service", "[Unit]\nRequiresMountsFor=/media/disk/data /elsewhere\n"
                        "[Service]\nExecStart=/bin/use\n");
    const auto job = world.ask(JobType::Start, "user.service");
    world.settle();
    QCOMPARE(world.state(kUnit), "activating/mounting");
    QCOMPARE(world.resultOf(*job), "pending");
    ends(world, kUnit, 1);
    QCOMPARE(world.resultOf(*job), "dependency");
    QCOMPARE(world.state("elsewhere.mount"), "gone");
}

void TestMounts::mountsComeBeforeTheirTarget()
{
    World world;
    aMount(world);
    world.file("srv.mount", "[Mount]\nWhat=server:/x\nWhere=/srv\nType=nfs\n");
    for (const QString &name : {kUnit, QString("srv.mount")})
        world.manager.load(name);
    QVERIFY(world.manager.load(kUnit)); // which it is before run() forgets it
    const auto before = [&world](const QString &name) {
        return (*world.manager.load(name))->dependencyNames(Dependency::Before);
    };
    QVERIFY(before(kUnit).contains("local-fs.target"));
    QVERIFY(before("srv.mount").contains("remote-fs.target"));
    QVERIFY(before(kUnit).contains("umount.target"));
}

QD_TEST_MAIN(TestMounts)
#include "tst_mounts.moc"
