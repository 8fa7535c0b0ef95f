// SPDX-License-Identifier: GPL-3.0-or-later
// Timers (ch3-systemd.md 9; U-47): what they start, when, and what they do in between.
#include "agent/units/engine/errors.h"
#include "agent/units/engine/timer_machine.h"
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

#include <QDateTime>

using namespace qd::units;
using namespace qd::units::test;

namespace {

constexpr qint64 kSecond = 1000;
constexpr qint64 kMinute = 60 * kSecond;

/// A oneshot `job.service` and a timer for it that is punctual.
void aTimer(World &world, const QByteArray &lines)
{
    world.file("job.service", "Type=oneshot\nExecStart=/bin/true\n");
    world.file("job.timer", "[Timer]\nAccuracySec=1us\n" + lines);
}

qsizetype runsOf(const World &world, const QString &unit)
{
    return world.runs().filter(unit + u' ').size();
}

QString wall(const World &world)
{
    return QDateTime::fromMSecsSinceEpoch(world.clock.wallUs() / 1000, Qt::UTC)
        .toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
}

} // namespace

class TestTimers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachBaseCountsFromItsOwnMoment();
    void aPeriodIsABeginningAndAnInterval();
    void anIntervalAloneWaitsForAFirstRun();
    void whatElapsesDuringARunFiresOnceAfterIt();
    void aMomentOfTheCalendarComesOnce();
    void aCalendarTimerGoesOn();
    void theTimerNamesWhatItStarts();
    void aTimerWithoutItsServiceIsRefused();
    void aTimerWithoutAMomentIsABadFile();
    void whatWasMissedIsMadeUpForOnce();
    void withoutPersistenceWhatWasMissedIsMissed();
    void stoppingDisarms();
    void aSpentTimerIsElapsedOrGone();
    void theClockIsSet();
    void aReloadKeepsWhatIsSpent();
    void aFixedDelayOutlivesTheEngine();
    void aReloadArmsWhatTheFileSaysNow();
    void wakeUpsComeTogether();
    void aTimerIsWantedByItsTarget();
};

void TestTimers::eachBaseCountsFromItsOwnMoment()
{
    QD_PROVES("S95");
    // The world's machine booted at 0; its engine started at 1 s.
    const auto firstRun = [](const QByteArray &line, qint64 until) {
        World world;
        aTimer(world, line);
        world.advance(4 * kSecond); // it is 5 s now
        world.start("job.timer");
        while (runsOf(world, "job.service") == 0 && world.clock.ms < until)
            world.advance(1);
        return world.clock.ms;
    };
    QCOMPARE(firstRun("OnActiveSec=10\n", 60 * kSecond), 15 * kSecond);
    QCOMPARE(firstRun("OnBootSec=10\n", 60 * kSecond), 10 * kSecond);
    QCOMPARE(firstRun("OnStartupSec=10\n", 60 * kSecond), 11 * kSecond);
    // One that is past by the start of the timer fires at once.
    QVERIFY(firstRun("OnBootSec=2\n", 60 * kSecond) <= 5 * kSecond + 1);

    World world;
    aTimer(world, "OnUnitActiveSec=10\n");
    world.file("job.service", "ExecStart=/bin/daemon-like\n");
    world.start("job.timer");
    world.start("job.service");
    world.advance(3 * kSecond);
    world.exit("job.service");
    world.advance(6999);
    QCOMPARE(runsOf(world, "job.service"), 1);
    world.advance(2);
    QCOMPARE(runsOf(world, "job.service"), 2); // ten seconds after its start

    World other;
    aTimer(other, "OnUnitInactiveSec=10\n");
    other.file("job.service", "ExecStart=/bin/daemon-like\n");
    other.start("job.timer");
    other.start("job.service");
    other.advance(3 * kSecond);
    other.exit("job.service");
    other.advance(9999);
    QCOMPARE(runsOf(other, "job.service"), 1);
    other.advance(2);
    QCOMPARE(runsOf(other, "job.service"), 2); // ten seconds after its end
}

void TestTimers::aPeriodIsABeginningAndAnInterval()
{
    QD_PROVES("S96");
    World world;
    aTimer(world, "OnBootSec=15min\nOnUnitActiveSec=24h\n");
    world.start("job.timer");
    QCOMPARE(world.state("job.timer"), "active/waiting");
    world.advance(15 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 1);
    world.advance(24 * 60 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 2);
    world.advance(24 * 60 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 3);
}

void TestTimers::anIntervalAloneWaitsForAFirstRun()
{
    QD_PROVES("U-47");
    World world;
    aTimer(world, "OnUnitActiveSec=10\n");
    world.start("job.timer");
    QCOMPARE(world.state("job.timer"), "active/elapsed");
    world.advance(60 * kSecond);
    QCOMPARE(runsOf(world, "job.service"), 0);
    world.start("job.service");
    QCOMPARE(world.state("job.timer"), "active/waiting");
    world.advance(20 * kSecond);
    QCOMPARE(runsOf(world, "job.service"), 3);
}

void TestTimers::whatElapsesDuringARunFiresOnceAfterIt()
{
    QD_PROVES("U-47");
    World world;
    aTimer(world, "OnActiveSec=500ms\nOnUnitActiveSec=500ms\n");
    world.file("job.service", "Type=oneshot\nExecStart=/bin/work\n");
    world.start("job.timer");
    world.advance(500);
    QCOMPARE(world.state("job.timer"), "active/running");
    world.advance(1500); // three intervals pass while it works
    QCOMPARE(runsOf(world, "job.service"), 1);
    world.exit("job.service");
    world.advance(1);
    QCOMPARE(runsOf(world, "job.service"), 2);
    world.advance(10);
    QCOMPARE(runsOf(world, "job.service"), 2); // none of them was queued
}

void TestTimers::aMomentOfTheCalendarComesOnce()
{
    QD_PROVES("S98");
    World world; // its clock begins at 2023-11-14 22:13:21 UTC
    QCOMPARE(wall(world), "2023-11-14 22:13:21");
    aTimer(world, "OnCalendar=2023-11-15 11:12:13 UTC\n");
    world.start("job.timer");
    world.advance(13 * 60 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 1);
    QCOMPARE(world.unit("job.timer").timing.lastTrigger.realtimeUs / 1000000, 1700046733ULL);
    QCOMPARE(world.state("job.timer"), "active/elapsed");
    world.advance(400 * 24 * 60 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 1);
}

void TestTimers::aCalendarTimerGoesOn()
{
    World world;
    aTimer(world, "OnCalendar=*:0/15 UTC\n");
    world.start("job.timer");
    for (int quarter = 0; quarter < 4; ++quarter)
        world.advance(15 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 4);
    QCOMPARE(world.state("job.timer"), "active/waiting");
    // 23:15, because it is 23:13:21.
    QCOMPARE(world.unit("job.timer").timing.nextRealtimeUs / 1000000, 1700003700ULL);
}

void TestTimers::theTimerNamesWhatItStarts()
{
    QD_PROVES("S99");
    World world;
    aTimer(world, "OnActiveSec=1\nUnit=other.service\n");
    world.file("other.service", "Type=oneshot\nExecStart=/bin/true\n");
    world.start("job.timer");
    QCOMPARE(
        world.unit("job.timer").dependencyNames(Dependency::Triggers),
        QStringList{"other.service"});
    QCOMPARE(
        world.unit("other.service").dependencyNames(Dependency::TriggeredBy),
        QStringList{"job.timer"});
    world.advance(kSecond);
    QCOMPARE(runsOf(world, "other.service"), 1);
    QCOMPARE(runsOf(world, "job.service"), 0);

    World plain;
    aTimer(plain, "OnActiveSec=1\n");
    plain.start("job.timer");
    plain.advance(kSecond);
    QCOMPARE(runsOf(plain, "job.service"), 1);
}

void TestTimers::aTimerWithoutItsServiceIsRefused()
{
    World world;
    world.file("lone.timer", "[Timer]\nOnActiveSec=1\n");
    QCOMPARE(world.start("lone.timer"), "failed");
    QVERIFY(world.wasSaid("Refusing to start, unit lone.service to trigger not loaded."));
    QCOMPARE(world.state("lone.timer"), "gone");
}

void TestTimers::aTimerWithoutAMomentIsABadFile()
{
    World world;
    world.file("job.service", "ExecStart=/bin/true\n");
    world.file("job.timer", "[Timer]\nAccuracySec=1\n");
    QCOMPARE(world.start("job.timer"), error::badSetting);
    world.file("odd.timer", "[Timer]\nOnCalendar=sometimes\nUnit=job.service\n");
    QCOMPARE(world.start("odd.timer"), error::badSetting);
    QVERIFY(world.wasSaid("odd.timer:2] Failed to parse timer value, ignoring: sometimes"));
    // An empty line takes everything back, whatever its kind.
    world.file("back.timer", "[Timer]\nOnActiveSec=1\nOnCalendar=\nUnit=job.service\n");
    QCOMPARE(world.start("back.timer"), error::badSetting);
}

void TestTimers::whatWasMissedIsMadeUpForOnce()
{
    QD_PROVES("S101");
    World world;
    aTimer(world, "OnCalendar=hourly UTC\nPersistent=yes\n");
    // The node was off for three days.
    world.driver.stamps["job.timer"] =
        quint64(world.clock.wallUs()) - quint64(3 * 24 * 60 * kMinute) * 1000;
    world.start("job.timer");
    world.advance(1);
    QCOMPARE(runsOf(world, "job.service"), 1);
    QCOMPARE(world.driver.stamps["job.timer"] / 1000000, quint64(world.clock.wallUs() / 1000000));
    world.advance(46 * kMinute); // 22:59
    QCOMPARE(runsOf(world, "job.service"), 1);
    world.advance(kMinute);
    QCOMPARE(runsOf(world, "job.service"), 2);
}

void TestTimers::withoutPersistenceWhatWasMissedIsMissed()
{
    QD_PROVES("S101");
    World world;
    aTimer(world, "OnCalendar=hourly UTC\n");
    world.driver.stamps["job.timer"] = 1;
    world.start("job.timer");
    world.advance(46 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 0);
    world.advance(kMinute);
    QCOMPARE(runsOf(world, "job.service"), 1);
    QCOMPARE(world.driver.stamps["job.timer"], 1);
}

void TestTimers::stoppingDisarms()
{
    QD_PROVES("S104");
    World world;
    aTimer(world, "OnActiveSec=10\n");
    QCOMPARE(world.start("job.timer"), "done");
    QCOMPARE(world.state("job.timer"), "active/waiting");
    QVERIFY(world.wasSaid("Started job.timer."));
    QCOMPARE(world.stop("job.timer"), "done");
    QCOMPARE(world.state("job.timer"), "gone");
    QVERIFY(world.wasSaid("job.timer: Deactivated successfully."));
    QVERIFY(!world.driver.timers.contains("job.timer"));
    world.advance(60 * kSecond);
    QCOMPARE(runsOf(world, "job.service"), 0);
}

void TestTimers::aSpentTimerIsElapsedOrGone()
{
    World world;
    aTimer(world, "OnActiveSec=10\n");
    world.start("job.timer");
    world.advance(10 * kSecond);
    QCOMPARE(world.state("job.timer"), "active/elapsed");
    QCOMPARE(world.start("job.timer"), "done"); // it is there: no second round
    world.advance(60 * kSecond);
    QCOMPARE(runsOf(world, "job.service"), 1);

    World other;
    aTimer(other, "OnActiveSec=10\nRemainAfterElapse=no\n");
    other.start("job.timer");
    other.advance(10 * kSecond);
    QCOMPARE(runsOf(other, "job.service"), 1);
    QCOMPARE(other.state("job.timer"), "gone");
}

void TestTimers::theClockIsSet()
{
    World world;
    aTimer(world, "OnCalendar=daily UTC\n"); // in 1 h 46 min
    world.start("job.timer");
    world.setClock(106 * kMinute);
    world.advance(kMinute);
    QCOMPARE(runsOf(world, "job.service"), 1); // not at the moment that was armed at first
    // Set back by a day, it is due again at midnight.
    world.setClock(-24 * 60 * kMinute);
    world.advance(24 * 60 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 2);

    World told;
    aTimer(told, "OnClockChange=yes\n");
    told.start("job.timer");
    QCOMPARE(told.state("job.timer"), "active/waiting");
    told.setClock(1);
    QCOMPARE(runsOf(told, "job.service"), 1);
}

void TestTimers::aReloadKeepsWhatIsSpent()
{
    World world;
    aTimer(world, "OnActiveSec=10\nOnUnitActiveSec=1h\n");
    world.start("job.timer");
    world.advance(10 * kSecond);
    QCOMPARE(runsOf(world, "job.service"), 1);
    world.manager.reload();
    world.settle();
    world.advance(30 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 1);
    QCOMPARE(world.state("job.timer"), "active/waiting");
    world.advance(30 * kMinute);
    QCOMPARE(runsOf(world, "job.service"), 2);
}

void TestTimers::aFixedDelayOutlivesTheEngine()
{
    const auto dueIn = [](quint64 seed, const QByteArray &kind) {
        World world(seed);
        aTimer(world, "OnActiveSec=1\nRandomizedDelaySec=1h\n" + kind);
        world.start("job.timer");
        return world.unit("job.timer").timing.nextMonotonicUs;
    };
    QCOMPARE(dueIn(1, "FixedRandomDelay=yes\n"), dueIn(2, "FixedRandomDelay=yes\n"));
    QVERIFY(dueIn(1, "") != dueIn(2, ""));
}

void TestTimers::aReloadArmsWhatTheFileSaysNow()
{
    World world;
    aTimer(world, "OnActiveSec=1h\n");
    world.start("job.timer");
    aTimer(world, "OnActiveSec=10\n");
    world.advance(20 * kSecond);
    QCOMPARE(runsOf(world, "job.service"), 0);
    world.manager.reload();
    world.settle();
    world.advance(0);
    QCOMPARE(runsOf(world, "job.service"), 1); // ten seconds after its start are over
}

void TestTimers::wakeUpsComeTogether()
{
    QD_PROVES("S100");
    // The book's three: due in 1m10s, 1m20s and 1m40s, each up to a minute late.
    constexpr quint64 us = 1'000'000;
    constexpr quint64 offset = 45 * us; // this node's place in a minute
    const quint64 a = coalesced(70 * us, 60 * us, offset);
    const quint64 b = coalesced(80 * us, 60 * us, offset);
    const quint64 c = coalesced(100 * us, 60 * us, offset);
    QCOMPARE(a, 105 * us);
    QCOMPARE(b, a);
    QCOMPARE(c, a);
    // Never before its time, never later than allowed.
    qd::SeededRandom random(7);
    for (int i = 0; i < 10'000; ++i) {
        const quint64 due = random.below(4000 * us);
        const quint64 accuracy = random.below(i % 2 ? 2 * us : 200 * us);
        const quint64 at = coalesced(due, accuracy, random.below(60 * us));
        QVERIFY(at >= due && at <= due + accuracy);
    }
    // What was due before it was armed does not wait for the others.
    World world;
    aTimer(world, "AccuracySec=1min\nOnBootSec=1ms\n");
    world.start("job.timer");
    world.advance(0);
    QCOMPARE(runsOf(world, "job.service"), 1);
    // With a small one it is punctual.
    QCOMPARE(coalesced(70 * us, 1, offset), 70 * us);
    QVERIFY(coalesced(70 * us, us / 10, offset) <= 70 * us + us / 10);
}

void TestTimers::aTimerIsWantedByItsTarget()
{
    World world;
    aTimer(world, "OnActiveSec=10\n");
    world.source.wants["timers.target"] = QStringList{"job.timer"};
    world.start("basic.target");
    QCOMPARE(world.state("job.timer"), "active/waiting");
}

QD_TEST_MAIN(TestTimers)
#include "tst_timers.moc"
