// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/health.h"
#include "console/cli/help.h"
#include "console/cli/suggest.h"
#include "console/cli/table.h"
#include "console/cli/unit_progress.h"
#include "tests/support/proof.h"
#include "tests/unit/cli/fake_client.h"

using namespace qd;
using namespace qd::cli;
using namespace qd::test;

namespace {

QString s(const char *text)
{
    return QString::fromUtf8(text);
}

CommandLine lineOf(const char *line)
{
    return parse(s(line).split(QLatin1Char(' '), Qt::SkipEmptyParts), applets());
}

QByteArray printed(const Table &table, bool terminal = false)
{
    QByteArray out;
    Output output([&](const QByteArray &bytes) { out += bytes; }, {}, terminal);
    table.print(output);
    return out;
}

Node node(const char *name, Node::State state = Node::State::Ready)
{
    Node out;
    out.id = out.name = s(name);
    out.state = state;
    return out;
}

RaftStatus member(const char *name, Node::Role role, const char *leader = "r1")
{
    RaftStatus out;
    out.nodeId = out.nodeName = s(name);
    out.role = role;
    out.leader = s(leader);
    return out;
}

Unit unit(Unit::Target desired, Unit::Target current, const char *active = "")
{
    Unit out;
    out.name = s("a.service");
    out.desired = desired;
    out.current = current;
    out.activeState = s(active);
    return out;
}

} // namespace

class TestCli : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void optionsMayStandAnywhere()
    {
        for (const char *line :
             {"--json store ls -r /a --profile=p", "store --profile p ls /a --recursive --json",
              "store ls --json --profile p -r -- /a"}) {
            const CommandLine read = lineOf(line);
            QCOMPARE(read.kind, CommandLine::Kind::Run);
            QCOMPARE(read.applet->name(), s("store ls"));
            QCOMPARE(read.values.text(s("KEY")), s("/a"));
            QCOMPARE(read.values.text(s("profile")), s("p"));
            QVERIFY(read.values.has(s("json")) && read.values.has(s("recursive")));
            QVERIFY(!read.values.has(s("long")));
        }
    }

    void shortOptionsTakeTheirValueEitherWay()
    {
        for (const char *line : {"journal -fn5 a", "journal -f -n 5 a", "journal a --lines=5 -f"}) {
            const CommandLine read = lineOf(line);
            QCOMPARE(read.kind, CommandLine::Kind::Run);
            QCOMPARE(read.values.number(s("lines"), 0), 5);
            QVERIFY(read.values.has(s("follow")));
            QCOMPARE(read.values.text(s("UNIT")), s("a"));
        }
    }

    void whatFollowsAScriptIsTheScripts()
    {
        const CommandLine run = lineOf("run --memory 64 a.js --help -x --json y");
        QCOMPARE(run.kind, CommandLine::Kind::Run);
        QCOMPARE(
            run.values.all(s("ARGS")), QStringList({s("--help"), s("-x"), s("--json"), s("y")}));
        QCOMPARE(run.values.number(s("memory"), 0), 64);
        QCOMPARE(lineOf("run --help a.js").kind, CommandLine::Kind::Help);
    }

    void aWrongLineSaysWhatIsWrong_data()
    {
        QTest::addColumn<QString>("line");
        QTest::addColumn<QString>("complaint");
        const auto row = [](const char *line, const char *complaint) {
            QTest::newRow(line) << s(line) << s(complaint);
        };
        row("", "Say what to do");
        row("store", "qdctl store --help lists the commands");
        row("nod list", "Did you mean \"node\"?");
        row("store gte /a", "There is no command \"store gte\". Did you mean \"get\"?");
        row("frobnicate", "There is no command \"frobnicate\". qdctl --help");
        row("store ls --recursve", "There is no option --recursve. Did you mean \"--recursive\"?");
        row("store get", "KEY is missing");
        row("store get a b", "\"b\" is one word too many");
        row("journal -n x u", "--lines takes a whole number, not \"x\"");
        row("journal -n -3 u", "--lines takes a whole number, not \"-3\"");
        row("journal u -n", "--lines needs a value: --lines N");
        row("store ls --json=yes", "--json takes no value");
        row("cluster token --kind nodes", "--kind is one of node, console, not \"nodes\"");
        row("run a.js.x --jsn", ""); // the script's own
        row("unit start", "UNIT is missing");
    }
    void aWrongLineSaysWhatIsWrong()
    {
        QFETCH(QString, line);
        QFETCH(QString, complaint);
        const CommandLine read = lineOf(qPrintable(line));
        if (complaint.isEmpty()) {
            QCOMPARE(read.kind, CommandLine::Kind::Run);
            return;
        }
        QCOMPARE(read.kind, CommandLine::Kind::Wrong);
        QVERIFY2(read.complaint.contains(complaint), qPrintable(read.complaint));
    }

    void helpIsGivenWhateverElseIsWrong()
    {
        QCOMPARE(lineOf("--help").applet, nullptr);
        QCOMPARE(lineOf("store --help").group, QStringList({s("store")}));
        QCOMPARE(lineOf("store get -h").applet->name(), s("store get"));
        QCOMPARE(lineOf("store get --nonsense --help").kind, CommandLine::Kind::Help);
        QCOMPARE(lineOf("--version").kind, CommandLine::Kind::Version);
    }

    void everyAppletHasItsHelp()
    {
        const QString whole = helpOfGroup(applets(), {});
        for (const Applet &applet : applets()) {
            QVERIFY2(
                whole.contains(QStringLiteral("\n  ") + applet.name()) != applet.hidden,
                qPrintable(applet.name()));
            Shell shell(std::make_shared<FakeClient>());
            QCOMPARE(shell.run(applet.words + QStringList{s("--help")}), 0);
            const QString help = QString::fromUtf8(shell.out);
            QVERIFY(help.startsWith(QStringLiteral("usage: qdctl ") + applet.name()));
            for (const char *part :
                 {"\noptions:\n", "\nexamples:\n  qdctl ", "\nexit status:\n", "--help", "--config",
                  "the command line is wrong\n"})
                QVERIFY2(help.contains(s(part)), qPrintable(help));
            for (const Option &option : applet.options)
                QVERIFY(help.contains(QStringLiteral("--%1").arg(option.name)));
            for (const Argument &argument : applet.arguments)
                QVERIFY(help.contains(argument.name));
            QCOMPARE(help.contains(s("--json ")), applet.json);
            for (const QString &line : help.split(QLatin1Char('\n')))
                QVERIFY2(line.size() <= 130, qPrintable(line));
            QVERIFY(shell.client->asked.isEmpty());
        }
        QVERIFY(helpOfGroup(applets(), {s("store")}).contains(s("store watch KEY")));
        QVERIFY(!helpOfGroup(applets(), {s("store")}).contains(s("unit")));
    }

    void everyExampleIsAValidLine()
    {
        for (const Applet &applet : applets()) {
            for (QString example : applet.examples) {
                example = example.section(QLatin1String(" <"), 0, 0);
                const CommandLine read = lineOf(qPrintable(example.section(QLatin1Char(' '), 1)));
                QVERIFY2(read.kind == CommandLine::Kind::Run, qPrintable(read.complaint));
                QCOMPARE(read.applet, &applet);
            }
        }
    }

    void distanceCountsLetters()
    {
        QCOMPARE(distance(s("node"), s("node")), 0);
        QCOMPARE(distance(s("ndoe"), s("node")), 1); // neighbours swapped
        QCOMPARE(distance(s("nodes"), s("node")), 1);
        QCOMPARE(distance(s("mode"), s("node")), 1);
        QCOMPARE(distance(s(""), s("node")), 4);
        QCOMPARE(didYouMean(s("jour"), {s("journal"), s("run")}), s(" Did you mean \"journal\"?"));
        QCOMPARE(didYouMean(s("xyz"), {s("journal"), s("run")}), QString());
    }

    void columnsAreAligned()
    {
        Table table({s("NAME"), s("N"), s("LAST")});
        table.add({s("a"), qint64(5), s("x")});
        table.add({s("名前"), qint64(12345), QString()});
        table.add({s("e\u0301"), qint64(7), s("two\nlines\x1b[31m")});
        QCOMPARE(
            printed(table), QByteArray("NAME      N  LAST\n"
                                       "a         5  x\n"
                                       "名前  12345  -\n"
                                       "e\u0301         7  two\\nlines\\x1b[31m\n"));
    }

    void coloursOnlyOnATerminal()
    {
        Table table({s("STATE"), s("X")});
        table.add({{s("Lost"), Tone::Bad}, s("x")});
        QVERIFY(!printed(table).contains('\x1b'));
        QCOMPARE(printed(table, true).split('\n').at(1), QByteArray("\x1b[31mLost\x1b[0m   x"));
    }

    void aClusterIsHealthyWhenAllAgree()
    {
        using Role = Node::Role;
        const QList<Node> nodes{node("n1"), node("n2")};
        QList<RaftStatus> raft{member("n1", Role::Leader), member("n2", Role::Follower)};
        QCOMPARE(ailments(nodes, raft, 0), QStringList());
        QCOMPARE(ailments(nodes, raft, 2), QStringList());
        QCOMPARE(ailments(nodes, raft, 3), QStringList({s("there are 2 nodes of 3")}));
        QCOMPARE(ailments({}, {}, 0), QStringList({s("there are 0 nodes of 1")}));
        QCOMPARE(
            ailments({node("n1"), node("n2", Node::State::Lost)}, raft, 0),
            QStringList({s("n2 is Lost")}));
        raft[0].alarms = {{Alarm::Kind::NoSpace, s("r2"), s("n2"), {}, s("its disk is full")}};
        QCOMPARE(ailments(nodes, raft, 0), QStringList({s("n2: its disk is full")}));
        raft[0].alarms.clear();
        raft[1].leader = s("r2");
        QCOMPARE(ailments(nodes, raft, 0), QStringList({s("the nodes do not agree who leads")}));
        raft[1].leader.clear();
        QCOMPARE(ailments(nodes, raft, 0), QStringList({s("n2 knows no leader")}));
        raft[1] = member("n2", Role::Learner);
        QCOMPARE(ailments(nodes, raft, 0), QStringList({s("n2 has no vote yet")}));
        raft[1].reachable = false;
        QCOMPARE(
            ailments(nodes, raft, 0), QStringList({s("the consensus of n2 cannot be reached")}));
    }

    void aVerbIsDoneWhenTheNodeSaysSo()
    {
        using T = Unit::Target;
        using P = Progress;
        const Unit fresh = unit(T::Inactive, T::Inactive);
        const auto startOf = [](const Unit &before, const Unit &now) {
            return progressOf(s("start"), {before, false}, now);
        };
        QCOMPARE(startOf(fresh, unit(T::Launched, T::Inactive)), P::Pending);
        QCOMPARE(startOf(fresh, unit(T::Launched, T::Launched)), P::Pending);
        QCOMPARE(startOf(fresh, unit(T::Launched, T::Loaded, "active")), P::Pending);
        QCOMPARE(startOf(fresh, unit(T::Launched, T::Launched, "activating")), P::Pending);
        QCOMPARE(startOf(fresh, unit(T::Launched, T::Launched, "active")), P::Done);
        Unit broken = unit(T::Launched, T::Loaded);
        broken.loadState = s("bad-setting");
        QCOMPARE(startOf(fresh, broken), P::Failed);
        // What is told of an earlier run does not count for this one.
        Unit ended = unit(T::Launched, T::Launched, "inactive");
        Unit failed = unit(T::Launched, T::Launched, "failed");
        QCOMPARE(startOf(fresh, ended), P::Pending);
        ended.invocationId = failed.invocationId = s("1");
        QCOMPARE(startOf(fresh, ended), P::Done);
        QCOMPARE(startOf(fresh, failed), P::Failed);
        Unit before = unit(T::Loaded, T::Loaded, "failed");
        before.invocationId = s("1");
        QCOMPARE(startOf(before, failed), P::Pending);
        failed.invocationId = s("2");
        QCOMPARE(startOf(before, failed), P::Failed);
        ended.invocationId.clear();
        QCOMPARE(progressOf(s("start"), {fresh, true}, ended), P::Done);
        // Without a run the node's word tells that the start is over; an old one does not count.
        Unit nothing = ended;
        nothing.startEnded = QDateTime::fromMSecsSinceEpoch(5);
        nothing.startResult = s("dependency");
        nothing.startError = s("a unit that it requires did not start.");
        QCOMPARE(startOf(fresh, nothing), P::Failed);
        nothing.current = T::Loaded; // refused: not even asked for
        QCOMPARE(startOf(fresh, nothing), P::Failed);
        Unit old = unit(T::Loaded, T::Loaded, "inactive");
        old.startEnded = nothing.startEnded;
        QCOMPARE(startOf(old, nothing), P::Pending);
        nothing.startResult = s("skipped");
        QCOMPARE(startOf(fresh, nothing), P::Done);
        QCOMPARE(startOf(failed, failed), P::Failed); // there was nothing to be done
        const auto of = [&fresh](const char *verb, const Unit &now) {
            return progressOf(s(verb), {fresh, false}, now);
        };
        QCOMPARE(of("stop", unit(T::Loaded, T::Launched, "active")), P::Pending);
        QCOMPARE(of("stop", unit(T::Loaded, T::Loaded, "active")), P::Pending);
        QCOMPARE(of("stop", unit(T::Loaded, T::Loaded, "inactive")), P::Done);
        QCOMPARE(of("load", unit(T::Loaded, T::Inactive)), P::Pending);
        QCOMPARE(of("load", unit(T::Loaded, T::Loaded)), P::Done);
        QCOMPARE(of("unload", unit(T::Inactive, T::Loaded)), P::Pending);
        QCOMPARE(of("unload", unit(T::Inactive, T::Inactive)), P::Done);
    }

    void aUnitsNameNeedsNoSuffix()
    {
        QCOMPARE(
            unitNames({s("a"), s("a.service"), s("a.b"), s("t.timer"), s("w@1")}),
            QStringList(
                {s("a.service"), s("a.service"), s("a.b.service"), s("t.timer"),
                 s("w@1.service")}));
    }

    void aUnitIsDescribedInASentence()
    {
        using T = Unit::Target;
        Unit one = unit(T::Launched, T::Launched, "active");
        one.machineId = s("0123456789abcdef0123456789abcdef");
        QCOMPARE(sentenceOf(one), s("a.service is active on 01234567"));
        one.machineName = s("node-2");
        QCOMPARE(sentenceOf(one), s("a.service is active on node-2"));
        one.activeState = s("inactive");
        QCOMPARE(sentenceOf(one), s("a.service is loaded, not running, on node-2"));
        one.startError = s("Unit b.service not found.");
        QCOMPARE(
            sentenceOf(one), s("a.service was not started on node-2: Unit b.service not found."));
        one.startError.clear();
        one.invocationId = s("1");
        QCOMPARE(sentenceOf(one), s("a.service has come to its end on node-2"));
        one.current = T::Loaded;
        QCOMPARE(sentenceOf(one), s("a.service is loaded, not running, on node-2"));
        Unit nowhere = unit(T::Launched, T::Inactive);
        nowhere.reason = s("no machine has zone=b");
        QCOMPARE(sentenceOf(nowhere), s("a.service is not on any node: no machine has zone=b"));
        nowhere.global = true;
        QVERIFY(sentenceOf(nowhere).contains(s("every node")));
    }
};

QD_TEST_MAIN(TestCli)
#include "tst_cli.moc"
