// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/scripting/script_bridge.h"
#include "console/scripting/script_host.h"
#include "shared/codec/codec.h"
#include "shared/model/raft_status.h"
#include "tests/support/proof.h"

#include <QCborArray>
#include <QPromise>

using namespace qd;
using namespace qd::scripting;

namespace {

/// A cluster of two nodes that answers at once and remembers what it was asked.
class SmallCluster : public session::Client {
public:
    class Rows : public session::Subscription {
        using Subscription::Subscription;
    };
    class Lines : public session::ByteStream {
    public:
        using ByteStream::ByteStream;
        void write(const QByteArray &) override {}
        void close() override {}
    };

    QStringList asked;

    State state() const override { return State::Connected; }
    QCborMap welcome() const override { return {}; }
    QFuture<Result<QCborMap>>
    call(const QString &method, const QCborMap &params, const session::CallOptions &) override
    {
        asked.append(method);
        QPromise<Result<QCborMap>> promise;
        promise.start();
        if (method == QLatin1String("node.list"))
            promise.addResult(nodes());
        else if (method == QLatin1String("raft.status"))
            promise.addResult(members());
        else if (method == QLatin1String("store.get"))
            promise.addResult(entry(params));
        else
            promise.addResult(Result<QCborMap>(
                fail(code::notFound, QStringLiteral("there is no method %1").arg(method))));
        promise.finish();
        return promise.future();
    }
    std::unique_ptr<session::Subscription> subscribe(const QString &, const QCborMap &) override
    {
        auto rows = std::make_unique<Rows>();
        QMetaObject::invokeMethod(
            rows.get(),
            [rows = rows.get()] {
                QCborMap row;
                row.insert(QStringLiteral("name"), QStringLiteral("a.service"));
                Q_EMIT rows->reset({row});
                Q_EMIT rows->changed({row}, {QStringLiteral("b.service")});
            },
            Qt::QueuedConnection);
        return rows;
    }
    std::unique_ptr<session::ByteStream>
    open(const QString &, const QCborMap &, const session::CallOptions &) override
    {
        auto lines = std::make_unique<Lines>();
        QMetaObject::invokeMethod(
            lines.get(),
            [lines = lines.get()] {
                Q_EMIT lines->received("{\"message\":\"on");
                Q_EMIT lines->received("e\"}\n{\"message\":\"two\"}\n");
                Q_EMIT lines->ended({});
            },
            Qt::QueuedConnection);
        return lines;
    }

private:
    static Result<QCborMap> nodes()
    {
        QCborArray items;
        for (const char *name : {"node-1", "node-2"}) {
            QCborMap node;
            node.insert(QStringLiteral("id"), QString::fromLatin1(name));
            node.insert(QStringLiteral("name"), QString::fromLatin1(name));
            node.insert(QStringLiteral("unitCount"), 3);
            items.append(node);
        }
        QCborMap answer;
        answer.insert(QStringLiteral("items"), items);
        return answer;
    }
    static Result<QCborMap> members()
    {
        QList<RaftStatus> rows(2);
        for (qsizetype i = 0; i < rows.size(); ++i)
            rows[i].nodeId = rows[i].nodeName = QStringLiteral("node-%1").arg(i + 1);
        return QCborMap{{QStringLiteral("items"), codec::listToCbor(rows)}};
    }
    static Result<QCborMap> entry(const QCborMap &params)
    {
        QCborMap inner;
        inner.insert(QStringLiteral("key"), params.value(QStringLiteral("key")));
        inner.insert(QStringLiteral("modifiedIndex"), qint64(9007199254740993));
        QCborMap answer;
        answer.insert(QStringLiteral("entry"), inner);
        return answer;
    }
};

} // namespace

class TestScripting : public QObject {
    Q_OBJECT

    struct Ran {
        QStringList printed;
        QStringList errors;
        QStringList alerts;
        int status = -1;
    };

    SmallCluster m_cluster;

    Ran run(const QString &text, ScriptLimits limits = {})
    {
        Ran ran;
        ScriptHost host(m_cluster, limits);
        connect(&host, &ScriptHost::output, this, [&](const QString &line, OutputKind kind) {
            (kind == OutputKind::Print   ? ran.printed
             : kind == OutputKind::Alert ? ran.alerts
                                         : ran.errors)
                .append(line);
        });
        connect(&host, &ScriptHost::finished, this, [&](int status) { ran.status = status; });
        host.run(text, QStringLiteral("test.js"), {QStringLiteral("first")});
        [&] { QTRY_VERIFY_WITH_TIMEOUT(ran.status >= 0, 10'000); }();
        return ran;
    }

private Q_SLOTS:
    void aCallLooksSynchronous()
    {
        const Ran ran = run(QStringLiteral("const nodes = cluster.nodes();\n"
                                           "print(nodes.length, nodes[0].name, args[0]);\n"
                                           "table(nodes, ['name', 'unitCount']);"));
        QCOMPARE(ran.errors, QStringList());
        QCOMPARE(ran.status, 0);
        QCOMPARE(
            ran.printed, QStringList(
                             {QStringLiteral("2 node-1 first"), QStringLiteral("NAME    UNITCOUNT"),
                              QStringLiteral("node-1  3"), QStringLiteral("node-2  3")}));
    }
    void anErrorNamesTheScriptsOwnLine()
    {
        const Ran ran =
            run(QStringLiteral("print('before');\n\ncluster.call('no.such');\nprint('after');"));
        QCOMPARE(ran.status, 1);
        QCOMPARE(ran.printed, QStringList({QStringLiteral("before")}));
        QCOMPARE(ran.errors.size(), 1);
        QVERIFY2(
            ran.errors.first().startsWith(
                QStringLiteral("test.js:3: Error: there is no method no.such")),
            qPrintable(ran.errors.first()));
    }
    void anErrorOfTheClusterCanBeCaught()
    {
        const Ran ran = run(QStringLiteral(
            "try { cluster.call('no.such'); } catch (e) { print('caught', e.message); }"));
        QCOMPARE(ran.status, 0);
        QVERIFY(ran.printed.value(0).startsWith(QStringLiteral("caught there is no method")));
    }
    void onlyWithoutAListAllMembersRestart()
    {
        const Ran ran =
            run(QStringLiteral("const plan = {plan: true};\n"
                               "print(cluster.restartMembers(undefined, plan).length);\n"
                               "print(cluster.restartMembers(['node-2'], plan).map(function (s) { "
                               "return s.name; }));\n"
                               "try { cluster.restartMembers([]); } catch (e) { print(e.code); }"));
        QCOMPARE(ran.errors, QStringList());
        QCOMPARE(
            ran.printed, QStringList(
                             {QStringLiteral("2"), QStringLiteral("[\"node-2\"]"),
                              QStringLiteral("bad_input")}));
        QVERIFY(!m_cluster.asked.contains(QStringLiteral("agent.restart")));
    }
    void aSyntaxErrorHasItsLine()
    {
        const Ran ran = run(QStringLiteral("print('a');\nlet = = 3;"));
        QCOMPARE(ran.status, 1);
        QVERIFY2(
            ran.errors.value(0).startsWith(QStringLiteral("test.js:2: SyntaxError")),
            qPrintable(ran.errors.value(0)));
    }
    void awaitIsAnsweredWithWhatToWrite()
    {
        const Ran ran = run(QStringLiteral("async function f() { await cluster.nodes(); }"));
        QCOMPARE(ran.status, 1);
        QVERIFY(ran.errors.join(QLatin1Char('\n')).contains(QStringLiteral("task(function*")));
    }
    void valuesAreFrozenAndLargeNumbersStayExact()
    {
        const Ran ran = run(QStringLiteral("'use strict';\nconst e = cluster.call('store.get', "
                                           "{key: '/a'}).entry;\nprint(e.modifiedIndex);\n"
                                           "try { e.key = 'b'; } catch (x) { print('frozen'); }"));
        QCOMPARE(
            ran.printed,
            QStringList({QStringLiteral("9007199254740993"), QStringLiteral("frozen")}));
    }
    void anEndlessLoopIsStopped()
    {
        ScriptLimits limits;
        limits.turnMs = 300;
        const Ran ran = run(QStringLiteral("print('in'); for (;;) {}"), limits);
        QCOMPARE(ran.status, 1);
        QVERIFY2(
            ran.errors.join(QLatin1Char(' ')).contains(QStringLiteral("endless loop")),
            qPrintable(ran.errors.join(QLatin1Char(' '))));
    }
    void waitingIsNoEndlessLoop()
    {
        ScriptLimits limits;
        limits.turnMs = 200;
        const Ran ran =
            run(QStringLiteral("for (let i = 0; i < 6; i++) sleep(80); print('done')"), limits);
        QCOMPARE(ran.status, 0);
        QCOMPARE(ran.printed, QStringList({QStringLiteral("done")}));
    }
    void aTaskAwaitsWhatItYields()
    {
        const Ran ran = run(QStringLiteral(
            "task(function* () {\n"
            "  const both = yield Promise.all([cluster.async('node.list'), "
            "cluster.async('node.list')]);\n"
            "  print(both.length);\n"
            "  try { yield cluster.async('no.such'); } catch (e) { print('refused'); }\n"
            "});\nprint('first');"));
        QCOMPARE(ran.errors, QStringList());
        QCOMPARE(
            ran.printed,
            QStringList({QStringLiteral("first"), QStringLiteral("2"), QStringLiteral("refused")}));
        QCOMPARE(ran.status, 0);
    }
    void aFailedTaskFailsTheScript()
    {
        const Ran ran =
            run(QStringLiteral("task(function* () {\n  yield cluster.async('no.such');\n});"));
        QCOMPARE(ran.status, 1);
        QCOMPARE(ran.errors.size(), 1);
    }
    void aWatcherLivesUntilItIsStopped()
    {
        const Ran ran = run(QStringLiteral(
            "let n = 0;\nconst w = cluster.on('units', function (change) {\n"
            "  n++; print(change.reset, change.rows[0].name, change.removed.length);\n"
            "  if (n === 2) { alert('seen'); w.stop(); }\n});"));
        QCOMPARE(ran.errors, QStringList());
        QCOMPARE(ran.status, 0);
        QCOMPARE(
            ran.printed,
            QStringList({QStringLiteral("true a.service 0"), QStringLiteral("false a.service 1")}));
        QCOMPARE(ran.alerts, QStringList({QStringLiteral("seen")}));
    }
    void theJournalIsReadInLinesWhateverTheChunks()
    {
        const Ran ran = run(QStringLiteral(
            "print(cluster.journal('a.service').map(function (l) { return l.message; }).join());"));
        QCOMPARE(ran.errors, QStringList());
        QCOMPARE(ran.printed, QStringList({QStringLiteral("one,two")}));
    }
    void exitEndsAtOnce()
    {
        const Ran ran = run(QStringLiteral("exit(4); print('never');"));
        QCOMPARE(ran.status, 4);
        QCOMPARE(ran.printed, QStringList());
    }
    void exitTakesAStatusOfAProcess()
    {
        for (const char *wrong : {"300", "-1", "1.5", "'x'", "NaN"}) {
            const Ran ran =
                run(QStringLiteral("print('before');\nexit(%1);").arg(QString::fromLatin1(wrong)));
            QCOMPARE(ran.status, 1);
            QVERIFY2(
                ran.errors.value(0).startsWith(
                    QStringLiteral("test.js:2: RangeError: exit(status) takes a whole number")),
                qPrintable(ran.errors.value(0)));
        }
        QCOMPARE(run(QStringLiteral("exit(255);")).status, 255);
        QCOMPARE(run(QStringLiteral("exit();")).status, 0);
    }
    void aBrokenPromiseThatNobodyAsksIsAnError_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("error");
        QTest::newRow("call") << QStringLiteral("print('on');\ncluster.async('no.such');")
                              << QStringLiteral("test.js:2: Error: there is no method no.such");
        QTest::newRow("made")
            << QStringLiteral(
                   "new Promise(function (kept, broken) {\n  broken(new Error('oh'));\n});")
            << QStringLiteral("test.js:2: Error: oh");
        QTest::newRow("thrown")
            << QStringLiteral("Promise.resolve(1).then(function () {\n  throw new Error('oh'); });")
            << QStringLiteral("test.js:2: Error: oh");
        QTest::newRow("all")
            << QStringLiteral(
                   "\nPromise.all([Promise.resolve(1), Promise.reject(new Error('oh'))]);")
            << QStringLiteral("test.js:2: Error: oh");
        QTest::newRow("finally kept")
            << QStringLiteral("Promise.reject(new Error('oh')).then(function () { print('no'); });")
            << QStringLiteral("test.js:1: Error: oh");
    }
    void aBrokenPromiseThatNobodyAsksIsAnError()
    {
        QFETCH(QString, text);
        QFETCH(QString, error);
        const Ran ran = run(text);
        QCOMPARE(ran.status, 1);
        QCOMPARE(ran.errors, QStringList{error});
    }
    void aBrokenPromiseThatIsAskedIsNone()
    {
        const Ran ran =
            run(QStringLiteral("const late = cluster.async('no.such');\n"
                               "Promise.reject(1).catch(function (e) { print('caught', e); });\n"
                               "Promise.all([cluster.async('no.such'), Promise.reject(2)])\n"
                               "    .then(undefined, function () { print('one of them'); });\n"
                               "Promise.resolve(3).then(function (n) { print('kept', n); });\n"
                               "task(function* () {\n  yield delay(100);\n"
                               "  try { yield late; } catch (e) { print('late'); }\n});"));
        QCOMPARE(ran.errors, QStringList());
        QCOMPARE(ran.status, 0);
        QStringList printed = ran.printed;
        printed.sort();
        QCOMPARE(
            printed, QStringList(
                         {QStringLiteral("caught 1"), QStringLiteral("kept 3"),
                          QStringLiteral("late"), QStringLiteral("one of them")}));
    }
    void promisesThatGoOnForEverAreAnEndlessLoop()
    {
        ScriptLimits limits;
        limits.turnMs = 300;
        const Ran ran =
            run(QStringLiteral("function again() { Promise.resolve().then(again); }\nagain();"),
                limits);
        QCOMPARE(ran.status, 1);
        QVERIFY(ran.errors.join(QLatin1Char(' ')).contains(QStringLiteral("endless loop")));
    }
    void anErrorInACallbackIsReported()
    {
        const Ran ran = run(QStringLiteral(
            "const w = cluster.on('units', function () { w.stop(); throw new Error('oh'); });"));
        QCOMPARE(ran.status, 1);
        QVERIFY(ran.errors.value(0).contains(QStringLiteral("test.js:1: Error: oh")));
    }
    void afterAnErrorInACallbackTheScriptLivesOn()
    {
        const Ran ran = run(QStringLiteral(
            "let n = 0;\nconst w = cluster.on('units', function () {\n"
            "  n++;\n  if (n === 1)\n    throw new Error('first');\n  print(n); w.stop();\n});"));
        QCOMPARE(ran.errors, QStringList({QStringLiteral("test.js:5: Error: first")}));
        QCOMPARE(ran.printed, QStringList({QStringLiteral("2")}));
        QCOMPARE(ran.status, 1);
    }
    void anErrorHasACodeForPrograms()
    {
        const Ran ran = run(QStringLiteral(
            "try { cluster.call('no.such'); } catch (e) { print(e.code, e instanceof Error); }"));
        QCOMPARE(ran.printed, QStringList({QStringLiteral("not_found true")}));
    }
    void aFailedTaskNamesTheLineThatAsked()
    {
        const Ran ran = run(QStringLiteral(
            "task(function* () {\n  yield delay(1);\n  yield cluster.async('no.such');\n});"));
        QCOMPARE(ran.status, 1);
        QVERIFY2(
            ran.errors.value(0).startsWith(QStringLiteral("test.js:3: Error: there is no method")),
            qPrintable(ran.errors.value(0)));
    }
    void tasksRunSideBySide()
    {
        const Ran ran = run(QStringLiteral(
            "function worker(name, pause) {\n  return task(function* () {\n"
            "    for (let i = 0; i < 2; i++) { yield delay(pause); print(name); }\n"
            "    return name;\n  });\n}\n"
            "task(function* () {\n"
            "  print((yield Promise.all([worker('slow', 120), worker('fast', 10)])).join());\n"
            "});"));
        QCOMPARE(ran.errors, QStringList());
        QCOMPARE(
            ran.printed,
            QStringList(
                {QStringLiteral("fast"), QStringLiteral("fast"), QStringLiteral("slow"),
                 QStringLiteral("slow"), QStringLiteral("slow,fast")}));
    }
    void aTaskWantsAGenerator()
    {
        const Ran ran = run(QStringLiteral("task(function () { return 1; });"));
        QCOMPARE(ran.status, 1);
        QVERIFY(ran.errors.value(0).contains(QStringLiteral("mind the star")));
    }
    void anEndlessLoopInACallbackIsStoppedToo()
    {
        ScriptLimits limits;
        limits.turnMs = 300;
        const Ran ran =
            run(QStringLiteral("cluster.on('units', function () { for (;;) {} });"), limits);
        QCOMPARE(ran.status, 1);
        QVERIFY(ran.errors.join(QLatin1Char(' ')).contains(QStringLiteral("endless loop")));
    }
    void anEndlessLoopCannotBeCaught()
    {
        ScriptLimits limits;
        limits.turnMs = 300;
        const Ran ran =
            run(QStringLiteral("try { for (;;) {} } catch (e) { print('caught'); } print('on');"),
                limits);
        QCOMPARE(ran.status, 1);
        QCOMPARE(ran.printed, QStringList());
    }
    void aCatastrophicRecursionIsAnError()
    {
        const Ran ran = run(QStringLiteral("function f() { return f() + 1; }\nf();"));
        QCOMPARE(ran.status, 1);
        QVERIFY2(
            ran.errors.value(0).contains(QStringLiteral("RangeError: Maximum call stack")),
            qPrintable(ran.errors.value(0)));
    }
    void aFloodOfLinesIsWrittenWhole()
    {
        const Ran ran =
            run(QStringLiteral("for (let i = 0; i < 20000; i++) print(i); print('end');"));
        QCOMPARE(ran.printed.size(), 20001);
        QCOMPARE(ran.printed.last(), QStringLiteral("end"));
        QCOMPARE(ran.status, 0);
    }
    void waitUntilGivesUpWithItsReason()
    {
        const Ran ran = run(QStringLiteral(
            "let n = 0;\nprint(waitUntil(function () { return ++n === 3 && 'three'; }));\n"
            "waitUntil(function () { return false; }, 0.1, 'the cows');"));
        QCOMPARE(ran.printed, QStringList({QStringLiteral("three")}));
        QVERIFY2(
            ran.errors.value(0).startsWith(
                QStringLiteral("test.js:3: Error: not within 0.1 s: the cows")),
            qPrintable(ran.errors.value(0)));
    }
    void tablesShowWhatIsMissing()
    {
        const Ran ran = run(
            QStringLiteral("table([{ a: 1, b: { c: 2 } }, { a: 'long' }]);\ntable([], ['x']);"));
        QCOMPARE(
            ran.printed, QStringList(
                             {QStringLiteral("A     B"), QStringLiteral("1     {\"c\":2}"),
                              QStringLiteral("long  -"), QStringLiteral("X")}));
    }
    void aScriptReachesNothingElse()
    {
        const Ran ran = run(QStringLiteral(
            "print(typeof Qt, typeof XMLHttpRequest, typeof require, typeof process);"));
        QCOMPARE(
            ran.printed, QStringList({QStringLiteral("undefined undefined undefined undefined")}));
    }
};

QD_TEST_MAIN(TestScripting)
#include "tst_scripting.moc"
