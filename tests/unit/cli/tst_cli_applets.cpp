// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/cli/fake_client.h"

#include <QTemporaryDir>

using namespace qd;
using namespace qd::test;

namespace {

QString s(const char *text)
{
    return QString::fromUtf8(text);
}

QStringList words(const char *line)
{
    return s(line).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

Node node(const char *name, Node::State state, Node::Role role)
{
    Node out;
    out.id = s("0123456789abcdef") + s(name);
    out.name = s(name);
    out.address = s("10.0.0.1");
    out.state = state;
    out.role = role;
    out.metadata = {{s("zone"), s("a")}};
    return out;
}

RaftStatus member(const Node &of, qint64 last)
{
    RaftStatus out;
    out.nodeId = of.id;
    out.nodeName = of.name;
    out.raftId = s("r-") + of.name;
    out.role = of.role;
    out.leader = s("r-n1");
    out.lastIndex = last;
    return out;
}

Unit unit(const char *name, Unit::Target desired, Unit::Target current, const char *active = "")
{
    Unit out;
    out.name = s(name);
    out.desired = desired;
    out.current = current;
    out.activeState = s(active);
    if (current != Unit::Target::Inactive)
        out.machineName = s("node-2");
    return out;
}

/// As store.read sends them: the key itself, then what is in it.
QByteArray entryLines(const QList<StoreEntry> &entries)
{
    QByteArray out;
    for (const StoreEntry &entry : entries)
        out += QJsonDocument(QJsonObject{{s("entry"), codec::toJson(entry)}, {s("index"), 7}})
                   .toJson(QJsonDocument::Compact) +
               '\n';
    return out;
}

QByteArray jsonLine(const QJsonObject &json)
{
    return QJsonDocument(json).toJson(QJsonDocument::Compact) + '\n';
}

QCborMap entryAnswer(const StoreEntry &entry, const QList<StoreEntry> &children = {})
{
    return {
        {s("action"), s("set")},
        {s("entry"), codec::toCbor(entry)},
        {s("children"), codec::listToCbor(children)},
        {s("index"), 7}};
}

StoreEntry entry(const char *key, const char *value, bool dir = false)
{
    StoreEntry out;
    out.key = s(key);
    out.value = value;
    out.dir = dir;
    out.modifiedIndex = 5;
    return out;
}

} // namespace

class TestCliApplets : public QObject {
    Q_OBJECT

    std::shared_ptr<FakeClient> m_client;
    using Target = Unit::Target;

    void answerUnit(const char *method, const Unit &unit)
    {
        m_client->answers.insert(s(method), QCborMap{{s("unit"), codec::toCbor(unit)}});
    }

    /// The live rows of the units, from the beginning and as they change.
    void tell(const QList<Unit> &units)
    {
        QList<QCborMap> rows;
        for (const Unit &unit : units)
            rows.append(codec::toCbor(unit));
        Q_EMIT m_client->live.value(s("units"))->reset(rows);
    }
    void tellMore(const Unit &unit)
    {
        Q_EMIT m_client->live.value(s("units"))->changed({codec::toCbor(unit)}, {});
    }

private Q_SLOTS:
    void init() { m_client = std::make_shared<FakeClient>(); }

    void nodesAreATableOrAList()
    {
        const QList<Node> nodes{
            node("n2", Node::State::Lost, Node::Role::None),
            node("n1", Node::State::Ready, Node::Role::Leader)};
        m_client->answers.insert(s("node.list"), listAnswer(9, codec::listToCbor(nodes)));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("node list")), 0);
        QCOMPARE(shell.lines().size(), 3);
        QVERIFY(shell.lines().at(1).startsWith(s("n1    Ready  10.0.0.1  Leader      0")));
        QVERIFY(shell.lines().at(2).startsWith(s("n2    Lost   10.0.0.1  -           0")));
        QVERIFY(shell.lines().at(2).endsWith(s("01234567  zone=a")));
        Shell json(m_client);
        QCOMPARE(json.run(words("node list --json")), 0);
        QCOMPARE(json.json().value(s("revision")).toInt(), 9);
        QCOMPARE(json.json().value(s("items")).toArray().size(), 2);
        QCOMPARE(
            json.json().value(s("items"))[0].toObject().value(s("state")).toString(), s("Lost"));
        Shell colours(m_client, true);
        QCOMPARE(colours.run(words("node list")), 0);
        QVERIFY(colours.out.contains("\x1b[31mLost\x1b[0m"));
    }

    void consensusShowsNamesAndLag()
    {
        const Node leader = node("n1", Node::State::Ready, Node::Role::Leader);
        const Node other = node("n2", Node::State::Ready, Node::Role::Follower);
        RaftStatus leads = member(leader, 50);
        RaftPeer peer;
        peer.raftId = s("r-n2");
        peer.state = s("snapshot");
        peer.matchIndex = 41;
        peer.nextIndex = 43;
        peer.inflight = 2;
        peer.snapshotSent = 12 * 1024 * 1024 + 512 * 1024;
        peer.snapshotBytes = 40 * 1024 * 1024;
        leads.peers = {peer};
        m_client->answers.insert(
            s("raft.status"),
            listAnswer(3, codec::listToCbor(QList<RaftStatus>{leads, member(other, 42)})));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("raft status")), 0);
        QVERIFY(shell.lines().at(2).startsWith(s("n2    Follower     0  n1        42")));
        QVERIFY2(
            shell.lines().at(2).contains(
                s("  snapshot     41    43          2  12.5 of 40.0 MiB  ")),
            qPrintable(shell.lines().at(2)));
        QVERIFY(shell.lines().at(2).contains(s("  8  ")));
    }

    void anAlarmIsShownOnceHoweverManyKnowOfIt()
    {
        const Node one = node("n1", Node::State::Ready, Node::Role::Leader);
        const Node two = node("n2", Node::State::Ready, Node::Role::Follower);
        QList<RaftStatus> rows{member(one, 50), member(two, 50)};
        const QDateTime since(QDate(2024, 5, 14), QTime(9, 0), Qt::UTC);
        const Alarm diverged{
            Alarm::Kind::Diverged, s("r-n3"), s("n3"), since, s("its state is another one")};
        rows[0].alarms = {diverged};
        rows[1].alarms = {
            {Alarm::Kind::NoSpace, s("r-n2"), s("n2"), since.addSecs(60), s("its disk is full")},
            diverged};
        m_client->answers.insert(s("raft.status"), listAnswer(3, codec::listToCbor(rows)));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("raft alarms")), 1);
        QCOMPARE(
            shell.out, QByteArray("SINCE                 KIND      NODE  WHAT\n"
                                  "2024-05-14T09:00:00Z  Diverged  n3    its state is another one\n"
                                  "2024-05-14T09:01:00Z  NoSpace   n2    its disk is full\n"));
        Shell status(m_client);
        QCOMPARE(status.run(words("raft status")), 0);
        QCOMPARE(status.lines().at(3), s("ALARM: n3: its state is another one"));
        QCOMPARE(status.lines().at(4), s("ALARM: n2: its disk is full"));
        for (RaftStatus &row : rows)
            row.alarms.clear();
        m_client->answers.insert(s("raft.status"), listAnswer(4, codec::listToCbor(rows)));
        Shell quiet(m_client);
        QCOMPARE(quiet.run(words("raft alarms")), 0);
        QCOMPARE(quiet.out, QByteArray("no alarm\n"));
    }

    void whatTheClusterRefusesIsASentenceAndStatus1()
    {
        auto refused = fail(s("store.key_not_found"), s("Key not found"));
        refused.value().detail.insert(s("cause"), s("/a"));
        m_client->streams.insert(s("store.read"), refused);
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store get /a")), 1);
        QCOMPARE(shell.err, QByteArray("qdctl: Key not found (/a).\n"));
        QCOMPARE(shell.out, QByteArray());
    }

    void aConnectionThatIsLostIsStatus3()
    {
        m_client->answers.insert(
            s("store.set"),
            fail(
                code::unknownOutcome, s("The connection was lost before store.set was answered.")));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store set /a b")), 3);
        QVERIFY(shell.err.contains("answered. Whether it was carried out is not known."));
        m_client->answers.insert(s("store.set"), fail(code::unknownOutcome, s("not in time")));
        Shell late(m_client);
        QCOMPARE(late.run(words("store set /a b")), 3);
        QCOMPARE(
            late.err, QByteArray("qdctl: not in time. Whether it was carried out is not known.\n"));
        Shell watching(m_client);
        watching.start(words("store watch /a"));
        Q_EMIT m_client->stream->ended(
            {code::unreachable, s("The peer closed the connection."), {}, nullptr});
        QCOMPARE(watching.await(), 3);
        QVERIFY(watching.err.startsWith("qdctl: The connection to the cluster was lost: "));
    }

    void nobodyAnswersIsStatus3()
    {
        m_client->now = session::Client::State::Connecting;
        const Error dead{code::unreachable, s("10.0.0.1:7443: Connection refused"), {}, nullptr};
        const Error silent{code::deadline, s("10.0.0.2:7443: no answer"), {}, nullptr};
        Shell shell(m_client);
        shell.start(words("node list"));
        Q_EMIT m_client->trouble(dead);
        QCOMPARE(shell.status, -1); // there is another address to try
        Q_EMIT m_client->trouble(silent);
        QCOMPARE(shell.await(), 3);
        QCOMPARE(
            shell.err,
            QByteArray("qdctl: Cannot reach the cluster \"deck\": 10.0.0.1:7443: Connection "
                       "refused; 10.0.0.2:7443: no answer.\n"));
        QVERIFY(m_client->asked.isEmpty());
        // One who answers and refuses is there.
        Shell refused(m_client);
        refused.start(words("node list"));
        Q_EMIT m_client->trouble(dead);
        Q_EMIT m_client->trouble({code::denied, s("The certificate has expired."), {}, nullptr});
        QCOMPARE(refused.await(), 1);
        // It begins when the connection stands.
        m_client->answers.insert(s("node.list"), listAnswer(1, {}));
        Shell late(m_client);
        late.start(words("node list"));
        Q_EMIT m_client->trouble(dead);
        Q_EMIT m_client->stateChanged(session::Client::State::Connected);
        QCOMPARE(late.await(), 0);
    }

    void storeGetPrintsTheValue()
    {
        m_client->streams.insert(s("store.read"), entryLines({entry("/a", "two\nlines")}));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store get /a --quorum")), 0);
        QCOMPARE(shell.out, QByteArray("two\nlines\n"));
        QVERIFY(m_client->asked.last().params.value(s("quorum")).toBool());
        m_client->streams.insert(s("store.read"), entryLines({entry("/a", "", true)}));
        Shell dir(m_client);
        QCOMPARE(dir.run(words("store get /a")), 1);
        QVERIFY(dir.err.contains("is a directory"));
        // What a terminal would obey is shown to a person, and kept for a program.
        m_client->streams.insert(s("store.read"), entryLines({entry("/a", "\x1b[2J")}));
        Shell terminal(m_client, true);
        QCOMPARE(terminal.run(words("store get /a")), 0);
        QCOMPARE(terminal.out, QByteArray("\\x1b[2J\n"));
    }

    void storeSetSendsItsConditions()
    {
        m_client->answers.insert(s("store.set"), entryAnswer(entry("/a", "b")));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store set /a b --ttl 30 --if-value c --if-index 4 --update")), 0);
        QCOMPARE(shell.out, QByteArray("b\n"));
        const QCborMap params = m_client->asked.last().params;
        QCOMPARE(params.value(s("value")).toByteArray(), QByteArray("b"));
        QCOMPARE(params.value(s("ttl")).toInteger(), 30);
        QCOMPARE(params.value(s("prevValue")).toByteArray(), QByteArray("c"));
        QCOMPARE(params.value(s("prevIndex")).toInteger(), 4);
        QCOMPARE(params.value(s("prevExist")).toBool(false), true);
        for (const char *wrong :
             {"store set /a", "store set /a b --dir", "store set /a b --create --update",
              "store set /a b --ttl -1"}) {
            Shell bad(m_client);
            QCOMPARE(bad.run(words(wrong)), 2);
        }
    }

    void aKeysHistoryIsATableOrJson()
    {
        const QJsonObject one{{s("key"), s("/a")}, {s("value"), s("one")}};
        const QJsonObject gone{{s("key"), s("/a")}};
        const QJsonObject odd{{s("key"), s("/a")}, {s("value"), s("one\x1b[2J")}};
        m_client->streams.insert(
            s("store.history"),
            jsonLine({{s("from"), 10}, {s("to"), 25}}) +
                jsonLine({{s("action"), s("set")}, {s("index"), 12}, {s("entry"), one}}) +
                jsonLine(
                    {{s("action"), s("delete")},
                     {s("index"), 20},
                     {s("entry"), gone},
                     {s("previous"), odd}}));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store history /a")), 0);
        QCOMPARE(shell.lines().at(0), s("INDEX  ACTION  KEY  OLD         NEW"));
        QCOMPARE(shell.lines().at(1), s("   12  set     /a   -           one"));
        QCOMPARE(shell.lines().at(2), s("   20  delete  /a   one\\x1b[2J  -"));
        QCOMPARE(shell.err, QByteArray("Known are the events from index 10 to 25.\n"));
        Shell json(m_client);
        QCOMPARE(json.run(words("store history -r /a --json")), 0);
        QCOMPARE(json.json().value(s("from")).toInt(), 10);
        QCOMPARE(json.json().value(s("events")).toArray().size(), 2);
        QVERIFY(m_client->asked.last().params.value(s("recursive")).toBool());
    }

    void anImportIsPlannedAndThenWritten()
    {
        m_client->streams.insert(
            s("store.read"),
            entryLines({entry("/to", "", true), entry("/to/a", "old"), entry("/to/same", "1")}));
        m_client->answers.insert(s("store.set"), entryAnswer(entry("/to/a", "new")));
        QTemporaryDir dir;
        QFile file(dir.filePath(s("app.json")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QJsonArray entries;
        for (const char *pair : {"a new", "b 2", "same 1"})
            entries.append(
                QJsonObject{{s("key"), words(pair).first()}, {s("value"), words(pair).last()}});
        file.write(jsonLine(
            {{s("format"), s("quarterdeck-store")},
             {s("version"), 1},
             {s("key"), s("/app")},
             {s("entries"), entries}}));
        file.close();
        const QStringList command = words("store import --to /to") << file.fileName();
        Shell plan(m_client);
        QCOMPARE(plan.run(command), 0);
        QCOMPARE(plan.lines().at(1), s("changed  /to/a  -"));
        QCOMPARE(plan.lines().at(2), s("new      /to/b  -"));
        QCOMPARE(plan.lines().at(3), s("1 new, 1 changed, 1 the same"));
        QVERIFY(plan.err.contains("Nothing is written yet"));
        QCOMPARE(m_client->asked.last().method, s("store.read"));
        Shell yes(m_client);
        QCOMPARE(yes.run(command + words("--yes")), 0);
        QVERIFY(yes.out.endsWith("written: 2\n"));
        QCOMPARE(m_client->asked.last().params.value(s("key")).toString(), s("/to/b"));
        QCOMPARE(m_client->asked.last().params.value(s("prevExist")).toBool(true), false);
        // What has changed since the plan is left alone, and named.
        m_client->answers.insert(
            s("store.set"), fail(s("etcd.101"), s("Compare failed ([5 != 9])")));
        Shell conflict(m_client);
        QCOMPARE(conflict.run(command + words("--yes")), 1);
        QVERIFY(conflict.err.contains("/to/a: Compare failed"));
        Shell none(m_client);
        QCOMPARE(none.run(words("store import /no/such/file")), 1);
    }

    void anExportIsWhatAnImportTakes()
    {
        m_client->streams.insert(
            s("store.read"), entryLines({entry("/app", "", true), entry("/app/a", "1")}));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store export /app")), 0);
        QCOMPARE(shell.json().value(s("key")).toString(), s("/app"));
        QCOMPARE(shell.json().value(s("entries")).toArray().size(), 1);
        QTemporaryDir dir;
        const QString path = dir.filePath(s("app.json"));
        Shell file(m_client);
        QCOMPARE(file.run(words("store export /app --out") << path), 0);
        QFile written(path);
        QVERIFY(written.open(QIODevice::ReadOnly));
        QCOMPARE(written.readAll(), shell.out);
    }

    void theStoresStatisticsAreATable()
    {
        RaftStatus one = member(node("n1", Node::State::Ready, Node::Role::Leader), 50);
        one.operations = {{s("get"), 40, 2, 1.5}, {s("compareAndSwap"), 3, 1, 0}};
        one.watchers = 6;
        m_client->answers.insert(
            s("raft.status"), listAnswer(3, codec::listToCbor(QList<RaftStatus>{one})));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store stats")), 0);
        QCOMPARE(shell.lines().at(1), s("n1    get               40       2    1.5"));
        QCOMPARE(shell.lines().at(3), s("n1    watchers           6  -       -"));
        Shell json(m_client);
        QCOMPARE(json.run(words("store stats --json")), 0);
        QCOMPARE(
            json.json().value(s("items"))[0].toObject().value(s("operations")).toArray().size(), 2);
    }

    void storeLsShowsDirectoriesBySlash()
    {
        m_client->streams.insert(
            s("store.read"),
            entryLines({entry("/", "", true), entry("/a", "1"), entry("/d", "", true)}));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store ls")), 0);
        QCOMPARE(shell.out, QByteArray("/a\n/d/\n"));
        Shell json(m_client);
        QCOMPARE(json.run(words("store ls -r --json")), 0);
        QCOMPARE(json.json().value(s("revision")).toInt(), 7);
        QVERIFY(m_client->asked.last().params.value(s("recursive")).toBool());
        Shell table(m_client);
        QCOMPARE(table.run(words("store ls -l")), 0);
        QCOMPARE(table.lines().at(1), s("/a            5    -  1"));
    }

    void storeRmOfATreeIsAsked()
    {
        m_client->answers.insert(s("store.delete"), entryAnswer(entry("/d", "", true)));
        Shell shell(m_client);
        QCOMPARE(shell.run(words("store rm -r /d")), 0);
        QCOMPARE(shell.out, QByteArray("removed /d\n"));
        QVERIFY(m_client->asked.last().params.value(s("dir")).toBool());
        QVERIFY(m_client->asked.last().params.value(s("recursive")).toBool());
    }

    void aWatchPrintsWhatComesInWhateverPieces()
    {
        Shell shell(m_client);
        shell.start(words("store watch -r /a --after 3"));
        QCOMPARE(m_client->asked.last().params.value(s("after")).toInteger(), 3);
        Q_EMIT m_client->stream->received("{\"action\":\"set\",\"entry\":{\"key\":\"/a/b\",\"val");
        Q_EMIT m_client->stream->received("ue\":\"x\"}}\n{\"action\":\"delete\",");
        Q_EMIT m_client->stream->received("\"entry\":{\"key\":\"/a/b\",\"value\":\"\"}}\n");
        QCOMPARE(shell.out, QByteArray("set /a/b x\ndelete /a/b\n"));
        QCOMPARE(shell.status, -1);
        shell.program->interrupt(); // Ctrl+C is its orderly end
        QCOMPARE(shell.await(), 0);
        Shell counted(m_client);
        counted.start(words("store watch -n 1 --json /a"));
        Q_EMIT m_client->stream->received("{\"action\":\"set\"}\n{\"action\":\"set\"}\n");
        QCOMPARE(counted.await(), 0);
        QCOMPARE(counted.out, QByteArray("{\"action\":\"set\"}\n"));
    }

    void ctrlCEndsWhatDoesNotFollow()
    {
        m_client->now = session::Client::State::Connecting;
        Shell shell(m_client);
        shell.start(words("node list"));
        shell.program->interrupt();
        QCOMPARE(shell.await(), 130);
    }

    void theJournalIsShownAsLines()
    {
        qputenv("TZ", "UTC");
        JournalLine line;
        line.time = QDateTime::fromSecsSinceEpoch(0, Qt::UTC);
        line.identifier = s("hello");
        line.pid = 12;
        line.message = s("ahoy\x1b[2J");
        line.nodeName = s("node-1");
        const QByteArray bytes =
            QJsonDocument(codec::toJson(line)).toJson(QJsonDocument::Compact) + '\n';
        Shell shell(m_client);
        shell.start(words("journal hello.service -n 3 -f"));
        const QCborMap params = m_client->asked.last().params;
        QCOMPARE(params.value(s("lines")).toInteger(), 3);
        QVERIFY(params.value(s("follow")).toBool());
        Q_EMIT m_client->stream->received(bytes);
        QCOMPARE(shell.out, QByteArray("1970-01-01 00:00:00 node-1 hello[12]: ahoy\\x1b[2J\n"));
        // It goes with the unit to another node, and says nothing twice.
        Q_EMIT m_client->stream->ended({s("unit.moved"), s("The unit has moved."), {}, nullptr});
        QCOMPARE(m_client->asked.last().params.value(s("lines")).toInteger(), 1000);
        const qsizetype before = shell.out.size();
        Q_EMIT m_client->stream->received(bytes);
        QCOMPARE(shell.out.size(), before);
        line.time = line.time.addSecs(1);
        line.message = s("here");
        Q_EMIT m_client->stream->received(
            QJsonDocument(codec::toJson(line)).toJson(QJsonDocument::Compact) + '\n');
        QCOMPARE(shell.out.mid(before), QByteArray("1970-01-01 00:00:01 node-1 hello[12]: here\n"));
        Q_EMIT m_client->stream->ended({});
        QCOMPARE(shell.await(), 0);
        Shell cat(m_client);
        cat.start(words("journal hello.service -o cat"));
        Q_EMIT m_client->stream->received(bytes);
        QCOMPARE(cat.out, QByteArray("ahoy\x1b[2J\n"));
    }

    void theJournalOutlivesTheNodeOfItsUnit()
    {
        const Error lost{
            code::nodeUnreachable, s("The connection to node-2 was lost."), {}, nullptr};
        const Error nowhere{code::notFound, s("hello.service is on no machine."), {}, nullptr};
        Shell shell(m_client);
        shell.start(words("journal hello -f -o cat -n 0"));
        Q_EMIT m_client->stream->ended(lost);
        // Until the cluster has placed it anew, the answer is that nobody has it.
        for (int again = 2; again <= 3; ++again) {
            QTRY_COMPARE(m_client->asked.size(), again);
            if (again == 2)
                Q_EMIT m_client->stream->ended(nowhere);
        }
        JournalLine line;
        line.time = QDateTime::currentDateTimeUtc().addSecs(10);
        line.message = s("here again");
        Q_EMIT m_client->stream->received(
            QJsonDocument(codec::toJson(line)).toJson(QJsonDocument::Compact) + '\n');
        QCOMPARE(shell.out, QByteArray("here again\n"));
        QCOMPARE(
            shell.err,
            QByteArray("-- The connection to node-2 was lost. Waiting for hello.service --\n"));
        shell.program->interrupt();
        QCOMPARE(shell.await(), 0);
        // One that does not follow says how it ended.
        Shell once(m_client);
        once.start(words("journal hello"));
        Q_EMIT m_client->stream->ended(lost);
        QCOMPARE(once.await(), 3);
        Shell unknown(m_client);
        unknown.start(words("journal nobody -f"));
        Q_EMIT m_client->stream->ended(nowhere);
        QCOMPARE(unknown.await(), 1);
    }

    void submitReadsTheFilesFirst()
    {
        QTemporaryDir dir;
        const QString path = dir.filePath(s("hello.service"));
        QFile file(path);
        QVERIFY(
            file.open(QIODevice::WriteOnly) && file.write("[Service]\nExecStart=/bin/true\n") > 0);
        file.close();
        answerUnit("unit.submit", unit("hello.service", Target::Inactive, Target::Inactive));
        Shell shell(m_client);
        QCOMPARE(shell.run({s("unit"), s("submit"), path, s("--replace")}), 0);
        QCOMPARE(shell.out, QByteArray("hello.service submitted\n"));
        const QCborMap params = m_client->asked.last().params;
        QCOMPARE(params.value(s("name")).toString(), s("hello.service"));
        QCOMPARE(params.value(s("text")).toString(), s("[Service]\nExecStart=/bin/true\n"));
        QVERIFY(params.value(s("replace")).toBool());
        m_client->asked.clear();
        Shell missing(m_client);
        QCOMPARE(missing.run({s("unit"), s("submit"), path, path + s(".gone")}), 1);
        QVERIFY(m_client->asked.isEmpty());
        m_client->answers.insert(
            s("unit.submit"), fail(code::badInput, s("Line 2: ExecStart= needs a path.")));
        Shell refused(m_client);
        QCOMPARE(refused.run({s("unit"), s("submit"), path}), 1);
        QCOMPARE(
            refused.err,
            QByteArray("qdctl: hello.service was not submitted: Line 2: ExecStart= needs "
                       "a path.\n"));
    }

    void submitSendsNothingThatIsNoText()
    {
        QTemporaryDir dir;
        const QString path = dir.filePath(s("latin.service"));
        QFile file(path);
        QVERIFY(
            file.open(QIODevice::WriteOnly) &&
            file.write("[Unit]\nDescription=Fr\xc3\xa9gate\nDocumentation=Fr\xe9gate\n") > 0);
        file.close();
        Shell shell(m_client);
        QCOMPARE(shell.run({s("unit"), s("submit"), path}), 1);
        QCOMPARE(
            shell.err, QByteArray("qdctl: latin.service was not submitted: ") + path.toUtf8() +
                           ", line 3: it is not plain text in UTF-8.\n");
        QVERIFY(m_client->asked.isEmpty());
    }

    void startWaitsAndSaysWhere()
    {
        answerUnit("unit.start", unit("a.service", Target::Launched, Target::Inactive));
        Shell shell(m_client);
        shell.start(words("unit start a.service"));
        QVERIFY(m_client->asked.isEmpty()); // what was before is not known yet
        tell(
            {unit("other.service", Target::Launched, Target::Launched, "active"),
             unit("a.service", Target::Inactive, Target::Inactive)});
        QTRY_COMPARE(m_client->asked.size(), 1);
        tellMore(unit("a.service", Target::Launched, Target::Launched, "activating"));
        QCOMPARE(shell.status, -1);
        tellMore(unit("a.service", Target::Launched, Target::Launched, "active"));
        QCOMPARE(shell.await(), 0);
        QCOMPARE(shell.out, QByteArray("a.service is active on node-2\n"));
    }

    void aUnitThatFailsFailsItsStart()
    {
        Unit failed = unit("a.service", Target::Launched, Target::Launched, "failed");
        failed.invocationId = s("1");
        answerUnit("unit.start", failed);
        Shell shell(m_client);
        shell.start(words("unit start a.service"));
        tell({});
        QCOMPARE(shell.await(), 1);
        QCOMPARE(shell.err, QByteArray("qdctl: a.service is failed on node-2.\n"));
    }

    void aUnitThatFindsNoPlaceSaysWhy()
    {
        Unit homeless = unit("a.service", Target::Launched, Target::Inactive);
        homeless.reason = s("no machine has zone=b");
        answerUnit("unit.start", homeless);
        Shell shell(m_client);
        shell.start(words("unit start a.service --wait 1"));
        tell({});
        QCOMPARE(shell.await(), 1);
        QCOMPARE(
            shell.err, QByteArray("qdctl: Not within the time: a.service is not on any node: no "
                                  "machine has zone=b.\n"));
        Shell patient(m_client);
        QCOMPARE(patient.run(words("unit start a.service --no-wait")), 0);
        QCOMPARE(patient.out, QByteArray("a.service is not on any node: no machine has zone=b\n"));
        Shell silent(m_client);
        QCOMPARE(silent.run(words("unit start a.service --wait 0")), 3);
    }

    void severalUnitsAreAllAwaited()
    {
        answerUnit("unit.stop", unit("a.service", Target::Loaded, Target::Loaded, "inactive"));
        Shell shell(m_client);
        shell.start(words("unit stop a.service --json"));
        tell({unit("a.service", Target::Launched, Target::Launched, "active")});
        QCOMPARE(shell.await(), 0);
        QCOMPARE(shell.json().value(s("current")).toString(), s("Loaded"));
        m_client->asked.clear();
        answerUnit("unit.load", unit("a.service", Target::Loaded, Target::Inactive));
        Shell two(m_client);
        two.start(words("unit load a.service b.service"));
        tell({});
        QTRY_COMPARE(m_client->asked.size(), 2);
        tellMore(unit("a.service", Target::Loaded, Target::Loaded));
        QCOMPARE(two.await(), 0);
        m_client->answers.insert(s("unit.load"), fail(code::notFound, s("There is no unit c.")));
        Shell none(m_client);
        none.start(words("unit load c.service"));
        tell({});
        QCOMPARE(none.await(), 1);
        m_client->answers.insert(s("unit.destroy"), QCborMap());
        Shell gone(m_client);
        QCOMPARE(gone.run(words("unit destroy a.service b.service")), 0);
        QCOMPARE(gone.out, QByteArray("a.service destroyed\nb.service destroyed\n"));
    }

    void unitsAreListedAndShown()
    {
        Unit one = unit("a.service", Target::Launched, Target::Launched, "active");
        one.subState = s("running");
        one.reason = s("the least loaded of 3");
        one.description = s("Says a");
        Shell list(m_client);
        list.start(words("unit list"));
        tell({one});
        QCOMPARE(list.await(), 0);
        QCOMPARE(list.lines().at(1), s("a.service  launched  launched  active  running  node-2"));
        m_client->answers.insert(
            s("unit.status"), QCborMap{
                                  {s("unit"), codec::toCbor(one)},
                                  {s("properties"), QCborMap{{s("MainPID"), s("7")}}},
                                  {s("lines"), codec::listToCbor(QList<JournalLine>{{}})}});
        Shell status(m_client);
        QCOMPARE(status.run(words("unit status a.service")), 0);
        QVERIFY(status.lines().first().endsWith(s("a.service - Says a")));
        QVERIFY(status.out.contains("  Placement: the least loaded of 3\n"));
        Shell json(m_client);
        QCOMPARE(json.run(words("unit status a.service --json")), 0);
        QCOMPARE(json.json().value(s("properties"))[s("MainPID")].toString(), s("7"));
        m_client->answers.insert(s("unit.cat"), QCborMap{{s("text"), s("[Service]\n")}});
        Shell cat(m_client);
        QCOMPARE(cat.run(words("unit cat a.service")), 0);
        QCOMPARE(cat.out, QByteArray("[Service]\n"));
    }

    void aTokenIsOneWord()
    {
        m_client->answers.insert(
            s("cluster.token"), QCborMap{{s("token"), s("qd1.a.b")}, {s("expires"), 1000}});
        Shell shell(m_client);
        QCOMPARE(shell.run(words("cluster token --kind console --role viewer")), 0);
        QCOMPARE(shell.out, QByteArray("qd1.a.b\n"));
        QCOMPARE(shell.err, QByteArray());
        for (const char *wrong : {"cluster token", "cluster token --kind node --role admin"}) {
            Shell bad(m_client);
            QCOMPARE(bad.run(words(wrong)), 2);
        }
    }

    void healthIsToldOnce()
    {
        const Node n1 = node("n1", Node::State::Ready, Node::Role::Leader);
        m_client->answers.insert(s("store.get"), entryAnswer(entry("/", "", true)));
        Shell shell(m_client);
        shell.start(words("cluster health"));
        Q_EMIT m_client->live.value(s("nodes"))->reset({codec::toCbor(n1)});
        Q_EMIT m_client->live.value(s("raft"))->reset({codec::toCbor(member(n1, 5))});
        QCOMPARE(shell.await(), 0);
        QCOMPARE(shell.out, QByteArray("healthy: 1 nodes ready, n1 leads\n"));
        QVERIFY(m_client->asked.last().params.value(s("quorum")).toBool());
        Shell sick(m_client);
        sick.start(words("cluster health --nodes 2 --json"));
        Q_EMIT m_client->live.value(s("nodes"))->reset({codec::toCbor(n1)});
        Q_EMIT m_client->live.value(s("raft"))->reset({codec::toCbor(member(n1, 5))});
        QCOMPARE(sick.await(), 1);
        QCOMPARE(sick.json().value(s("healthy")), QJsonValue(false));
        QCOMPARE(
            sick.err, QByteArray("qdctl: The cluster is not healthy: there are 1 nodes of 2.\n"));
    }

    void healthIsAwaitedFromBeforeTheConnection()
    {
        m_client->now = session::Client::State::Connecting;
        const Node n1 = node("n1", Node::State::Ready, Node::Role::Leader);
        Node n2 = node("n2", Node::State::Joining, Node::Role::Follower);
        m_client->answers.insert(s("store.get"), entryAnswer(entry("/", "", true)));
        Shell shell(m_client);
        shell.start(words("cluster health --wait 20"));
        Q_EMIT m_client->trouble({code::unreachable, s("refused"), {}, nullptr});
        Q_EMIT m_client->trouble({code::unreachable, s("refused"), {}, nullptr});
        Q_EMIT m_client->live.value(s("raft"))->reset(
            {codec::toCbor(member(n1, 5)), codec::toCbor(member(n2, 5))});
        Q_EMIT m_client->live.value(s("nodes"))->reset({codec::toCbor(n1), codec::toCbor(n2)});
        QCOMPARE(shell.status, -1);
        n2.state = Node::State::Ready;
        Q_EMIT m_client->live.value(s("nodes"))->changed({codec::toCbor(n2)}, {});
        QCOMPARE(shell.await(), 0);
        Shell alone(m_client);
        alone.start(words("cluster health --wait 0"));
        Q_EMIT m_client->trouble({code::unreachable, s("refused"), {}, nullptr});
        QCOMPARE(alone.await(), 3);
        QCOMPARE(alone.err, QByteArray("qdctl: No node answers: refused.\n"));
    }
};

QD_TEST_MAIN(TestCliApplets)
#include "tst_cli_applets.moc"
