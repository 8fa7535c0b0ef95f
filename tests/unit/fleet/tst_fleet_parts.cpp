// SPDX-License-Identifier: GPL-3.0-or-later
// Presence, mirror and engine, each alone over a store with real TTLs, watches and comparisons.
#include "agent/fleet/engine_runner.h"
#include "agent/fleet/presence.h"
#include "tests/support/log_store.h"
#include "tests/support/proof.h"

#include <QSignalSpy>

using namespace qd;
using namespace qd::fleet;
using namespace qd::test;

namespace {

const QString kA = QString(32, u'a');
const QString kB = QString(32, u'b');

quint64 indexOf(const LogStore &store, const QString &key)
{
    store::GetRequest request;
    request.key = key;
    const auto event = store.getLocal(request);
    return event ? event->node.modifiedIndex : 0;
}

struct Fixture {
    ManualClock clock;
    SharedLog log{clock};
    LogStore store{log};
    Keys keys;

    Presence presence(int ttl)
    {
        return Presence(
            store, keys,
            {kA, QStringLiteral("10.0.0.1"), {{QStringLiteral("disk"), QStringLiteral("ssd")}}, {}},
            ttl, clock);
    }
    void addUnit(const QString &name, const QByteArray &desired)
    {
        const QString text = QStringLiteral("[Service]\nExecStart=/bin/true\n");
        const QString hash = unitfile::fleetHash(text.toUtf8());
        store.put(keys.unit(hash), encodeUnitText(text));
        store.put(keys.jobObject(name), encodeJob(name, hash));
        store.put(keys.targetState(name), desired);
    }
    void addMachine(const QString &id)
    {
        store.put(keys.machineObject(id), encode(MachineDocument{id, {}, {}, {}}));
    }
};

/// An engine on a machine of its own.
struct Engine {
    LogStore store;
    StoreMirror mirror;
    EngineRunner runner;

    Engine(Fixture &fixture, const QString &id, int graceMs)
        : store(fixture.log)
        , mirror(store, fixture.keys)
        , runner({id, 20, 10, graceMs}, store, mirror, fixture.clock, {})
    {
        mirror.start();
        runner.start();
    }
};

} // namespace

class TestFleetParts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void presenceIsRenewedAtHalfItsTime()
    {
        QD_PROVES("F73");
        Fixture f;
        Presence presence = f.presence(30);
        presence.start();
        QTRY_VERIFY(presence.isThere());
        const QString key = f.keys.machineObject(kA);
        store::GetRequest request;
        request.key = key;
        QCOMPARE(f.store.getLocal(request)->node.ttl.value_or(0), 30);
        const auto document = readMachine(*f.store.value(key));
        QCOMPARE(document->publicIp, QStringLiteral("10.0.0.1"));
        QCOMPARE(document->metadata.value(QStringLiteral("disk")), QStringLiteral("ssd"));
        const quint64 first = indexOf(f.store, key);
        f.clock.advanceMs(14'000);
        QTest::qWait(700); // more than a look
        QCOMPARE(indexOf(f.store, key), first);
        f.clock.advanceMs(1'000);
        QTRY_VERIFY(indexOf(f.store, key) > first);
        f.clock.advanceMs(29'000);
        f.log.expire();
        QVERIFY(f.store.value(key));
    }

    void renewalsWakeNobody()
    {
        Fixture f;
        Presence presence = f.presence(2);
        presence.start();
        QTRY_VERIFY(presence.isThere());
        const QString key = f.keys.machineObject(kA);
        StoreMirror mirror(f.store, f.keys);
        QSignalSpy changed(&mirror, &StoreMirror::changed);
        mirror.start();
        QTRY_COMPARE(changed.size(), 1);
        const quint64 first = indexOf(f.store, key);
        f.clock.advanceMs(600);
        QTRY_VERIFY(indexOf(f.store, key) > first);
        QTest::qWait(20);
        QCOMPARE(changed.size(), 1);
        // A key that was taken away meanwhile is made anew at once.
        f.store.remove(f.keys.machine(kA));
        f.clock.advanceMs(600);
        QTRY_VERIFY(f.store.value(key));
        QTRY_VERIFY(mirror.state().machines().contains(kA));
        // New metadata are said at once.
        presence.setSelf({kA, {}, {{QStringLiteral("disk"), QStringLiteral("hdd")}}, {}});
        QTRY_COMPARE(
            mirror.state().machines().value(kA).metadata.value(QStringLiteral("disk")),
            QStringLiteral("hdd"));
    }

    void whoCannotRenewKnowsItBeforeTheOthers()
    {
        Fixture f;
        Presence presence = f.presence(2);
        QSignalSpy there(&presence, &Presence::there);
        QSignalSpy lost(&presence, &Presence::lost);
        presence.start();
        QTRY_COMPARE(there.size(), 1);
        LogStore other(f.log);
        f.store.setConnected(false);
        f.clock.advanceMs(1'750);
        QTest::qWait(200);
        QCOMPARE(lost.size(), 0);
        f.clock.advanceMs(100);
        QTRY_COMPARE(lost.size(), 1);
        f.log.expire();
        QVERIFY(other.value(f.keys.machineObject(kA)));
        QVERIFY(!presence.isThere());
        f.clock.advanceMs(60'000);
        f.log.expire();
        QVERIFY(!other.value(f.keys.machineObject(kA)));
        f.store.setConnected(true);
        QTRY_COMPARE(there.size(), 2);
        QCOMPARE(lost.size(), 1);
    }

    void whoSleptTriesBeforeItGivesUp()
    {
        Fixture f;
        Presence presence = f.presence(2);
        QSignalSpy there(&presence, &Presence::there);
        QSignalSpy lost(&presence, &Presence::lost);
        presence.start();
        QTRY_COMPARE(there.size(), 1);
        f.clock.advanceMs(60'000);
        const quint64 before = indexOf(f.store, f.keys.machineObject(kA));
        QTRY_VERIFY(indexOf(f.store, f.keys.machineObject(kA)) > before);
        QCOMPARE(lost.size(), 0);
    }

    void whoNeverGetsInIsLostAsWell()
    {
        Fixture f;
        f.store.setConnected(false);
        Presence presence = f.presence(2);
        QSignalSpy lost(&presence, &Presence::lost);
        presence.start();
        QTest::qWait(200);
        QCOMPARE(lost.size(), 0);
        f.clock.advanceMs(1'900);
        QTRY_COMPARE(lost.size(), 1);
    }

    void theMirrorShowsTheStore()
    {
        Fixture f;
        f.addUnit(QStringLiteral("a.service"), "inactive");
        StoreMirror mirror(f.store, f.keys);
        QSignalSpy changed(&mirror, &StoreMirror::changed);
        mirror.start();
        QCOMPARE(mirror.state().unitNames(), QStringList{QStringLiteral("a.service")});
        QTRY_COMPARE(changed.size(), 1);
        QVERIFY(mirror.takeChanged().contains(QStringLiteral("a.service")));
        f.store.put(f.keys.heartbeat(QStringLiteral("a.service")), kA.toLatin1());
        QTRY_COMPARE(changed.size(), 2);
        QCOMPARE(changed.last().first().toBool(), false);
        f.store.put(f.keys.targetState(QStringLiteral("a.service")), "launched");
        QTRY_COMPARE(changed.size(), 3);
        QCOMPARE(changed.last().first().toBool(), true);
        QCOMPARE(mirror.state().job(QStringLiteral("a.service"))->desired, Unit::Target::Launched);
        f.store.remove(f.keys.job(QStringLiteral("a.service")));
        QTRY_VERIFY(mirror.state().unitNames().isEmpty());
        QCOMPARE(mirror.index(), f.store.index());
    }

    void theMirrorStartsAnewAfterItsWatchHasEnded()
    {
        Fixture f;
        f.addUnit(QStringLiteral("a.service"), "inactive");
        StoreMirror mirror(f.store, f.keys);
        mirror.start();
        f.store.restoreFromSnapshot(); // as after a snapshot from the leader
        f.addUnit(QStringLiteral("b.service"), "inactive");
        QTRY_COMPARE(
            mirror.state().unitNames(),
            (QStringList{QStringLiteral("a.service"), QStringLiteral("b.service")}));
        f.store.put(f.keys.targetState(QStringLiteral("b.service")), "loaded");
        QTRY_COMPARE(
            mirror.state().job(QStringLiteral("b.service"))->desired, Unit::Target::Loaded);
    }

    void oneWhoWaitsForAnIndexIsCalledWhenItHasCome()
    {
        Fixture f;
        LogStore other(f.log);
        StoreMirror mirror(f.store, f.keys);
        mirror.start();
        f.store.setConnected(false);
        other.put(f.keys.lease(), "x");
        QStringList called;
        mirror.whenSeen(
            1, this, [&] { called.append(QStringLiteral("patient")); }, 0);
        mirror.whenSeen(
            1, this, [&] { called.append(QStringLiteral("impatient")); }, 50);
        auto gone = std::make_unique<QObject>();
        mirror.whenSeen(
            1, gone.get(), [&] { called.append(QStringLiteral("gone")); }, 0);
        gone.reset();
        QTRY_COMPARE(called, QStringList{QStringLiteral("impatient")});
        f.store.setConnected(true);
        QTRY_COMPARE(called.size(), 2);
        QCOMPARE(called.last(), QStringLiteral("patient"));
    }

    void oneEngineLeadsAndAnotherTakesOver()
    {
        QD_PROVES("F71");
        Fixture f;
        f.addMachine(kA);
        Engine a(f, kA, 0);
        Engine b(f, kB, 0);
        QTRY_VERIFY(a.runner.leads() || b.runner.leads());
        QTest::qWait(100);
        QVERIFY(a.runner.leads() != b.runner.leads());
        Engine &leader = a.runner.leads() ? a : b;
        Engine &other = a.runner.leads() ? b : a;
        const auto lease = readLease(*f.store.value(f.keys.lease()));
        QCOMPARE(lease.machineId, &leader == &a ? kA : kB);
        // Cut off, it holds the lease no longer than the others think it does.
        leader.store.setConnected(false);
        f.clock.advanceMs(9'000);
        f.log.expire();
        QVERIFY(!other.runner.leads());
        f.clock.advanceMs(1'100);
        QVERIFY(!leader.runner.leads());
        f.log.expire();
        QTRY_VERIFY(other.runner.leads());
        f.addUnit(QStringLiteral("x.service"), "launched");
        QTRY_COMPARE(f.store.value(f.keys.target(QStringLiteral("x.service"))), kA.toLatin1());
        // One that ends in order gives it back at once.
        leader.store.setConnected(true);
        other.runner.stop();
        QTRY_VERIFY(leader.runner.leads());
    }

    void afterAPowerCutTheFirstOneUpDoesNotTakeEverything()
    {
        Fixture f;
        f.addMachine(kA);
        f.addUnit(QStringLiteral("x.service"), "launched");
        f.addUnit(QStringLiteral("y.service"), "launched");
        f.store.put(f.keys.target(QStringLiteral("x.service")), kB.toLatin1());
        Engine a(f, kA, 30'000);
        // What is new is placed at once; what another machine had waits for that machine.
        QTRY_COMPARE(f.store.value(f.keys.target(QStringLiteral("y.service"))), kA.toLatin1());
        QCOMPARE(f.store.value(f.keys.target(QStringLiteral("x.service"))), kB.toLatin1());
        // It comes, and is lost again: that is no power cut.
        f.addMachine(kB);
        QTRY_VERIFY(a.mirror.state().machines().contains(kB));
        QTest::qWait(50);
        f.store.remove(f.keys.machine(kB));
        QTRY_COMPARE(f.store.value(f.keys.target(QStringLiteral("x.service"))), kA.toLatin1());
    }

    void oneThatDoesNotComeIsGivenUpAfterTheGrace()
    {
        Fixture f;
        f.addMachine(kA);
        f.addUnit(QStringLiteral("x.service"), "launched");
        f.store.put(f.keys.target(QStringLiteral("x.service")), kB.toLatin1());
        Engine a(f, kA, 30'000);
        QTRY_VERIFY(a.runner.leads());
        f.clock.advanceMs(9'000);
        QTest::qWait(100);
        f.clock.advanceMs(9'000);
        QTest::qWait(100);
        QCOMPARE(f.store.value(f.keys.target(QStringLiteral("x.service"))), kB.toLatin1());
        f.clock.advanceMs(9'000);
        QTest::qWait(100);
        f.clock.advanceMs(4'000);
        QTRY_COMPARE(f.store.value(f.keys.target(QStringLiteral("x.service"))), kA.toLatin1());
    }

    void anEngineOfANewerVersionIsLeftAlone()
    {
        Fixture f;
        f.addMachine(kA);
        f.store.put(f.keys.lease(), encode(LeaseDocument{kB, 2}));
        Engine a(f, kA, 0);
        QTest::qWait(100);
        QVERIFY(!a.runner.leads());
        f.store.put(f.keys.lease(), kB.toLatin1()); // version 0
        QTRY_VERIFY(a.runner.leads());
    }
};

QD_TEST_MAIN(TestFleetParts)
#include "tst_fleet_parts.moc"
