// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine/agent_plan.h"
#include "agent/fleet/engine/cluster_state.h"
#include "agent/fleet/engine/documents.h"
#include "agent/fleet/engine/reconcile.h"
#include "shared/base/random.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::fleet;
using Target = Unit::Target;

namespace {

const QString kA = QStringLiteral("aaaaaaaa11111111aaaaaaaa11111111");
const QString kB = QStringLiteral("bbbbbbbb22222222bbbbbbbb22222222");
const QString kC = QStringLiteral("cccccccc33333333cccccccc33333333");

Requirements need(const QString &name, const QByteArray &lines)
{
    return readRequirements(name, unitfile::parse("[X-Fleet]\n" + lines));
}

/// Three machines with tags, as AF-8 has them.
QMap<QString, Machine> threeMachines()
{
    const QString region = QStringLiteral("region");
    return {
        {kA, {kA, QStringLiteral("core-01"), {{region, QStringLiteral("us-east-1")}}}},
        {kB, {kB, QStringLiteral("core-02"), {{region, QStringLiteral("us-west-1")}}}},
        {kC,
         {kC,
          QStringLiteral("core-03"),
          {{region, QStringLiteral("us-east-1")},
           {QStringLiteral("disk"), QStringLiteral("ssd")}}}}};
}

/// A cluster whose engine's writes are carried out as the store would.
struct Cluster {
    ClusterView view{threeMachines(), {}, {}};
    QMap<QString, QString> reasons;

    PlannedUnit &
    add(const QString &name, const QByteArray &fleet = {}, Target desired = Target::Launched)
    {
        view.units.insert(name, {name, need(name, fleet), desired, {}});
        return view.units[name];
    }
    EngineRound round()
    {
        const EngineRound out = reconcile(view);
        for (const TargetWrite &write : out.writes) {
            PlannedUnit &unit = view.units[write.unit];
            if (write.kind == TargetWrite::Assign && unit.target.isEmpty())
                unit.target = write.machine; // prevExist=false
            else if (write.kind == TargetWrite::Unassign && unit.target == write.machine)
                unit.target.clear(); // prevValue
        }
        for (auto it = out.reasons.begin(); it != out.reasons.end(); ++it)
            reasons.insert(it.key(), it.value());
        return out;
    }
    void settle()
    {
        for (int i = 0; i < 20 && !round().writes.isEmpty(); ++i) {
        }
    }
    QString of(const QString &name) const { return view.units.value(name).target; }
    int load(const QString &machine) const
    {
        int out = 0;
        for (const PlannedUnit &unit : view.units)
            out += unit.target == machine;
        return out;
    }
};

QString u(int i)
{
    return QStringLiteral("u%1.service").arg(i);
}

QList<AgentTask::Kind> kinds(const QList<AgentTask> &tasks)
{
    QList<AgentTask::Kind> out;
    for (const AgentTask &task : tasks)
        out.append(task.kind);
    return out;
}

} // namespace

class TestFleetEngine : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theSectionIsRead()
    {
        QD_PROVES("F29", "F30", "F40", "F77");
        const auto plain = unitfile::parse("[Service]\nExecStart=/bin/true\n");
        QCOMPARE(readRequirements(QStringLiteral("a.service"), plain), Requirements());

        QList<unitfile::Problem> problems;
        const auto file = unitfile::parse(
            "[X-Fleet]\nX-Conflicts=hello*.service web@%i.service\nMachineOf=%p.socket\n"
            "ConditionMachineOf=%N.timer\nMachineMetadata=\"region=eu\" \"disk=ssd\"\n"
            "MachineMetadata=region=us\nMachineMetadata=odd=a=b\nMachineMetadata=bare\n"
            "Colour=red\n");
        const Requirements read =
            readRequirements(QStringLiteral("app@8.service"), file, &problems);
        QCOMPARE(
            read.conflicts,
            QStringList({QStringLiteral("hello*.service"), QStringLiteral("web@8.service")}));
        QCOMPARE(
            read.peers, QStringList({QStringLiteral("app.socket"), QStringLiteral("app@8.timer")}));
        QCOMPARE(
            read.metadata.value(QStringLiteral("region")),
            QStringList({QStringLiteral("eu"), QStringLiteral("us")}));
        QCOMPARE(read.metadata.size(), 2);
        QCOMPARE(problems.size(), 3); // two old spellings, one unknown key
        QVERIFY(problems.last().message.contains(
            QStringLiteral("unrecognized requirement in [X-Fleet] section: \"Colour\"")));
        QCOMPARE(problems.last().line, 9);
    }

    void globsMatchWholeNames_data()
    {
        QTest::addColumn<QString>("glob");
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("matches");
        const auto row = [](const char *glob, const char *name, bool matches) {
            QTest::addRow("%s %s", glob, name)
                << QString::fromLatin1(glob) << QString::fromLatin1(name) << matches;
        };
        row("apache*", "apache.1.service", true);
        row("apache*", "my-apache.service", false);
        row("*.service", "a.timer", false);
        row("a?c", "abc", true);
        row("a?c", "ac", false);
        row("a[b-d]e", "ace", true);
        row("a[b-d]e", "aee", false);
        row("a[^b-d]e", "aee", true);
        row("a[b", "ab", false);
        row("a\\*b", "a*b", true);
        row("a\\*b", "axb", false);
        row("*a*b*c", "xxaxbxxc", true);
        row("*a*b*c", "xxaxcxxb", false);
        row("a*/c", "ab/c", true);
        row("a*c", "ab/c", false);
        row("", "", true);
        row("*", "", true);
        row("[]]", "]", true);
    }
    void globsMatchWholeNames()
    {
        QFETCH(QString, glob);
        QFETCH(QString, name);
        QFETCH(bool, matches);
        QCOMPARE(globMatches(glob, name), matches);
    }

    void contradictionsAreRefused_data()
    {
        QTest::addColumn<QByteArray>("lines");
        QTest::addColumn<QString>("message");
        const auto row = [](const char *name, const QByteArray &lines, const char *message) {
            QTest::newRow(name) << lines << QString::fromLatin1(message);
        };
        row("id, peer", "MachineID=x\nMachineOf=a.service\n",
            "MachineID cannot be used with Peers");
        row("id, conflict", "MachineID=x\nConflicts=a*\n",
            "MachineID cannot be used with Conflicts");
        row("id, replace", "MachineID=x\nReplaces=a*\n", "MachineID cannot be used with Replaces");
        row("conflict, replace", "Conflicts=b*\nReplaces=a*\n",
            "Conflicts cannot be used with Replaces");
        row("peer in conflict", "MachineOf=ab.service\nConflicts=a*\n",
            "unresolvable requirements: peer \"ab.service\" matches conflict \"a*\"");
        row("fine", "MachineOf=b.service\nConflicts=a*\nMachineMetadata=a=b\n", "");
        row("global", "Global=true\nConflicts=a*\nMachineID=x\n", "");
    }
    void contradictionsAreRefused()
    {
        QD_PROVES("F78");
        QFETCH(QByteArray, lines);
        QFETCH(QString, message);
        const auto verdict = validate(need(QStringLiteral("x.service"), lines));
        QCOMPARE(verdict ? QString() : verdict.error().message, message);
    }

    void unitNamesFollowFleetsRules()
    {
        const auto why = [](const QString &name) {
            const auto verdict = validateName(name);
            return verdict ? QString() : verdict.error().message;
        };
        QCOMPARE(why(QStringLiteral("hello.service")), QString());
        QCOMPARE(why(QStringLiteral("a@b:c_d-1\\x2f.timer")), QString());
        QCOMPARE(why(QString()), QStringLiteral("unit name cannot be empty"));
        QCOMPARE(why(QStringLiteral("hello")), QStringLiteral("unit name must contain \".\""));
        QCOMPARE(why(QStringLiteral("hello.")), QStringLiteral("unit name cannot end in \".\""));
        QCOMPARE(why(QStringLiteral("a.exe")), QStringLiteral("invalid unit type: \"exe\""));
        QCOMPARE(why(QStringLiteral("a@b.mount")), QStringLiteral("invalid unit type: \"mount\""));
        QCOMPARE(
            why(QStringLiteral("a b.service")),
            QStringLiteral("invalid character ' ' in unit name"));
        QCOMPARE(
            why(QStringLiteral("@b.service")), QStringLiteral("unit name cannot start in \"@\""));
        QCOMPARE(
            why(QString(250, u'a') + QStringLiteral(".service")),
            QStringLiteral("unit name exceeds maximum length (256)"));
        QVERIFY(isTemplate(QStringLiteral("apache@.service")));
        QVERIFY(!isTemplate(QStringLiteral("apache@8080.service")));
    }

    void theHashNamesTheText()
    {
        QD_PROVES("F46");
        QCOMPARE(
            unitfile::fleetHash("[Service]\nExecStart=/bin/sleep 100\n"),
            QStringLiteral("1c6fb6f3684bafb0c173d8b8b957ceff031180c1"));
        QCOMPARE(
            unitfile::fleetHash("# a remark\n\n[Service]\nExecStart = /bin/sleep \\\n 100\n"),
            unitfile::fleetHash("[Service]\nExecStart=/bin/sleep  100\n"));
    }

    void unitsSpreadToTheLeastLoaded()
    {
        QD_PROVES("F2", "F34", "F76");
        Cluster cluster;
        for (int i = 1; i <= 7; ++i) {
            cluster.add(u(i));
            cluster.round();
        }
        QCOMPARE(cluster.of(u(1)), kA); // ties go to the lowest id
        QCOMPARE(cluster.of(u(2)), kB);
        QCOMPARE(cluster.of(u(3)), kC);
        QCOMPARE(cluster.of(u(7)), kA);
        QCOMPARE(
            QList<int>({cluster.load(kA), cluster.load(kB), cluster.load(kC)}),
            QList<int>({3, 2, 2}));
        QVERIFY(cluster.reasons.value(u(7)).contains(
            QStringLiteral("On core-01: the fewest units (2) of the 3 machines")));
        // Two of one machine go: the next one comes there.
        cluster.view.units.remove(u(2));
        cluster.view.units.remove(u(5));
        cluster.add(u(8));
        cluster.round();
        QCOMPARE(cluster.of(u(8)), kB);
    }

    void oneRoundSpreadsManyAndOrderDoesNotMatter()
    {
        Cluster cluster;
        for (int i = 0; i < 90; ++i)
            cluster.add(u(i));
        cluster.round();
        QCOMPARE(
            QList<int>({cluster.load(kA), cluster.load(kB), cluster.load(kC)}),
            QList<int>({30, 30, 30}));
        QVERIFY(cluster.round().writes.isEmpty());
    }

    void machineIdPins()
    {
        QD_PROVES("F35");
        Cluster cluster;
        for (int i = 0; i < 6; ++i)
            cluster.add(u(i), "MachineID=" + kB.toLatin1() + '\n');
        cluster.add(QStringLiteral("short.service"), "MachineID=bbbbbbbb\n");
        cluster.add(QStringLiteral("stray.service"), "MachineID=dddddddd\n");
        cluster.settle();
        QCOMPARE(cluster.load(kB), 7); // although it is the busiest
        cluster.add(QStringLiteral("none.service"), "MachineMetadata=region=eu\n");
        cluster.settle();
        QCOMPARE(
            cluster.reasons.value(QStringLiteral("none.service")),
            QStringLiteral("Waits: no agents able to run job (core-01, core-02, core-03: local "
                           "Machine metadata insufficient)."));
        QCOMPARE(cluster.of(QStringLiteral("stray.service")), QString());
        QVERIFY(cluster.reasons.value(QStringLiteral("stray.service"))
                    .contains(QStringLiteral("core-01: agent ID \"%1\" does not match required "
                                             "\"dddddddd\"")
                                  .arg(kA)));
    }

    void machineOfFollows()
    {
        QD_PROVES("F36");
        Cluster cluster;
        cluster.add(QStringLiteral("b.service"), "MachineOf=a.service\n");
        cluster.add(QStringLiteral("c.service"), "MachineOf=nope.service\n");
        cluster.add(QStringLiteral("m.service"), "MachineOf=n.service\n");
        cluster.add(QStringLiteral("n.service"), "MachineOf=m.service\n");
        cluster.add(QStringLiteral("z.service"));
        cluster.add(QStringLiteral("y.service"), "MachineOf=z.service\n");
        cluster.settle();
        QCOMPARE(cluster.of(QStringLiteral("b.service")), QString());
        QCOMPARE(cluster.of(QStringLiteral("y.service")), cluster.of(QStringLiteral("z.service")));
        cluster.add(QStringLiteral("a.service"));
        cluster.settle();
        const QString before = cluster.of(QStringLiteral("a.service"));
        QVERIFY(!before.isEmpty());
        QCOMPARE(cluster.of(QStringLiteral("b.service")), before);
        for (const char *name : {"c.service", "m.service", "n.service"})
            QCOMPARE(cluster.of(QString::fromLatin1(name)), QString());
        // The machine goes: both end together on another one.
        cluster.view.machines.remove(before);
        cluster.settle();
        const QString after = cluster.of(QStringLiteral("a.service"));
        QVERIFY(!after.isEmpty() && after != before);
        QCOMPARE(cluster.of(QStringLiteral("b.service")), after);
    }

    void metadataSelects_data()
    {
        QTest::addColumn<QByteArray>("lines");
        QTest::addColumn<QStringList>("machines");
        QTest::newRow("one") << QByteArray("MachineMetadata=region=us-east-1\n")
                             << QStringList{kA, kC};
        QTest::newRow("or") << QByteArray("MachineMetadata=region=us-east-1\n"
                                          "MachineMetadata=region=us-west-1\n")
                            << QStringList{kA, kB, kC};
        QTest::newRow("and") << QByteArray("MachineMetadata=\"region=us-east-1\" \"disk=ssd\"\n")
                             << QStringList{kC};
        QTest::newRow("none") << QByteArray("MachineMetadata=region=mars\n") << QStringList{};
        QTest::newRow("no tag") << QByteArray("MachineMetadata=gpu=yes\n") << QStringList{};
    }
    void metadataSelects()
    {
        QD_PROVES("F37");
        QFETCH(QByteArray, lines);
        QFETCH(QStringList, machines);
        Cluster cluster;
        // A conflict with itself's kind puts one on each machine that fits.
        for (int i = 0; i < 4; ++i)
            cluster.add(u(i), lines + "Conflicts=u*.service\n");
        cluster.settle();
        QStringList used;
        for (int i = 0; i < 4; ++i) {
            if (!cluster.of(u(i)).isEmpty())
                used.append(cluster.of(u(i)));
        }
        used.sort();
        QCOMPARE(used, machines);
    }

    void aTagThatGoesTakesTheUnitAway()
    {
        Cluster cluster;
        cluster.add(u(1), "MachineMetadata=disk=ssd\n");
        cluster.settle();
        QCOMPARE(cluster.of(u(1)), kC);
        cluster.view.machines[kC].metadata.remove(QStringLiteral("disk"));
        cluster.settle();
        QCOMPARE(cluster.of(u(1)), QString());
        QVERIFY(cluster.reasons.value(u(1)).contains(
            QStringLiteral("core-03: local Machine metadata insufficient")));
    }

    void conflictsKeepApart()
    {
        QD_PROVES("F38");
        Cluster cluster;
        for (int i = 1; i <= 4; ++i)
            cluster.add(QStringLiteral("hello%1.service").arg(i), "X-Conflicts=hello*.service\n");
        cluster.settle();
        QCOMPARE(
            QList<int>({cluster.load(kA), cluster.load(kB), cluster.load(kC)}),
            QList<int>({1, 1, 1}));
        const QString fourth = QStringLiteral("hello4.service");
        QCOMPARE(cluster.of(fourth), QString());
        QVERIFY(cluster.reasons.value(fourth).contains(
            QStringLiteral("found conflict with locally-scheduled Unit(hello1.service)")));
        // A stopped unit stays where it is and still conflicts; an unloaded one does not.
        cluster.view.units[QStringLiteral("hello2.service")].desired = Target::Loaded;
        cluster.settle();
        QCOMPARE(cluster.of(fourth), QString());
        cluster.view.units[QStringLiteral("hello2.service")].desired = Target::Inactive;
        cluster.settle();
        QCOMPARE(cluster.of(fourth), kB);
        // Both ways: the newcomer asks for nothing, the others do not want it.
        cluster.add(QStringLiteral("hello9.service"));
        cluster.settle();
        QCOMPARE(cluster.of(QStringLiteral("hello9.service")), QString());
    }

    void globalRunsOnEachFittingMachine()
    {
        QD_PROVES("F39");
        Cluster cluster;
        cluster.add(
            QStringLiteral("log.service"),
            "Global=TRUE\nMachineMetadata=region=us-east-1\nConflicts=*\nMachineID=dddd\n");
        cluster.settle();
        QCOMPARE(cluster.of(QStringLiteral("log.service")), QString());
        QCOMPARE(
            machinesOf(
                cluster.view.units.value(QStringLiteral("log.service")).need,
                cluster.view.machines),
            QStringList({kA, kC}));
        // It counts as load: the next unit goes to the machine without it.
        cluster.add(u(1));
        cluster.settle();
        QCOMPARE(cluster.of(u(1)), kB);
    }

    void theReplacedUnitMoves()
    {
        Cluster cluster;
        cluster.view.machines.remove(kC);
        cluster.add(QStringLiteral("old.service"));
        cluster.settle();
        QCOMPARE(cluster.of(QStringLiteral("old.service")), kA);
        cluster.add(QStringLiteral("x.service"));
        cluster.add(QStringLiteral("y.service"));
        cluster.settle();
        cluster.view.units.remove(QStringLiteral("y.service"));
        cluster.add(QStringLiteral("z.service"));
        cluster.settle();
        cluster.view.units.remove(QStringLiteral("z.service"));
        cluster.add(QStringLiteral("new.service"), "Replaces=old.service\n");
        cluster.settle();
        QCOMPARE(cluster.of(QStringLiteral("new.service")), kA);
        QCOMPARE(cluster.of(QStringLiteral("old.service")), kB);
        QVERIFY(cluster.reasons.value(QStringLiteral("old.service"))
                    .startsWith(QStringLiteral("Left core-01: replaced by Unit(new.service).")));
        // Mutual replacement is ignored.
        cluster.view.units[QStringLiteral("old.service")].need.replaces = {
            QStringLiteral("new.service")};
        QVERIFY(cluster.round().writes.isEmpty());
    }

    void aLostMachinesUnitsRunElsewhereAndDoNotComeBack()
    {
        QD_PROVES("F3", "F66", "F68", "F69");
        Cluster cluster;
        cluster.view.names = {{kB, QStringLiteral("core-02")}};
        for (int i = 0; i < 9; ++i)
            cluster.add(u(i));
        cluster.settle();
        QMap<QString, QString> before;
        for (int i = 0; i < 9; ++i)
            before.insert(u(i), cluster.of(u(i)));
        const Machine lost = cluster.view.machines.take(kB);
        const EngineRound round = cluster.round();
        QCOMPARE(round.writes.size(), 6); // three units: each freed, then placed
        for (int i = 0; i < 9; ++i) {
            QVERIFY(!cluster.of(u(i)).isEmpty() && cluster.of(u(i)) != kB);
            if (before.value(u(i)) != kB)
                QCOMPARE(cluster.of(u(i)), before.value(u(i)));
            else
                QVERIFY(cluster.reasons.value(u(i)).startsWith(
                    QStringLiteral("Its machine core-02 was lost. On core-0")));
        }
        cluster.view.machines.insert(kB, lost);
        QVERIFY(cluster.round().writes.isEmpty()); // no move back
        cluster.add(QStringLiteral("new.service"));
        cluster.round();
        QCOMPARE(cluster.of(QStringLiteral("new.service")), kB); // the least loaded now
    }

    void everyMachineLost()
    {
        Cluster cluster;
        cluster.add(u(1));
        cluster.settle();
        cluster.view.machines.clear();
        cluster.settle();
        QCOMPARE(cluster.of(u(1)), QString());
        QVERIFY(cluster.reasons.value(u(1)).contains(QStringLiteral("zero agents available")));
    }

    /// Whatever happens, in any order: a settled cluster breaks no requirement, waits only where no
    /// machine is able, and a further round writes nothing.
    void anyHistorySettlesWithinItsRules()
    {
        for (quint64 seed = 1; seed <= 200; ++seed) {
            SeededRandom random(seed);
            Cluster cluster;
            const QMap<QString, Machine> all = threeMachines();
            const QList<QByteArray> kinds{
                "", "Conflicts=u*\n", "MachineOf=u1.service\n", "MachineMetadata=disk=ssd\n",
                "Global=true\n"};
            for (int step = 0; step < 30; ++step) {
                const QString name = u(int(random.below(8)));
                const QString machine = QStringList(all.keys()).at(int(random.below(3)));
                switch (random.below(4)) {
                case 0:
                    cluster.view.machines.remove(machine);
                    break;
                case 1:
                    cluster.view.machines.insert(machine, all.value(machine));
                    break;
                case 2:
                    if (!cluster.view.units.contains(name))
                        cluster.add(name, kinds.at(int(random.below(5))));
                    break;
                default:
                    if (cluster.view.units.contains(name))
                        cluster.view.units[name].desired = Target(random.below(3));
                }
                if (random.below(3) == 0)
                    cluster.round();
            }
            cluster.settle();
            const QByteArray which = "seed " + QByteArray::number(seed);
            QVERIFY2(reconcile(cluster.view).writes.isEmpty(), which.constData());
            Snapshot snapshot{cluster.view.machines, {}};
            for (const PlannedUnit &unit : cluster.view.units) {
                if (!unit.target.isEmpty())
                    snapshot.placed[unit.target].insert(unit.name, unit.need);
                for (const QString &each : machinesOf(unit.need, cluster.view.machines)) {
                    if (unit.need.global && unit.desired != Target::Inactive)
                        snapshot.placed[each].insert(unit.name, unit.need);
                }
            }
            for (const PlannedUnit &unit : cluster.view.units) {
                const bool wanted = unit.desired != Target::Inactive && !unit.need.global;
                QVERIFY2(wanted || unit.target.isEmpty(), which.constData());
                if (!unit.target.isEmpty())
                    QVERIFY2(
                        obstacle({unit.name, unit.need}, unit.target, snapshot).isEmpty(),
                        which.constData());
                else if (wanted)
                    QVERIFY2(
                        schedule({unit.name, unit.need}, snapshot).node.isEmpty(),
                        which.constData());
            }
        }
    }

    void theAgentWorksInOrder()
    {
        const QString a = QStringLiteral("a.service");
        const QString b = QStringLiteral("b.service");
        const QString c = QStringLiteral("c.service");
        const QString d = QStringLiteral("d.service");
        const QMap<QString, WantedUnit> wanted{
            {a, {QStringLiteral("1"), Target::Launched}},
            {b, {QStringLiteral("1"), Target::Loaded}},
            {c, {QStringLiteral("2"), Target::Launched}}};
        const QMap<QString, FoundUnit> found{
            {b, {QStringLiteral("1"), true, false}},
            {c, {QStringLiteral("1"), true, false}},
            {d, {QStringLiteral("1"), true, false}}};
        const auto tasks = agentTasks(wanted, found, false);
        QCOMPARE(
            tasks, QList<AgentTask>(
                       {{AgentTask::Unload, c, {}},
                        {AgentTask::Unload, d, {}},
                        {AgentTask::Load, a, {}},
                        {AgentTask::Reload, {}, {}},
                        {AgentTask::Stop, b, {}},
                        {AgentTask::Start, a, {}}}));
    }

    void aChangedTextIsLoadedAfterTheOldOneHasEnded()
    {
        const QString a = QStringLiteral("a.service");
        const QMap<QString, WantedUnit> wanted{{a, {QStringLiteral("2"), Target::Launched}}};
        QMap<QString, FoundUnit> found{{a, {QStringLiteral("1"), true, false}}};
        QCOMPARE(kinds(agentTasks(wanted, found, false)), {AgentTask::Unload});
        found[a].unloading = true;
        QVERIFY(agentTasks(wanted, found, false).isEmpty()); // one copy at most
        found.clear();
        QCOMPARE(
            kinds(agentTasks(wanted, found, true)),
            QList<AgentTask::Kind>({AgentTask::Load, AgentTask::Reload, AgentTask::Start}));
        found[a] = {QStringLiteral("2"), true, false};
        QVERIFY(agentTasks(wanted, found, false).isEmpty()); // a running unit is left alone
    }

    void theStateFollowsFromThreeKeys()
    {
        QD_PROVES("F75");
        QCOMPARE(currentState({}, false, {}), Target::Inactive);
        QCOMPARE(currentState(kA, false, {}), Target::Inactive);
        QCOMPARE(currentState(kA, false, kA), Target::Inactive);
        QCOMPARE(currentState({}, true, kA), Target::Inactive);
        QCOMPARE(currentState(kA, true, {}), Target::Loaded);
        QCOMPARE(currentState(kA, true, kB), Target::Loaded);
        QCOMPARE(currentState(kA, true, kA), Target::Launched);
    }

    void documentsAreFleetsToTheByte()
    {
        QCOMPARE(
            encode(MachineDocument{
                kA,
                QStringLiteral("172.17.8.101"),
                {{QStringLiteral("region"), QStringLiteral("china")},
                 {QStringLiteral("private-ip"), QStringLiteral("10.0.2.13")}},
                QStringLiteral("1.0.0")}),
            QByteArray("{\"ID\":\"aaaaaaaa11111111aaaaaaaa11111111\",\"PublicIP\":\"172.17.8.101\","
                       "\"Metadata\":{\"private-ip\":\"10.0.2.13\",\"region\":\"china\"},"
                       "\"Capabilities\":{\"DISABLE_ENGINE\":false,\"GRPC\":false},"
                       "\"Version\":\"1.0.0\"}"));
        QCOMPARE(
            encodeUnitText(QStringLiteral("[Service]\nExecStart=/bin/sh -c \"a && b\"\n")),
            QByteArray(
                "{\"Raw\":\"[Service]\\nExecStart=/bin/sh -c \\\"a \\u0026\\u0026 b\\\"\\n\"}"));
        const QString hash = QStringLiteral("1c6fb6f3684bafb0c173d8b8b957ceff031180c1");
        QCOMPARE(
            encodeJob(QStringLiteral("hello.service"), hash),
            QByteArray(
                "{\"Name\":\"hello.service\",\"UnitHash\":[28,111,182,243,104,75,175,176,193,"
                "115,216,184,185,87,206,255,3,17,128,193]}"));
        QCOMPARE(readJobHash(encodeJob(QStringLiteral("hello.service"), hash)), hash);
        QCOMPARE(
            encode(LeaseDocument{kA, 1}),
            QByteArray("{\"MachineID\":\"aaaaaaaa11111111aaaaaaaa11111111\",\"Version\":1}"));
        QCOMPARE(readLease(kB.toLatin1()), (LeaseDocument{kB, 0}));
        const StateDocument state{
            QStringLiteral("loaded"),
            QStringLiteral("active"),
            QStringLiteral("running"),
            kA,
            hash,
            QStringLiteral("0123"),
            42,
            1'700'000'000'000'000,
            {QStringLiteral("refused"), QStringLiteral("Unit \"a\" not found."), 7}};
        QVERIFY(encode(state).startsWith(
            "{\"loadState\":\"loaded\",\"activeState\":\"active\",\"subState\":\"running\","
            "\"machineState\":{\"ID\":\"aaaaaaaa11111111aaaaaaaa11111111\",\"PublicIP\":\"\","
            "\"Metadata\":null,\"Capabilities\":null,\"Version\":\"\"},\"unitHash\":\"1c6fb6f3"));
        QCOMPARE(readState(encode(state)), state);
        const QString odd =
            QString::fromUtf8("\"\\\x01 \xc3\xa9 \xf0\x9f\x9a\x80 <tag> \xe2\x80\xa8");
        QCOMPARE(readUnitText(encodeUnitText(odd)), odd);
        QVERIFY(!readMachine("nonsense") && !readState("[]") && !readJobHash("{\"UnitHash\":[1]}"));
        const Keys keys;
        QCOMPARE(
            keys.target(QStringLiteral("a.service")),
            QStringLiteral("/_coreos.com/fleet/job/a.service/target"));
        QCOMPARE(
            keys.state(QStringLiteral("a.service"), kA),
            QStringLiteral("/_coreos.com/fleet/states/a.service/") + kA);
        QCOMPARE(keys.lease(), QStringLiteral("/_coreos.com/fleet/lease/engine-leader"));
    }

    void theClusterIsReadFromItsKeys()
    {
        QD_PROVES("F4", "F52");
        const Keys keys;
        ClusterState state;
        const QString name = QStringLiteral("hello.service");
        const QByteArray text = "[Unit]\nDescription=Says %p\n[Service]\nExecStart=/bin/true\n";
        const QString hash = unitfile::fleetHash(text);
        const QMap<QString, QString> names{{kA, QStringLiteral("core-01")}};
        QVERIFY(!state.row(name, names));
        state.apply(keys.machineObject(kA), encode(MachineDocument{kA, {}, {}, {}}));
        // Both orders of job and text are met: the watch gives them as they were written.
        state.apply(keys.jobObject(name), encodeJob(name, hash));
        state.apply(keys.unit(hash), encodeUnitText(QString::fromUtf8(text)));
        state.apply(keys.targetState(name), QByteArray("loaded"));
        QCOMPARE(state.row(name, names)->description, QStringLiteral("Says hello"));
        QCOMPARE(state.view(names).units.value(name).desired, Target::Loaded);
        QVERIFY(state.wantedOn(kA).isEmpty());
        QVERIFY(state.apply(keys.target(name), kA.toLatin1()));
        QCOMPARE(state.wantedOn(kA).value(name), (WantedUnit{hash, Target::Loaded}));
        QCOMPARE(state.loads().value(kA), 1);
        QCOMPARE(state.row(name, names)->current, Target::Inactive);
        StateDocument reported{
            QStringLiteral("loaded"), QStringLiteral("inactive"), QStringLiteral("dead"), kA, hash};
        QVERIFY(!state.apply(keys.state(name, kA), encode(reported)));
        QCOMPARE(state.row(name, names)->current, Target::Loaded);
        QCOMPARE(state.row(name, names)->machineName, QStringLiteral("core-01"));
        QCOMPARE(state.row(name, names)->subState, QStringLiteral("dead"));
        state.apply(keys.heartbeat(name), kA.toLatin1());
        QCOMPARE(state.row(name, names)->current, Target::Launched);
        QCOMPARE(state.takeChanged(), QSet<QString>{name});
        // What was set from outside lies over the machine's own; empty hides it.
        state.apply(keys.machine(kA) + "/metadata/role", QByteArray("web"));
        QCOMPARE(
            state.view(names).machines.value(kA).metadata.value(QStringLiteral("role")),
            QStringLiteral("web"));
        state.apply(keys.machine(kA) + "/metadata/role", QByteArray());
        QVERIFY(state.view(names).machines.value(kA).metadata.isEmpty());
        // The whole folder goes at once.
        state.apply(keys.job(name), std::nullopt);
        QVERIFY(!state.row(name, names));
        QVERIFY(state.unitNames().isEmpty());
        QVERIFY(state.apply(keys.machineObject(kA), std::nullopt));
        QVERIFY(state.view(names).machines.isEmpty());
    }
};

QD_TEST_MAIN(TestFleetEngine)
#include "tst_fleet_engine.moc"
