// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/demo/demo_client.h"
#include "console/demo/demo_connector.h"
#include "console/models/log_window.h"
#include "console/models/raft_history.h"
#include "model_watch.h"
#include "shared/codec/codec.h"
#include "tests/support/proof.h"

#include <QJsonDocument>
#include <QSignalSpy>

using namespace qd;
using namespace qd::models;
using namespace qd::demo;
using qd::test::ModelWatch;

namespace {

const QString kUnit = QStringLiteral("hello.service");

JournalLine lineOf(int number, const QString &message = QStringLiteral("tick"))
{
    JournalLine line;
    line.unit = kUnit;
    line.message = message + QStringLiteral(" %1").arg(number);
    line.identifier = QStringLiteral("hello");
    line.pid = 7;
    return line;
}

QList<JournalLine> linesOf(int from, int count)
{
    QList<JournalLine> out;
    for (int i = 0; i < count; ++i)
        out.append(lineOf(from + i, i % 10 ? QStringLiteral("tick") : QStringLiteral("TOCK")));
    return out;
}

/// The raft model, its history and a clock that the test moves.
struct Raft {
    DemoClient client{QStringLiteral("normal")};
    DemoClock clock;
    RaftModel model;
    RaftHistory history{model, clock};

    Raft()
    {
        client.tick(0); // the first node leads in term 3
        model.attach(client.subscribe(QStringLiteral("raft")));
        history.setRunning(true);
    }
    ~Raft() { model.attach(nullptr); }
    void second(int number)
    {
        clock.advance(1000);
        client.tick(number);
        model.flush();
        history.sample();
    }
    QVariantList spansOf(int lane) const
    {
        return history.lanes()[lane].toMap()[QStringLiteral("spans")].toList();
    }
};

} // namespace

class TestHistories : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aLogIsABoundedRing()
    {
        LogWindow log;
        ModelWatch watch(log, LogWindow::MessageRole);
        for (int i = 0; i < 25; ++i) {
            log.append(linesOf(i * 1000, 1000));
            if (i % 3 == 0)
                log.flush();
        }
        log.flush();
        QCOMPARE(log.count(), LogWindow::kCapacity);
        QCOMPARE(log.dropped(), 15'000);
        QCOMPARE(watch.rows.first(), QStringLiteral("TOCK 15000"));
        QCOMPARE(watch.rows.last(), QStringLiteral("tick 24999"));
        QCOMPARE(watch.rows, watch.truth());
        // More than the whole ring in one frame.
        log.append(linesOf(25'000, LogWindow::kCapacity + 500));
        log.flush();
        QCOMPARE(log.dropped(), 25'500);
        QCOMPARE(watch.rows.last(), QStringLiteral("tick 35499"));
        QCOMPARE(watch.rows, watch.truth());
    }

    void aLogIsFilteredAsItGrows()
    {
        LogWindow log;
        ModelWatch watch(log, LogWindow::MessageRole);
        log.append(linesOf(0, 100));
        log.setFilter(QStringLiteral("tock"));
        QCOMPARE(log.count(), 10);
        QCOMPARE(log.total(), 100);
        log.append(linesOf(100, LogWindow::kCapacity));
        log.flush();
        QCOMPARE(log.count(), 1000);
        QCOMPARE(watch.rows.first(), QStringLiteral("TOCK 100"));
        QCOMPARE(watch.rows, watch.truth());
        log.setFilter({});
        QCOMPARE(log.count(), LogWindow::kCapacity);
    }

    void linesComeInPieces()
    {
        DemoClient client(QStringLiteral("normal"));
        LogWindow log;
        log.setClient(&client);
        log.setUnit(kUnit);
        QTRY_COMPARE(log.count(), 60);
        // Whole lines of a stream, cut where a chunk of bytes happens to end.
        struct Pieces : session::ByteStream {
            void write(const QByteArray &) override {}
            void close() override {}
        };
        struct PieceClient : DemoClient {
            using DemoClient::DemoClient;
            Pieces *stream = nullptr;
            std::unique_ptr<session::ByteStream>
            open(const QString &, const QCborMap &, const session::CallOptions &) override
            {
                auto made = std::make_unique<Pieces>();
                stream = made.get();
                return made;
            }
        } pieces{QStringLiteral("normal")};
        log.setClient(&pieces);
        log.setUnit({});
        log.setUnit(kUnit);
        QByteArray bytes;
        for (int i = 0; i < 50; ++i)
            bytes += QJsonDocument(codec::toJson(lineOf(i, QStringLiteral("größe"))))
                         .toJson(QJsonDocument::Compact) +
                     '\n';
        bytes += "this is no journal line\n";
        for (qsizetype at = 0; at < bytes.size(); at += 7)
            Q_EMIT pieces.stream->received(bytes.mid(at, 7));
        log.flush();
        QCOMPARE(log.count(), 50);
        QCOMPARE(
            log.data(log.index(49), LogWindow::MessageRole).toString(), QStringLiteral("größe 49"));
        QCOMPARE(
            log.data(log.index(0), LogWindow::SourceRole).toString(), QStringLiteral("hello[7]"));
        log.setClient(nullptr);
    }

    void aLostConnectionKeepsTheLogAndOpensItAgain()
    {
        DemoClient client(QStringLiteral("normal"));
        LogWindow log;
        log.setClient(&client);
        log.setUnit(kUnit);
        QTRY_COMPARE(log.count(), 60);
        client.log(lineOf(1));
        QTRY_COMPARE(log.count(), 61);
        client.loseConnection(QStringLiteral("gone"));
        QVERIFY(!log.isFollowing());
        QCOMPARE(log.count(), 61);
        QVERIFY(!log.errorText().isEmpty());
        client.connectAgain(QStringLiteral("node-2"));
        QVERIFY(log.isFollowing());
        QTRY_COMPARE(log.count(), 60);
        QVERIFY(log.errorText().isEmpty());
        log.setClient(nullptr);
        QCOMPARE(log.unit(), QString());
        QCOMPARE(log.count(), 0);
    }

    void electionsAndLanesOfARaftCluster()
    {
        Raft raft;
        QTRY_COMPARE(raft.model.count(), 3);
        for (int second = 0; second < 41; ++second)
            raft.second(second);
        // A leader that was there before the console came was not elected now.
        QVERIFY(raft.history.elections().isEmpty());
        QCOMPARE(raft.spansOf(0).size(), 1);
        for (int second = 41; second < 70; ++second)
            raft.second(second);
        const QVariantList elections = raft.history.elections();
        QCOMPARE(elections.size(), 1);
        QCOMPARE(elections[0].toMap()[QStringLiteral("term")].toLongLong(), 4);
        QCOMPARE(elections[0].toMap()[QStringLiteral("name")].toString(), QStringLiteral("node-2"));
        QCOMPARE(elections[0].toMap()[QStringLiteral("ago")].toInt(), 24);
        const QVariantList first = raft.spansOf(0);
        QStringList roles;
        for (const QVariant &span : first)
            roles.append(span.toMap()[QStringLiteral("role")].toString());
        QCOMPARE(roles.last(), QStringLiteral("follower"));
        QVERIFY(roles.contains(QStringLiteral("lost")));
        const QVariantMap last = first.last().toMap();
        QCOMPARE(last[QStringLiteral("to")].toDouble(), 1.0);
        // Without a leader there is no throughput to draw; without an answer no sync time.
        const QList<double> throughput = raft.history.throughput();
        QVERIFY(throughput.contains(-1.0));
        const auto sync =
            raft.history.sync()[0].toMap()[QStringLiteral("values")].value<QList<double>>();
        QCOMPARE(sync.count(-1.0), 24);
    }

    void aHistoryIsBounded()
    {
        Raft raft;
        QTRY_COMPARE(raft.model.count(), 3);
        for (int second = 0; second < 1500; ++second)
            raft.second(second % 80); // an election each 80 s and one back
        QCOMPARE(raft.history.throughput().size(), RaftHistory::kSamples);
        for (int lane = 0; lane < 3; ++lane) {
            for (const QVariant &span : raft.spansOf(lane)) {
                QVERIFY(span.toMap()[QStringLiteral("from")].toDouble() >= 0);
                QVERIFY(span.toMap()[QStringLiteral("to")].toDouble() <= 1);
            }
        }
        raft.history.clear();
        QVERIFY(raft.history.lanes().isEmpty());
    }

    void whatWasNotSeenIsAHole()
    {
        Raft raft;
        QTRY_COMPARE(raft.model.count(), 3);
        raft.second(1);
        raft.second(2);
        raft.history.setRunning(false);
        raft.clock.advance(60'000);
        raft.history.setRunning(true);
        raft.second(3);
        raft.second(4);
        const QVariantList spans = raft.spansOf(1);
        const QVariantMap before = spans[spans.size() - 2].toMap();
        const QVariantMap after = spans.last().toMap();
        QVERIFY(
            after[QStringLiteral("from")].toDouble() - before[QStringLiteral("to")].toDouble() >
            0.09);
    }

    void membersWithOneNameAreTwoLanes()
    {
        Raft raft;
        QTRY_COMPARE(raft.model.count(), 3);
        for (RaftStatus &member : raft.client.data().raft)
            member.nodeName.clear();
        raft.second(1);
        QCOMPARE(raft.history.lanes().size(), 3);
        QCOMPARE(raft.model.members().size(), 3);
    }
};

QD_TEST_MAIN(TestHistories)
#include "tst_histories.moc"
