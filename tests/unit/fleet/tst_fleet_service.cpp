// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/fleet/fleet_node.h"

#include <QSignalSpy>

using namespace qd;
using namespace qd::fleet;
using namespace qd::test;
using Target = Unit::Target;

namespace {

constexpr int kTtl = 2;
const QString kHello = QStringLiteral("hello.service");
const QString kText = QStringLiteral("[Unit]\nDescription=Says hello\n"
                                     "[Service]\nExecStart=/bin/sleep 100\n");
const QString kJob = QStringLiteral("/_coreos.com/fleet/job/");

/// Machines over one log, with a clock that the test moves.
struct Cluster {
    ManualClock clock;
    SharedLog log{clock};
    std::vector<std::unique_ptr<FleetNode>> nodes;

    explicit Cluster(int count)
    {
        for (int i = 1; i <= count; ++i)
            nodes.push_back(std::make_unique<FleetNode>(i, log, clock, kTtl));
        for (const auto &node : nodes)
            node->start();
    }
    FleetNode &operator[](int number) { return *nodes[size_t(number - 1)]; }
    QList<int> running(const QString &unit) const
    {
        QList<int> out;
        for (const auto &node : nodes) {
            if (node->machine.runs(unit))
                out.append(node->number);
        }
        return out;
    }
    bool allThere() const
    {
        return std::all_of(nodes.begin(), nodes.end(), [&](const auto &node) {
            return nodes[0]->store.value(Keys().machineObject(node->id())).has_value();
        });
    }
    /// Time goes on by this much, in steps that let those who are there renew what they hold. At
    /// `pace` 1 a test sees the order of events as it would be in life.
    void pass(int ms, int pace = 4)
    {
        for (int done = 0; done < ms; done += 100) {
            clock.advanceMs(100);
            log.expire();
            QTest::qWait(100 / pace);
        }
    }
};

using Act = std::function<void(UnitRegistry &, UnitRegistry::Done)>;

/// Carries it out and waits for the answer.
Result<void> act(FleetNode &on, const Act &what)
{
    const auto answer = std::make_shared<std::optional<Result<void>>>();
    what(on.service->registry(), [answer](const Result<void> &result) { *answer = result; });
    if (!QTest::qWaitFor([&] { return answer->has_value(); }, 10'000))
        return fail(code::deadline, QStringLiteral("the test waited in vain"));
    return **answer;
}
Result<void>
submit(FleetNode &on, const QString &unit, const QString &text = kText, bool replace = false)
{
    return act(on, [&](UnitRegistry &r, auto done) { r.submit(unit, text, replace, done); });
}
Result<void> apply(FleetNode &on, Verb verb, const QString &unit)
{
    return act(on, [&](UnitRegistry &r, auto done) { r.apply(verb, unit, done); });
}
Result<void> destroy(FleetNode &on, const QString &unit)
{
    return act(on, [&](UnitRegistry &r, auto done) { r.destroy(unit, done); });
}

} // namespace

class TestFleetService : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aUnitLivesFromSubmitToDestroy()
    {
        QD_PROVES("F43");
        Cluster cluster(2);
        FleetNode &one = cluster[1];
        QTRY_VERIFY(cluster.allThere());
        QVERIFY(submit(one, kHello).has_value());
        QCOMPARE(one.unit(kHello).desired, Target::Inactive);
        QCOMPARE(one.unit(kHello).description, QStringLiteral("Says hello"));
        QCOMPARE(
            one.unit(kHello).reason, QStringLiteral("Stored only: neither loaded nor started."));
        QCOMPARE(one.service->placeOf(kHello).error().code, code::notFound);

        QVERIFY(apply(one, Verb::Load, kHello).has_value());
        QTRY_COMPARE(one.unit(kHello).current, Target::Loaded);
        QCOMPARE(one.unit(kHello).machineId, one.id());
        QCOMPARE(one.unit(kHello).loadState, QStringLiteral("loaded"));
        QCOMPARE(one.unit(kHello).activeState, QStringLiteral("inactive"));
        QCOMPARE(
            one.unit(kHello).reason,
            QStringLiteral("On node-1: the fewest units (0) of the 2 machines that are able to run "
                           "it."));
        // The other node tells the same, and can be used as well.
        QTRY_COMPARE(cluster[2].unit(kHello), one.unit(kHello));
        QVERIFY(apply(cluster[2], Verb::Start, kHello).has_value());
        QTRY_COMPARE(one.unit(kHello).current, Target::Launched);
        QTRY_COMPARE(one.unit(kHello).activeState, QStringLiteral("active"));
        QCOMPARE(one.unit(kHello).mainPid, one.machine.units[kHello].state.mainPid);
        QCOMPARE(one.unit(kHello).since.toMSecsSinceEpoch(), 1'700'000'000'000);
        QCOMPARE(one.service->unitCount(one.id()), 1);
        QCOMPARE(*cluster[2].service->placeOf(kHello), one.id());

        QVERIFY(apply(one, Verb::Stop, kHello).has_value());
        QTRY_COMPARE(one.unit(kHello).current, Target::Loaded);
        QTRY_COMPARE(one.unit(kHello).activeState, QStringLiteral("inactive"));
        QCOMPARE(one.unit(kHello).machineId, one.id());
        QVERIFY(apply(one, Verb::Unload, kHello).has_value());
        QTRY_VERIFY(one.machine.units.isEmpty());
        QTRY_COMPARE(one.unit(kHello).machineId, QString());
        QTRY_COMPARE(one.unit(kHello).activeState, QString());
        QVERIFY(destroy(one, kHello).has_value());
        QCOMPARE(one.service->unitNames(), QStringList());
        QCOMPARE(
            one.machine.done,
            (QStringList{
                QStringLiteral("load hello.service"), QStringLiteral("reload"),
                QStringLiteral("start hello.service"), QStringLiteral("stop hello.service"),
                QStringLiteral("stop hello.service"), QStringLiteral("unload hello.service"),
                QStringLiteral("reload")}));
        QVERIFY(cluster[2].machine.done.isEmpty());
    }

    void aUnitCountsAsLaunchedWhenItsStartHasBegun()
    {
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        one.machine.queuesStarts = true;
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_VERIFY(one.machine.units.value(kHello).state.queued);
        QTRY_COMPARE(one.unit(kHello).current, Target::Loaded);
        one.machine.finishStarts();
        one.backend->stir();
        QTRY_COMPARE(one.unit(kHello).current, Target::Launched);
        QCOMPARE(one.unit(kHello).activeState, QStringLiteral("active"));
    }

    void destroyStopsWhatRuns()
    {
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_VERIFY(one.machine.runs(kHello));
        one.machine.stopsSlowly = true;
        QVERIFY(destroy(one, kHello).has_value());
        QTRY_COMPARE(one.machine.units[kHello].state.activeState, QStringLiteral("deactivating"));
        // Its file stays until it has ended.
        QTest::qWait(100);
        QVERIFY(one.machine.units.contains(kHello));
        one.machine.finishStops();
        one.backend->stir();
        QTRY_VERIFY(one.machine.units.isEmpty());
        QTRY_VERIFY(!one.store.value(Keys().state(kHello, one.id())));
        QCOMPARE(destroy(one, kHello).error().code, code::notFound);
    }

    void whatDoesNotFitIsRefused()
    {
        QD_PROVES("F41");
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        const auto broken =
            submit(one, kHello, QStringLiteral("[Unit]\nAfter=x\n[Service]\nExecStart=\"/a\n"));
        QCOMPARE(broken.error().code, code::badInput);
        QVERIFY2(
            broken.error().message.startsWith(QStringLiteral("hello.service, line 4: ")),
            qPrintable(broken.error().message));
        QCOMPARE(broken.error().detail.value(QStringLiteral("line")), QStringLiteral("4"));
        const auto torn =
            submit(one, kHello, kText + QStringLiteral("[X-Fleet]\nMachineID=x\nConflicts=y*\n"));
        QCOMPARE(
            torn.error().message,
            QStringLiteral("hello.service, line 6: MachineID cannot be used with Conflicts"));
        QCOMPARE(submit(one, QStringLiteral("_x.service")).error().code, code::badInput);
        QCOMPARE(apply(one, Verb::Start, kHello).error().code, code::notFound);
        QCOMPARE(apply(one, Verb::Stop, kHello).error().code, code::notFound);
        QVERIFY(submit(one, kHello).has_value());
        QCOMPARE(
            apply(one, Verb::Stop, kHello).error().message,
            QStringLiteral("Unable to stop unit hello.service in state inactive."));
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QCOMPARE(apply(one, Verb::Load, kHello).error().code, code::conflict);
        const QString model = QStringLiteral("web@.service");
        QVERIFY(submit(one, model).has_value());
        QCOMPARE(
            apply(one, Verb::Start, model).error().message,
            QStringLiteral("cannot activate template \"web@.service\""));
    }

    void anInstanceIsMadeFromItsTemplate()
    {
        QD_PROVES("F41");
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        const QString instance = QStringLiteral("web@80.service");
        const QString text =
            QStringLiteral("[Unit]\nDescription=Port %i\n[Service]\nExecStart=/bin/true\n");
        QVERIFY(submit(one, QStringLiteral("web@.service"), text).has_value());
        QCOMPARE(apply(one, Verb::Stop, instance).error().code, code::notFound);
        QVERIFY(apply(one, Verb::Start, instance).has_value());
        QCOMPARE(one.unit(instance).description, QStringLiteral("Port 80"));
        QCOMPARE(one.unit(instance).hash, one.unit(QStringLiteral("web@.service")).hash);
        QTRY_VERIFY(one.machine.runs(instance));
        QCOMPARE(one.machine.units[instance].text, text.toUtf8());
    }

    void aNewTextIsTakenOnlyWhenItIsSubmittedAgain()
    {
        QD_PROVES("F48", "F50");
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        const QString other = QStringLiteral("[Service]\nExecStart=/bin/sleep 200\n");
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_VERIFY(one.machine.runs(kHello));
        QCOMPARE(submit(one, kHello, other).error().code, code::conflict);
        QCOMPARE(*one.service->text(kHello), kText);
        QVERIFY(submit(one, kHello).has_value()); // the same again
        QVERIFY(apply(one, Verb::Stop, kHello).has_value());
        QVERIFY(submit(one, kHello, other).has_value());
        QCOMPARE(*one.service->text(kHello), other);
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(one.machine.units.value(kHello).text, other.toUtf8());
        QTRY_VERIFY(one.machine.runs(kHello));
        // With `replace` also while it runs.
        const int before = one.machine.units[kHello].state.mainPid;
        QVERIFY(submit(one, kHello, kText, true).has_value());
        QTRY_COMPARE(one.machine.units.value(kHello).text, kText.toUtf8());
        QTRY_VERIFY(one.machine.runs(kHello));
        QVERIFY(one.machine.units[kHello].state.mainPid != before);
    }

    void theAgentDiesAndTheUnitsRunOn()
    {
        Cluster cluster(2);
        FleetNode &one = cluster[1];
        QTRY_VERIFY(cluster.allThere());
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(cluster[2].unit(kHello).activeState, QStringLiteral("active"));
        const Unit before = cluster[2].unit(kHello);
        QCOMPARE(before.machineId, one.id());
        one.kill();
        one.machine.done.clear();
        one.start();
        QTRY_COMPARE(one.unit(kHello), before);
        QCOMPARE(cluster[2].unit(kHello), before);
        // It is reported again: the states outlive the time to live that the first agent gave them.
        cluster.pass(2 * kTtl * 1000);
        QTRY_COMPARE(cluster[2].unit(kHello), before);
        QVERIFY2(one.machine.done.isEmpty(), qPrintable(one.machine.done.join(u',')));
        // And it is driven again.
        QVERIFY(apply(cluster[2], Verb::Stop, kHello).has_value());
        QTRY_COMPARE(cluster.running(kHello), QList<int>());
    }

    void theUnitEngineComesBackEmpty()
    {
        QD_PROVES("F60");
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_VERIFY(one.machine.runs(kHello));
        one.backend->setConnected(false);
        one.machine.units.clear();
        one.backend->setConnected(true);
        QTRY_VERIFY(one.machine.runs(kHello));
    }

    void aUnitThatFailsStaysWhereItIs()
    {
        Cluster cluster(2);
        FleetNode &one = cluster[1];
        QTRY_VERIFY(cluster.allThere());
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(one.unit(kHello).activeState, QStringLiteral("active"));
        const int runs = one.unit(kHello).machineId == one.id() ? 1 : 2;
        cluster[runs].machine.end(kHello, QStringLiteral("failed"));
        cluster[runs].backend->stir();
        QTRY_COMPARE(one.unit(kHello).activeState, QStringLiteral("failed"));
        QCOMPARE(one.unit(kHello).machineId, cluster[runs].id());
        QCOMPARE(one.unit(kHello).current, Target::Launched);
    }

    void aLostMachinesUnitsRunElsewhereAndDoNotComeBack()
    {
        QD_PROVES("F3", "F66", "F68", "F69", "F74");
        Cluster cluster(3);
        FleetNode &one = cluster[1];
        FleetNode &two = cluster[2];
        QTRY_VERIFY(cluster.allThere());
        QVERIFY(submit(two, kHello).has_value());
        QVERIFY(apply(two, Verb::Start, kHello).has_value());
        QTRY_COMPARE(two.unit(kHello).activeState, QStringLiteral("active"));
        QCOMPARE(two.unit(kHello).machineName, QStringLiteral("node-1"));
        const QString before = two.unit(kHello).invocationId;
        one.crash();
        QCOMPARE(cluster.running(kHello), QList<int>());
        cluster.pass(4 * kTtl * 1000); // also the lease, if the lost one had it
        QTRY_COMPARE(cluster.running(kHello), QList<int>{2});
        QTRY_COMPARE(two.unit(kHello).activeState, QStringLiteral("active"));
        QVERIFY(two.unit(kHello).invocationId != before);
        QVERIFY2(
            two.unit(kHello).reason.startsWith(QStringLiteral("Its machine node-1 was lost. On ")),
            qPrintable(two.unit(kHello).reason));
        QVERIFY(!two.store.value(Keys().state(kHello, one.id())));

        one.start();
        QTRY_VERIFY(cluster.allThere());
        const QString next = QStringLiteral("next.service");
        QVERIFY(submit(two, next).has_value());
        QVERIFY(apply(two, Verb::Start, next).has_value());
        QTRY_COMPARE(cluster.running(next), QList<int>{1}); // the least loaded, of equals the first
        QCOMPARE(cluster.running(kHello), QList<int>{2});
    }

    void aMachineThatIsCutOffStopsItsUnitsBeforeTheOthersStartThem()
    {
        Cluster cluster(3);
        FleetNode &one = cluster[1];
        QTRY_VERIFY(cluster.allThere());
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(cluster.running(kHello), QList<int>{1});
        one.store.setConnected(false);
        qsizetype most = 0;
        for (int i = 0; i < 4 * kTtl * 10 && cluster.running(kHello) != QList<int>{2}; ++i) {
            cluster.pass(100, 1);
            most = std::max(most, cluster.running(kHello).size());
        }
        QTRY_COMPARE(cluster.running(kHello), QList<int>{2});
        QCOMPARE(most, 1);
        // It hears what was decided before it does anything.
        one.machine.done.clear();
        one.store.setConnected(true);
        QTRY_COMPARE(one.unit(kHello).machineId, cluster[2].id());
        QTRY_VERIFY(one.machine.units.isEmpty());
        QVERIFY(!one.machine.done.contains(QStringLiteral("start hello.service")));
        QCOMPARE(cluster.running(kHello), QList<int>{2});
    }

    void aMachineThatWasCutOffForAMomentGoesOn()
    {
        Cluster cluster(2);
        FleetNode &one = cluster[1];
        QTRY_VERIFY(cluster.allThere());
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(cluster.running(kHello), QList<int>{1});
        one.machine.done.clear();
        one.store.setConnected(false);
        cluster.pass(kTtl * 1000 / 2);
        one.store.setConnected(true);
        cluster.pass(2 * kTtl * 1000);
        QVERIFY2(one.machine.done.isEmpty(), qPrintable(one.machine.done.join(u',')));
        QCOMPARE(cluster.running(kHello), QList<int>{1});
    }

    void anAgentThatEndsInOrderHandsItsUnitsOver()
    {
        QD_PROVES("F83");
        Cluster cluster(2);
        FleetNode &one = cluster[1];
        QTRY_VERIFY(cluster.allThere());
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(cluster.running(kHello), QList<int>{1});
        bool left = false;
        one.service->leave([&] { left = true; });
        QTRY_VERIFY(left);
        QVERIFY(one.machine.units.isEmpty());
        QVERIFY(!cluster[2].store.value(Keys().machineObject(one.id())));
        // No clock has moved: nothing had to run out.
        QTRY_COMPARE(cluster.running(kHello), QList<int>{2});
    }

    void aGlobalUnitRunsOnEveryMachineThatFits()
    {
        QD_PROVES("F39");
        Cluster cluster(2);
        QTRY_VERIFY(cluster.allThere());
        const QString web = QStringLiteral("web.service");
        QVERIFY(submit(
                    cluster[1], web,
                    kText + QStringLiteral("[X-Fleet]\nGlobal=true\nMachineMetadata=role=web\n"))
                    .has_value());
        QVERIFY(apply(cluster[1], Verb::Start, web).has_value());
        QTRY_COMPARE(
            cluster[1].unit(web).reason,
            QStringLiteral("Global: on 0 of 2 machines, those with role=web."));
        cluster[2].kill();
        cluster[2].start({{QStringLiteral("role"), QStringLiteral("web")}});
        QTRY_COMPARE(cluster.running(web), QList<int>{2});
        QCOMPARE(*cluster[1].service->placeOf(web), cluster[2].id());
        cluster[1].kill();
        cluster[1].start({{QStringLiteral("role"), QStringLiteral("web")}});
        QTRY_COMPARE(cluster.running(web), (QList<int>{1, 2}));
        QTRY_COMPARE(cluster[1].unit(web).activeState, QStringLiteral("active"));
    }

    void aUnitThatNoMachineCanRunSaysWhy()
    {
        QD_PROVES("F37");
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        QVERIFY(submit(one, kHello, kText + QStringLiteral("[X-Fleet]\nMachineMetadata=disk=ssd\n"))
                    .has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(
            one.unit(kHello).reason,
            QStringLiteral("Waits: no agents able to run job (node-1: local Machine metadata "
                           "insufficient)."));
        QCOMPARE(one.unit(kHello).desired, Target::Launched);
        QCOMPARE(one.unit(kHello).machineId, QString());
    }

    void aUnitOnAMachineThatHasNotComeBackIsOutOfReach()
    {
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        QTRY_VERIFY(one.service->isEngineLeader());
        QVERIFY(submit(one, kHello).has_value());
        one.store.put(Keys().target(kHello), idOf(3).toLatin1());
        one.store.put(Keys().targetState(kHello), "launched");
        QTRY_COMPARE(one.unit(kHello).desired, Target::Launched);
        const auto place = one.service->placeOf(kHello);
        QCOMPARE(place.error().code, code::nodeUnreachable);
        QCOMPARE(
            place.error().message, QStringLiteral("hello.service is on node-3, which is lost."));
    }

    void aMachineWithoutAUnitEngineGetsNoUnits()
    {
        QD_PROVES("F67");
        Cluster cluster(2);
        FleetNode &one = cluster[1];
        QTRY_VERIFY(cluster.allThere());
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(cluster.running(kHello), QList<int>{1});
        // An engine that is restarted costs nothing.
        one.backend->setConnected(false);
        cluster.pass(kTtl * 500);
        one.backend->setConnected(true);
        cluster.pass(kTtl * 1'500);
        QVERIFY(cluster.allThere());
        QCOMPARE(one.unit(kHello).machineId, one.id());
        // One that is gone for longer is a machine that is lost, though its agent is there.
        one.backend->setConnected(false);
        one.machine.units.clear();
        cluster.pass(kTtl * 2'000);
        QVERIFY(!one.store.value(Keys().machineObject(one.id())));
        QTRY_COMPARE(cluster.running(kHello), QList<int>{2});
        const QString next = QStringLiteral("next.service");
        QVERIFY(submit(one, next).has_value());
        QVERIFY(apply(one, Verb::Start, next).has_value());
        QTRY_COMPARE(cluster.running(next), QList<int>{2}); // although the first has none at all
        one.backend->setConnected(true);
        cluster.pass(kTtl * 500);
        QTRY_VERIFY(cluster.allThere());
    }

    void aStartThatComesToNothingSaysWhy()
    {
        QD_PROVES("F43");
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        one.machine.startsEndAs = {
            {QStringLiteral("assert.service"), QStringLiteral("assert")},
            {QStringLiteral("needy.service"), QStringLiteral("dependency")},
            {QStringLiteral("skipped.service"), QStringLiteral("done")}};
        const QMap<QString, QString> told{
            {QStringLiteral("assert.service"),
             QStringLiteral("an assertion in its file (Assert...=) is not met.")},
            {QStringLiteral("needy.service"),
             QStringLiteral("a unit that it requires did not start.")},
            {QStringLiteral("skipped.service"),
             QStringLiteral("a condition in its file (Condition...=) is not met.")}};
        for (auto it = told.begin(); it != told.end(); ++it) {
            QVERIFY(submit(one, it.key()).has_value());
            QVERIFY(apply(one, Verb::Start, it.key()).has_value());
            QTRY_COMPARE(one.unit(it.key()).startError, it.value());
            QVERIFY(one.unit(it.key()).reason.startsWith(
                QStringLiteral("Not started: ") + it.value() + QStringLiteral(" On node-1: ")));
        }
        QCOMPARE(
            one.unit(QStringLiteral("skipped.service")).startResult, QStringLiteral("skipped"));
        // Where the end of the job is not heard of, a look at the unit tells.
        const QString silent = QStringLiteral("silent.service");
        one.machine.startsNothing = QStringList{silent};
        QVERIFY(submit(one, silent).has_value());
        QVERIFY(apply(one, Verb::Start, silent).has_value());
        QTRY_COMPARE(one.unit(silent).startResult, QStringLiteral("assert"));
        // Started by another hand it runs, and nothing is wrong any more.
        one.machine.begin(QStringLiteral("needy.service"));
        one.backend->stir();
        QTRY_COMPARE(one.unit(QStringLiteral("needy.service")).startError, QString());
        // So with one that has run and failed: its state says so.
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_COMPARE(one.unit(kHello).startResult, QStringLiteral("done"));
        QVERIFY(one.unit(kHello).startEnded.isValid());
        QCOMPARE(one.unit(kHello).startError, QString());
    }

    void aRefusedStartIsToldAndHoldsNoOtherUp()
    {
        QD_PROVES("F43");
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        const QString needy = QStringLiteral("a-needy.service"); // comes first in each round
        one.machine.refusesToStart = {{needy, QStringLiteral("Unit absent.service not found.")}};
        QVERIFY(submit(one, needy).has_value());
        QVERIFY(apply(one, Verb::Start, needy).has_value());
        QTRY_COMPARE(one.unit(needy).startResult, QStringLiteral("refused"));
        QCOMPARE(one.unit(needy).current, Target::Loaded);
        QVERIFY(one.unit(needy).reason.startsWith(
            QStringLiteral("Not started: Unit absent.service not found. On node-1")));
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_VERIFY(one.machine.runs(kHello));
        // It is not wanted any more, so there is nothing to complain of.
        QVERIFY(apply(one, Verb::Stop, needy).has_value());
        QTRY_COMPARE(one.unit(needy).startResult, QString());
        QVERIFY(one.unit(needy).reason.startsWith(QStringLiteral("On node-1")));
    }

    void aTaskThatFailsIsTriedAgain()
    {
        QD_PROVES("F72");
        Cluster cluster(1);
        FleetNode &one = cluster[1];
        one.machine.refusesToLoad = {kHello};
        QVERIFY(submit(one, kHello).has_value());
        QVERIFY(apply(one, Verb::Start, kHello).has_value());
        QTRY_VERIFY(one.machine.done.contains(QStringLiteral("load hello.service")));
        QVERIFY(!one.machine.units.contains(kHello));
        one.machine.refusesToLoad.clear();
        QTRY_VERIFY_WITH_TIMEOUT(one.machine.runs(kHello), 8'000); // the round of every 5 s
    }
};

QD_TEST_MAIN(TestFleetService)
#include "tst_fleet_service.moc"
