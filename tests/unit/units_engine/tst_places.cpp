// SPDX-License-Identifier: GPL-3.0-or-later
// Automounts, swaps and scopes (ch3-systemd.md 13, 14; S93).
#include "agent/units/engine/errors.h"
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

#include <csignal>

using namespace qd::units;
using namespace qd::units::test;

namespace {

const QString kAuto = "media-disk.automount";
const QString kMount = "media-disk.mount";
const QString kSwap = "swapfile.swap";
const QString kScope = "run-1.scope";

void anAutomount(World &world, const QByteArray &lines = {})
{
    world.file(kMount, "[Mount]\nWhat=/dev/sdb1\nWhere=/media/disk\n");
    world.file(kAuto, "[Automount]\nWhere=/media/disk\n" + lines);
}

void ends(World &world, const QString &unit, int status = 0)
{
    world.driver.end(world.unit(unit).command.pid, CLD_EXITED, status);
    world.settle();
}

/// Somebody looks, and /bin/mount does its work.
void comeAndMount(World &world)
{
    world.lookAt(kAuto, 1);
    world.driver.table.append(MountPoint{"/dev/sdb1", "/media/disk", "ext4", "rw"});
    ends(world, kMount);
}

void aScope(World &world, const QByteArray &lines = {})
{
    world.file(kScope, "[Unit]\nDescription=Theirs\n[Scope]\n" + lines);
}

QString startScope(World &world, const QList<qint32> &pids)
{
    const auto job = world.manager.startTransient({{kScope, pids, {}}}, JobMode::Fail);
    world.settle();
    return job ? world.resultOf(*job) : job.error().code;
}

} // namespace

class TestPlaces : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whoLooksWaitsForTheMount();
    void whoLooksIsToldThatItFailed();
    void nobodyThereUnmountsIt();
    void whatIsStillInUseStays();
    void aPlaceThatIsMountedIsRefused();
    void anAutomountNeedsItsMount();
    void aMountThatMayNotStartAnyMoreFailsIt();
    void stoppingLetsGoOfWhoWaits();
    void badAutomountsAreRefused();
    void swapsAreSwitchedOnAndOff();
    void whatIsSwitchedByHandIsFollowed();
    void aSwapThatFailsOrHangs();
    void aSwapIsNamedAfterItsFile();
    void aScopeLooksAfterProcessesOfOthers();
    void aScopeIsStopped();
    void aScopeHasItsTime();
    void aScopeNeedsProcessesAndGroups();
};

void TestPlaces::whoLooksWaitsForTheMount()
{
    World world;
    anAutomount(world, "DirectoryMode=0700\n");
    QCOMPARE(world.start(kAuto), "done");
    QCOMPARE(world.state(kAuto), "active/waiting");
    QCOMPARE(world.driver.log.filter("folder"), QStringList{"folder /media/disk 700"});
    QVERIFY(world.wasSaid("Set up automount media-disk.automount."));
    world.lookAt(kAuto, 7);
    QCOMPARE(world.state(kAuto), "active/running");
    QCOMPARE(world.state(kMount), "activating/mounting");
    QVERIFY(world.driver.requests.last().exec.sameProcessGroup); // the kernel lets it through
    QVERIFY(world.wasSaid("Got automount request for /media/disk, triggered by 4711"));
    QVERIFY(world.driver.log.filter("answer").isEmpty());
    world.mounted("/dev/sdb1", "/media/disk");
    ends(world, kMount);
    QCOMPARE(world.driver.log.filter("answer"), QStringList{"answer media-disk.automount 7 done"});
    QCOMPARE(world.state(kAuto), "active/running");
}

void TestPlaces::whoLooksIsToldThatItFailed()
{
    World world;
    anAutomount(world);
    world.start(kAuto);
    world.lookAt(kAuto, 7);
    ends(world, kMount, 32);
    QCOMPARE(
        world.driver.log.filter("answer"), QStringList{"answer media-disk.automount 7 failed"});
    QCOMPARE(world.state(kAuto), "active/waiting"); // and the next one may try again
}

void TestPlaces::nobodyThereUnmountsIt()
{
    World world;
    anAutomount(world, "TimeoutIdleSec=10\n");
    world.start(kAuto);
    comeAndMount(world);
    world.expire(kAuto, 8);
    QCOMPARE(world.state(kMount), "deactivating/unmounting");
    world.driver.table.clear();
    ends(world, kMount);
    QCOMPARE(world.driver.log.filter("answer").last(), "answer media-disk.automount 8 done");
    QCOMPARE(world.state(kAuto), "active/waiting");
    comeAndMount(world);
    QCOMPARE(world.state(kAuto), "active/running");
}

void TestPlaces::whatIsStillInUseStays()
{
    World world;
    anAutomount(world);
    world.start(kAuto);
    comeAndMount(world);
    world.expire(kAuto, 8);
    ends(world, kMount, 32);
    QCOMPARE(world.driver.log.filter("answer").last(), "answer media-disk.automount 8 failed");
    QCOMPARE(world.state(kAuto), "active/running");
}

void TestPlaces::aPlaceThatIsMountedIsRefused()
{
    QD_PROVES("S132");
    World world;
    anAutomount(world);
    world.touch("/media/disk"); // which makes the condition hold
    QCOMPARE(world.start(kAuto), "failed");
    QVERIFY(world.wasSaid(
        "media-disk.automount: Path /media/disk is already a mount point, refusing start."));
    QVERIFY(world.driver.automounts.isEmpty());
}

void TestPlaces::anAutomountNeedsItsMount()
{
    World world;
    world.file(kAuto, "[Automount]\nWhere=/media/disk\n");
    QCOMPARE(world.start(kAuto), "failed");
    QVERIFY(world.wasSaid("Refusing to start, unit media-disk.mount to trigger not loaded."));
}

void TestPlaces::aMountThatMayNotStartAnyMoreFailsIt()
{
    World world;
    anAutomount(world);
    world.start(kAuto);
    for (quint32 token = 1; token <= 6; ++token) {
        world.lookAt(kAuto, token);
        if (world.unit(kMount).command.pid > 0)
            ends(world, kMount, 32);
    }
    QCOMPARE(world.state(kAuto), "failed/failed");
    QCOMPARE(toText(world.unit(kAuto).result), "mount-start-limit-hit");
    QVERIFY(world.driver.automounts.isEmpty());
}

void TestPlaces::stoppingLetsGoOfWhoWaits()
{
    World world;
    anAutomount(world);
    world.start(kAuto);
    world.lookAt(kAuto, 7);
    QCOMPARE(world.stop(kAuto), "done");
    QCOMPARE(
        world.driver.log.filter("answer"), QStringList{"answer media-disk.automount 7 failed"});
    QVERIFY(world.driver.automounts.isEmpty());

    World taken; // by somebody who unmounts it
    anAutomount(taken);
    taken.start(kAuto);
    taken.manager.automountBroke(kAuto);
    taken.settle();
    QCOMPARE(toText(taken.unit(kAuto).result), "unmounted");
}

void TestPlaces::badAutomountsAreRefused()
{
    World world;
    world.file("a.automount", "[Automount]\nWhere=/b\n");
    QCOMPARE(world.start("a.automount"), error::badSetting);
    QVERIFY(world.wasSaid("a.automount: Where= setting doesn't match unit name. Refusing."));
    world.file("-.automount", "[Automount]\nWhere=/\n");
    QCOMPARE(world.start("-.automount"), error::badSetting);
}

void TestPlaces::swapsAreSwitchedOnAndOff()
{
    QD_PROVES("S135");
    World world;
    world.file(kSwap, "[Swap]\nWhat=/swapfile\nPriority=5\nOptions=discard\n");
    const auto start = world.ask(JobType::Start, kSwap);
    world.settle();
    QCOMPARE(world.state(kSwap), "activating/activating");
    QCOMPARE(
        world.runs(),
        QStringList{"swapfile.swap /sbin/swapon --fixpgsz -o discard,pri=5 /swapfile"});
    world.swapped("/swapfile", true);
    QCOMPARE(world.state(kSwap), "active/activating-done");
    ends(world, kSwap);
    QCOMPARE(world.state(kSwap), "active/active");
    QCOMPARE(world.resultOf(*start), "done");
    QVERIFY(world.wasSaid("Activated swap swapfile.swap - /swapfile."));
    const auto stop = world.ask(JobType::Stop, kSwap);
    world.settle();
    QCOMPARE(world.runs().last(), "swapfile.swap /sbin/swapoff /swapfile");
    world.driver.areas.clear();
    ends(world, kSwap);
    QCOMPARE(world.resultOf(*stop), "done");
}

void TestPlaces::whatIsSwitchedByHandIsFollowed()
{
    World world;
    world.swapped("/dev/zram0", true);
    QCOMPARE(world.state("dev-zram0.swap"), "active/active");
    world.swapped("/dev/zram0", false);
    QCOMPARE(world.state("dev-zram0.swap"), "gone");
}

void TestPlaces::aSwapThatFailsOrHangs()
{
    QD_PROVES("S135");
    World world;
    world.file(kSwap, "[Swap]\nWhat=/swapfile\nTimeoutSec=5\n");
    const auto job = world.ask(JobType::Start, kSwap);
    world.settle();
    ends(world, kSwap, 255);
    QCOMPARE(world.resultOf(*job), "failed");
    QCOMPARE(toText(world.unit(kSwap).result), "exit-code");
    world.ask(JobType::Start, kSwap);
    world.settle();
    world.advance(5000);
    QCOMPARE(toText(world.unit(kSwap).result), "timeout");
}

void TestPlaces::aSwapIsNamedAfterItsFile()
{
    World world;
    world.file("other.swap", "[Swap]\nWhat=/swapfile\n");
    QCOMPARE(world.start("other.swap"), error::badSetting);
    QVERIFY(world.wasSaid("other.swap: Value of What= and unit name do not match, not loading."));
}

void TestPlaces::aScopeLooksAfterProcessesOfOthers()
{
    World world;
    aScope(world);
    QCOMPARE(startScope(world, {4001, 4002}), "done");
    QCOMPARE(world.state(kScope), "active/running");
    QVERIFY(world.unit(kScope).transient);
    QCOMPARE(world.unit(kScope).controlGroup, "/system.slice/run-1.scope");
    QCOMPARE((*world.manager.unitOfPid(4002))->id, kScope);
    world.driver.end(4001, CLD_EXITED, 1);
    world.settle();
    QCOMPARE(world.state(kScope), "active/running");
    QVERIFY(world.manager.abandonScope(kScope));
    QCOMPARE(world.state(kScope), "active/abandoned");
    world.driver.end(4002, CLD_EXITED, 0);
    world.settle();
    QCOMPARE(world.state(kScope), "gone");
    QCOMPARE(startScope(world, {4003}), "done"); // the name is free again
    QCOMPARE(startScope(world, {4004}), error::unitExists);
}

void TestPlaces::aScopeIsStopped()
{
    World world;
    aScope(world, "TimeoutStopSec=5\n");
    startScope(world, {4001});
    QCOMPARE(world.stop(kScope), "done");
    QCOMPARE(world.driver.log.filter("signal 15").size(), 1);

    World stubborn;
    aScope(stubborn, "TimeoutStopSec=5\n");
    startScope(stubborn, {4001});
    stubborn.driver.running[4001].path = "/bin/stubborn";
    const auto job = stubborn.ask(JobType::Stop, kScope);
    stubborn.settle();
    QCOMPARE(stubborn.state(kScope), "deactivating/stop-sigterm");
    stubborn.advance(5000);
    QCOMPARE(stubborn.resultOf(*job), "done");
    QCOMPARE(stubborn.state(kScope), "failed/failed");
    QCOMPARE(toText(stubborn.unit(kScope).result), "timeout");
}

void TestPlaces::aScopeHasItsTime()
{
    World world;
    aScope(world, "RuntimeMaxSec=60\n");
    startScope(world, {4001});
    world.advance(60'000);
    QVERIFY(world.wasSaid("Scope reached runtime time limit. Stopping."));
    QCOMPARE(world.state(kScope), "failed/failed");
}

void TestPlaces::aScopeNeedsProcessesAndGroups()
{
    World world;
    aScope(world);
    QCOMPARE(startScope(world, {}), "failed");
    QVERIFY(world.wasSaid("run-1.scope: Scope has no PIDs. Refusing."));

    World tree;
    aScope(tree);
    tree.driver.tracksByDescent = true;
    QCOMPARE(startScope(tree, {4001}), "failed");
    QCOMPARE(toText(tree.unit(kScope).result), "resources");
}

QD_TEST_MAIN(TestPlaces)
#include "tst_places.moc"
