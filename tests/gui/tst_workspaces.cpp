// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.h"
#include "shared/codec/codec.h"

#include <QClipboard>
#include <QImage>

using namespace qd;
using namespace qd::models;
using qd::test::Desk;

namespace {

/// Who takes part in consensus, as the test says.
class Members : public session::Subscription {
public:
    void tell(int voters)
    {
        QList<QCborMap> rows;
        for (int i = 0; i < voters; ++i) {
            RaftStatus row;
            row.nodeId = QString::number(i);
            row.nodeName = QStringLiteral("node-%1").arg(i);
            row.role = i == 0 ? Node::Role::Leader : Node::Role::Follower;
            rows.append(codec::toCbor(row));
        }
        Q_EMIT reset(rows);
    }
};

/// Time passes for the cluster, a second a step.
void live(Desk &desk, int from, int to)
{
    for (int second = from; second < to; ++second) {
        desk.connector.clock().advance(1000);
        desk.client().tick(second);
        desk.session().raft()->flush();
        if (second == 0)
            desk.session().raftHistory()->clear(); // what was there before is not of this story
        desk.session().raftHistory()->sample();
    }
}

/// The numbers of the list items, in the order in which a screen reader comes to them.
QList<int> numbersIn(const QString &accessible)
{
    QList<int> out;
    static const QRegularExpression item(
        QStringLiteral("^ *list item: .*?(\\d+)$"), QRegularExpression::MultilineOption);
    for (auto it = item.globalMatch(accessible); it.hasNext();)
        out.append(it.next().captured(1).toInt());
    return out;
}

int colorsIn(const QImage &image)
{
    QSet<QRgb> seen;
    for (int y = 0; y < image.height(); y += 2) {
        for (int x = 0; x < image.width(); x += 2)
            seen.insert(image.pixel(x, y));
    }
    return int(seen.size());
}

} // namespace

/// A script that prints as much as a test wants.
class Flood final : public ScriptRunner {
public:
    void start(const QString &, const QString &) override {}
    void stop() override {}
    void print(int lines)
    {
        for (int i = 0; i < lines; ++i)
            Q_EMIT output(QString::number(i), Kind::Print);
    }
};

/// Raft, Store and Script: each one's main acts and states.
class TestWorkspaces : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aMachinesPartInTheClusterIsShown()
    {
        QD_PROVES("E17");
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_1, Qt::ControlModifier);
        const auto choose = [&](qsizetype row, Node::Role role) {
            Node node = desk.client().data().nodes.at(row);
            node.role = role;
            desk.client().setNode(node);
            desk.session().nodes()->flush();
            desk.session().nodes()->setCurrentKey({});
            desk.session().nodes()->setCurrentKey(node.id);
        };
        choose(0, Node::Role::Follower);
        QVERIFY(desk.says(QStringLiteral("Votes: yes")));
        QVERIFY(desk.says(QStringLiteral("Writes: wait for a majority with it")));
        QVERIFY(desk.says(QStringLiteral("Keys: all stored here")));
        QVERIFY(desk.says(QStringLiteral("Comes in: by a token")));
        choose(1, Node::Role::Learner);
        QVERIFY(desk.says(QStringLiteral("Votes: not yet")));
        QVERIFY(desk.says(QStringLiteral("Writes: do not wait for it")));
        choose(2, Node::Role::Proxy);
        QVERIFY(desk.says(QStringLiteral("Votes: no")));
        QVERIFY(desk.says(QStringLiteral("Keys: none of its own")));
        QVERIFY(desk.says(QStringLiteral("Comes in: without being asked")));
    }

    void raftShowsWhoLeadsAndHowFarEachLogIs()
    {
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_3, Qt::ControlModifier);
        live(desk, 0, 40);
        QVERIFY(desk.says(QStringLiteral("Leader: node-1")));
        QVERIFY(desk.says(QStringLiteral("3 of 3 members reachable, 2 are a majority")));
        QVERIFY(desk.says(QStringLiteral("node-3, follower")));
        QVERIFY(desk.says(QStringLiteral("830 behind")));
        QVERIFY(desk.says(QStringLiteral("no election since this console watches")));
        live(desk, 40, 44);
        QVERIFY(desk.says(QStringLiteral("Leader: none")));
        QVERIFY(desk.says(QStringLiteral("nothing can be written")));
        QVERIFY(desk.says(QStringLiteral("not reachable")));
        live(desk, 44, 70);
        QVERIFY(desk.says(QStringLiteral("Leader: node-2")));
        QVERIFY(desk.says(QStringLiteral("1 election, 24 s ago: node-2 in term 4")));
        // The charts are there in the picture, not only in the words.
        QQuickItem *panel = desk.item("electionPanel");
        QVERIFY(panel != nullptr);
        const QRectF place = panel->mapRectToScene(panel->boundingRect());
        QVERIFY(colorsIn(desk.window()->grabWindow().copy(place.toRect())) > 12);
    }

    void anUnwiseNumberOfVotersIsSaid_data()
    {
        QTest::addColumn<int>("voters");
        QTest::addColumn<QString>("advice");
        const auto row = [](int voters, const char *advice) {
            QTest::addRow("%d", voters) << voters << QString::fromLatin1(advice);
        };
        row(3, "");
        row(4, "4 voters survive no more losses than 3: an odd number is advised.");
        row(7, "");
        row(9, "9 voters: each write waits for 5 of them. Up to 7 are advised.");
    }
    void anUnwiseNumberOfVotersIsSaid()
    {
        QD_PROVES("E18");
        QFETCH(int, voters);
        QFETCH(QString, advice);
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_3, Qt::ControlModifier);
        auto source = std::make_unique<Members>();
        Members *members = source.get();
        desk.session().raft()->attach(std::move(source));
        members->tell(voters);
        QTRY_COMPARE(desk.session().raft()->total(), voters);
        QTRY_COMPARE(desk.isShown("raftAdvice"), !advice.isEmpty());
        if (!advice.isEmpty())
            QCOMPARE(desk.textOf("raftAdvice"), advice);
    }

    void raftsScaleIsTheNewestEntriesOrTheWholeLog()
    {
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_3, Qt::ControlModifier);
        live(desk, 0, 5);
        QQuickItem *logs = desk.item("logPanel");
        QVERIFY(logs != nullptr);
        const double last = logs->property("last").toDouble();
        QCOMPARE(logs->property("from").toDouble(), last - 2000); // twice a lag of 830, rounded
        desk.press(Qt::Key_W);
        QTRY_COMPARE(logs->property("from").toDouble(), 10'001.0);
        desk.press(Qt::Key_W);
        QTRY_COMPARE(logs->property("from").toDouble(), last - 2000);
    }

    void statesOfAViewAreSaid_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("place");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const char *kind, int place, const char *text) {
            QTest::newRow(name) << QString::fromLatin1(kind) << place << QString::fromLatin1(text);
        };
        row("raft loading", "loading", 3, "Asking the members");
        row("raft failing", "failing", 3, "The members cannot be read");
        row("raft empty", "empty", 3, "No member reports");
        row("store loading", "loading", 4, "Reading the store");
        row("store failing", "failing", 4, "The store cannot be read");
        row("store empty", "empty", 4, "The store is empty");
        row("script", "empty", 5, "Nothing has run yet");
    }
    void statesOfAViewAreSaid()
    {
        QFETCH(QString, kind);
        QFETCH(int, place);
        QFETCH(QString, text);
        Desk desk(kind);
        desk.session().connectTo(QStringLiteral("harbour"));
        desk.press(Qt::Key(Qt::Key_0 + place), Qt::ControlModifier);
        QVERIFY2(desk.says(text), qPrintable(desk.accessible()));
    }

    void theStoreIsWalkedByKeys()
    {
        Desk desk;
        QVERIFY(desk.connected());
        StoreTree &tree = *desk.session().store();
        desk.press(Qt::Key_4, Qt::ControlModifier);
        QTRY_VERIFY(desk.item("storeTree")->hasActiveFocus());
        desk.press(Qt::Key_Down);
        QTRY_COMPARE(tree.currentKey(), QStringLiteral("/config"));
        desk.press(Qt::Key_Right); // opens
        QTRY_VERIFY(tree.count() > 5);
        desk.press(Qt::Key_Right); // enters
        QCOMPARE(tree.currentKey(), QStringLiteral("/config/api"));
        desk.press(Qt::Key_Return);
        QTRY_COMPARE(tree.keyAt(2), QStringLiteral("/config/api/limits"));
        desk.press(Qt::Key_Down);
        QTRY_VERIFY(desk.textOf("value").contains(QStringLiteral("\"burst\": 40"))); // JSON fits it
        desk.press(Qt::Key_V);
        QTRY_VERIFY(desk.textOf("value").startsWith(QStringLiteral("000000  7b")));
        desk.press(Qt::Key_V);
        QTRY_VERIFY(desk.textOf("value").startsWith(QStringLiteral("{\"requestsPerSecond\"")));
        desk.press(Qt::Key_C, Qt::ControlModifier);
        QVERIFY(QGuiApplication::clipboard()->text().startsWith(QStringLiteral("{\"requests")));
        desk.press(Qt::Key_Left); // up
        QCOMPARE(tree.currentKey(), QStringLiteral("/config/api"));
        desk.press(Qt::Key_Left); // closes
        QCOMPARE(tree.keyAt(2), QStringLiteral("/config/ingress"));
        // What another writes meanwhile is seen.
        desk.client().setKey(QStringLiteral("/motd"), "The sea is calm.");
        tree.setCurrentKey(QStringLiteral("/motd"));
        QTRY_COMPARE(desk.textOf("value"), QStringLiteral("The sea is calm."));
    }

    void theStoresFilterAndThePathToAKey()
    {
        Desk desk;
        QVERIFY(desk.connected());
        StoreTree &tree = *desk.session().store();
        desk.press(Qt::Key_4, Qt::ControlModifier);
        QTRY_VERIFY(desk.item("storeTree")->hasActiveFocus());
        desk.press(Qt::Key_Slash);
        QTRY_VERIFY(desk.item("storeFilter")->hasActiveFocus());
        desk.type(QStringLiteral("motd"));
        QTRY_COMPARE(tree.count(), 1);
        desk.press(Qt::Key_Escape);
        QTRY_COMPARE(tree.count(), 5);
        desk.press(Qt::Key_Slash);
        QTRY_VERIFY(desk.item("storeFilter")->hasActiveFocus());
        desk.type(QStringLiteral("/_coreos.com/fleet"));
        desk.press(Qt::Key_Return);
        QTRY_COMPARE(tree.currentKey(), QStringLiteral("/_coreos.com/fleet"));
        QVERIFY(desk.item("storeTree")->hasActiveFocus());
        desk.press(Qt::Key_Slash);
        QTRY_VERIFY(desk.item("storeFilter")->hasActiveFocus());
        desk.type(QStringLiteral("/not/there"));
        desk.press(Qt::Key_Return);
        QVERIFY(desk.says(QStringLiteral("There is no key /not/there")));
    }

    void aScriptIsWrittenRunAndStopped()
    {
        Desk desk;
        QVERIFY(desk.connected());
        ScriptConsole &script = *desk.session().script();
        desk.press(Qt::Key_5, Qt::ControlModifier);
        QTRY_VERIFY(desk.item("scriptEditor")->hasActiveFocus());
        desk.press(Qt::Key_A, Qt::ControlModifier);
        desk.type(QStringLiteral("while (true) {}"));
        QTRY_COMPARE(script.text(), QStringLiteral("while (true) {}"));
        desk.press(Qt::Key_Return, Qt::ControlModifier);
        QVERIFY(script.isRunning());
        QVERIFY(desk.says(QStringLiteral("running")));
        QVERIFY(desk.says(QStringLiteral("127.0.0.12")));
        desk.click("stopScript");
        QTRY_VERIFY(!script.isRunning());
        QVERIFY(desk.says(QStringLiteral("error: stopped")));
        QCOMPARE(script.text(), QStringLiteral("while (true) {}")); // the keys were acts, not text
        desk.press(Qt::Key_A, Qt::ControlModifier);
        desk.type(QStringLiteral("1;"));
        desk.press(Qt::Key_Return, Qt::ControlModifier);
        QTRY_COMPARE(script.status(), 0);
        QVERIFY(desk.says(QStringLiteral("done")));
    }

    void theEndOfAFloodIsInSight()
    {
        Desk desk;
        QVERIFY(desk.connected());
        ScriptConsole &script = *desk.session().script();
        desk.press(Qt::Key_5, Qt::ControlModifier);
        auto owned = std::make_unique<Flood>();
        Flood &flood = *owned;
        script.setRunner(std::move(owned));
        script.run();
        flood.print(ScriptConsole::kCapacity);
        QTRY_COMPARE(script.count(), ScriptConsole::kCapacity);
        QVERIFY(desk.says(QStringLiteral("list item: %1\n").arg(ScriptConsole::kCapacity - 1)));
        // One batch that replaces all that is shown, and the reason at its end.
        flood.print(2 * ScriptConsole::kCapacity);
        Q_EMIT flood.output(QStringLiteral("the script was stopped"), Flood::Kind::Error);
        Q_EMIT flood.finished(1);
        QVERIFY(desk.says(QStringLiteral("error: the script was stopped")));
        QVERIFY(desk.says(QStringLiteral("earlier lines are gone")));
        const QList<int> heard = numbersIn(desk.accessible());
        QVERIFY(heard.size() > 10);
        QVERIFY(std::is_sorted(heard.cbegin(), heard.cend()));
    }

    void theEndOfALongLogIsInSight()
    {
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_2, Qt::ControlModifier);
        desk.session().units()->setCurrentKey(QStringLiteral("hello.service"));
        LogWindow &log = *desk.session().log();
        QTRY_VERIFY(log.count() > 0);
        const auto say = [&desk](int times) {
            JournalLine line;
            line.unit = QStringLiteral("hello.service");
            line.time = demo::DemoData::moment();
            for (int i = 1; i <= times; ++i) {
                line.message = QStringLiteral("line %1").arg(i);
                desk.client().log(line);
            }
        };
        say(LogWindow::kCapacity);
        QTRY_COMPARE(log.count(), LogWindow::kCapacity);
        constexpr int kLast = 2 * LogWindow::kCapacity;
        say(kLast);
        QVERIFY(desk.says(QStringLiteral("line %1\n").arg(kLast)));
        const QList<int> heard = numbersIn(desk.accessible());
        QVERIFY(heard.size() > 10);
        QVERIFY(std::is_sorted(heard.cbegin(), heard.cend()));
    }

    void aScriptsErrorLeadsToItsLine()
    {
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_5, Qt::ControlModifier);
        QTRY_VERIFY(desk.item("scriptEditor")->hasActiveFocus());
        desk.session().script()->setText(QStringLiteral("one;\ntwo;\nthree;\nthrow 1;\nfive;\n"));
        desk.click("runScript");
        QVERIFY(desk.says(QStringLiteral("error: untitled.js:4: Error: the API is gone")));
        QVERIFY(desk.says(QStringLiteral("Line 4: Error: the API is gone")));
        desk.press(Qt::Key_F8);
        auto *area = desk.item("scriptEditor")->property("area").value<QQuickItem *>();
        QVERIFY(area != nullptr);
        QTRY_COMPARE(area->property("cursorPosition").toInt(), 17);
        desk.type(QStringLiteral("x"));
        QVERIFY(desk.session().script()->marks().isEmpty());
    }

    void aLostConnectionIsSaidAndKeepsTheViews()
    {
        Desk desk;
        QVERIFY(desk.connected());
        desk.press(Qt::Key_4, Qt::ControlModifier);
        QVERIFY(desk.says(QStringLiteral("motd")));
        desk.client().loseConnection(QStringLiteral("node-1 is gone"));
        QVERIFY(desk.says(QStringLiteral("The connection is lost.")));
        QVERIFY(desk.says(QStringLiteral("not live")));
        QVERIFY(desk.says(QStringLiteral("motd")));
        desk.client().connectAgain(QStringLiteral("node-3"));
        QTRY_VERIFY(!desk.accessible().contains(QStringLiteral("The connection is lost.")));
        QTRY_VERIFY(!desk.accessible().contains(QStringLiteral("not live")));
        QVERIFY(desk.says(QStringLiteral("on node-3")));
    }

    void hostileNamesBreakNothing_data()
    {
        QTest::addColumn<int>("place");
        for (int place = 1; place <= 5; ++place)
            QTest::addRow("place %d", place) << place;
    }
    void hostileNamesBreakNothing()
    {
        QFETCH(int, place);
        QTest::failOnWarning(QRegularExpression(QStringLiteral("qrc:.*")));
        Desk desk(QStringLiteral("hostile"), {960, 600});
        QVERIFY(desk.connected());
        desk.press(Qt::Key(Qt::Key_0 + place), Qt::ControlModifier);
        desk.session().store()->goTo(QStringLiteral("/<b>markup</b>"));
        desk.session().units()->setCurrentKey(desk.session().units()->keyAt(2));
        desk.press(Qt::Key_T, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(!desk.window()->grabWindow().isNull());
        if (place == 4)
            QTRY_COMPARE(desk.textOf("value"), QStringLiteral("<h1>big</h1>"));
    }
};

QD_GUI_TEST_MAIN(TestWorkspaces)
#include "tst_workspaces.moc"
