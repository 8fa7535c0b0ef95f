// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/event_json.h"
#include "agent/store/tree.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::etcd;

/// Bodies to the byte.
class TestEtcdJson : public QObject {
    Q_OBJECT

    static QByteArray quoted(QByteArrayView text)
    {
        QByteArray out;
        appendString(out, text);
        return out;
    }

private Q_SLOTS:
    void stringsAreWrittenAsGoWritesThem()
    {
        QCOMPARE(quoted("plain"), QByteArray("\"plain\""));
        QCOMPARE(quoted(""), QByteArray("\"\""));
        QCOMPARE(quoted("\"\\\n\r\t"), QByteArray("\"\\\"\\\\\\n\\r\\t\""));
        QCOMPARE(
            quoted(QByteArrayView("\x00\x1f\x7f\x08\x0c", 5)),
            QByteArray("\"\\u0000\\u001f\x7f\\u0008\\u000c\""));
        QCOMPARE(quoted("<a>&"), QByteArray("\"\\u003ca\\u003e\\u0026\""));
        QCOMPARE(quoted("\xc3\xbc\xf0\x9f\x98\x80"), QByteArray("\"\xc3\xbc\xf0\x9f\x98\x80\""));
        QCOMPARE(quoted("\xe2\x80\xa8\xe2\x80\xa9"), QByteArray("\"\\u2028\\u2029\""));
        // What is not UTF-8: a stray byte each, a cut character, an over-long one, a surrogate.
        QCOMPARE(quoted("a\xff\xfe"), QByteArray("\"a\\ufffd\\ufffd\""));
        QCOMPARE(quoted("\xe2\x82"), QByteArray("\"\\ufffd\\ufffd\""));
        QCOMPARE(quoted("\xc0\xafz"), QByteArray("\"\\ufffd\\ufffdz\""));
        QCOMPARE(quoted("\xed\xa0\x80"), QByteArray("\"\\ufffd\\ufffd\\ufffd\""));
    }

    /// Eight bytes at a time must give what one at a time gives, wherever the odd one stands.
    void everyByteIsFoundInEveryPlace()
    {
        for (int c = 0; c < 256; ++c) {
            const QByteArray alone = quoted(QByteArray(1, char(c)));
            for (int before = 0; before < 20; ++before) {
                for (const int after : {0, 3, 17}) {
                    const QByteArray text =
                        QByteArray(before, ' ') + char(c) + QByteArray(after, '~');
                    const QByteArray wanted = '"' + QByteArray(before, ' ') +
                                              alone.sliced(1, alone.size() - 2) +
                                              QByteArray(after, '~') + '"';
                    QCOMPARE(quoted(text), wanted);
                }
            }
        }
    }

    void anEventIsWrittenInEtcdsOrder()
    {
        QD_PROVES("E105", "E109", "E115", "E117");
        store::Event event;
        event.action = QStringLiteral("update");
        event.node.key = QStringLiteral("/a");
        event.node.createdIndex = 4;
        event.node.modifiedIndex = 7;
        event.node.expirationUs = 1'437'146'018'913'500;
        event.node.ttl = 10;
        event.prevNode = store::Node{QStringLiteral("/a"), "old", false, 4, 4, {}, {}, {}};
        QCOMPARE(
            eventJson(event),
            QByteArray("{\"action\":\"update\",\"node\":{\"key\":\"/a\",\"value\":\"\","
                       "\"expiration\":\"2015-07-17T15:13:38.9135Z\",\"ttl\":10,"
                       "\"modifiedIndex\":7,\"createdIndex\":4},"
                       "\"prevNode\":{\"key\":\"/a\",\"value\":\"old\",\"modifiedIndex\":4,"
                       "\"createdIndex\":4}}"
                       "\n"));
        QCOMPARE(eventJson(event, true), QByteArray("{\"action\":\"update\"}\n"));
    }

    void whatIsGoneHasNoValueAndTheRootNoKey()
    {
        QD_PROVES("E106", "E123");
        store::Event gone;
        gone.action = QStringLiteral("delete");
        gone.node.key = QStringLiteral("/a");
        gone.node.modifiedIndex = 5;
        gone.node.createdIndex = 4;
        QCOMPARE(
            eventJson(gone), QByteArray("{\"action\":\"delete\",\"node\":{\"key\":\"/"
                                        "a\",\"modifiedIndex\":5,\"createdIndex\":4}}"
                                        "\n"));
        store::Event root;
        root.action = QStringLiteral("get");
        root.node.dir = true;
        root.node.children = {{QStringLiteral("/d"), {}, true, 1, 1, {}, {}, {}}};
        QCOMPARE(
            eventJson(root),
            QByteArray("{\"action\":\"get\",\"node\":{\"dir\":true,\"nodes\":["
                       "{\"key\":\"/d\",\"dir\":true,\"modifiedIndex\":1,\"createdIndex\":1}]}}"
                       "\n"));
    }

    void aWalkIsWrittenAsTheCopyIs()
    {
        store::Tree tree;
        const qint64 now = 1'437'146'018'913'500;
        const auto set = [&](const char *key, bool dir, const char *value, qint64 seconds = 0) {
            const store::Expiry expiry{
                seconds == 0 ? std::nullopt : std::optional(now + seconds * 1'000'000)};
            QVERIFY(tree.set(QString::fromUtf8(key), dir, value, expiry, now));
        };
        set("/a/b/c", false, "<v>");
        set("/a/b/d", false, "", 7);
        set("/a/\xc3\xbc\"x", false, "\xff");
        set("/a/_hidden/x", false, "v");
        set("/a/empty", true, "");
        set("/z", true, "", 30);
        for (const char *key : {"/", "/a", "/a/b", "/a/b/c", "/a/empty", "/a/_hidden", "/z"}) {
            for (const bool recursive : {false, true}) {
                const QString path = QString::fromLatin1(key);
                QByteArray out = "{\"action\":\"get\",\"node\":";
                NodeJson json(out);
                const auto index = tree.walk(path, recursive, now, json);
                QVERIFY(index.has_value());
                QCOMPARE(*index, tree.index());
                QCOMPARE(out + "}\n", eventJson(*tree.get(path, recursive, now)));
            }
        }
        QByteArray nothing;
        NodeJson json(nothing);
        QCOMPARE(
            tree.walk(QStringLiteral("/none"), true, now, json).error().code,
            store::etcdErrorCode(100));
    }

    void errorsHaveTheirStatus_data()
    {
        QTest::addColumn<int>("number");
        QTest::addColumn<int>("status");
        const std::pair<int, int> kAll[] = {{100, 404}, {101, 412}, {102, 403}, {104, 400},
                                            {105, 412}, {107, 400}, {108, 403}, {201, 400},
                                            {209, 400}, {300, 500}, {400, 400}, {401, 400}};
        for (const auto &[number, status] : kAll)
            QTest::addRow("%d", number) << number << status;
    }
    void errorsHaveTheirStatus()
    {
        QD_PROVES("E116", "E146");
        QFETCH(int, number);
        QFETCH(int, status);
        const KeyError error =
            keyError(store::etcdError(number, QStringLiteral("/why \"so\""), 12));
        QCOMPARE(error.status, status);
        QCOMPARE(error.index, QByteArray("12"));
        QVERIFY(error.body.startsWith(
            "{\"errorCode\":" + QByteArray::number(number) + ",\"message\":\""));
        QVERIFY(error.body.endsWith(",\"cause\":\"/why \\\"so\\\"\",\"index\":12}\n"));
    }

    void otherErrorsAreRaftsOwn()
    {
        const KeyError unknown = keyError({code::unknownOutcome, QStringLiteral("x"), {}, {}});
        QCOMPARE(unknown.status, 500);
        QCOMPARE(
            unknown.body,
            QByteArray("{\"errorCode\":300,\"message\":\"Raft Internal Error\",\"cause\":"
                       "\"etcdserver: request timed out, possibly due to connection lost\","
                       "\"index\":0}"
                       "\n"));
        const KeyError leaderless = keyError({code::noLeader, QStringLiteral("x"), {}, {}});
        QVERIFY(leaderless.body.contains("etcdserver: no leader"));
    }

    void timesAndDurations()
    {
        QCOMPARE(timeText(0), QByteArray("1970-01-01T00:00:00Z"));
        QCOMPARE(timeText(1'000'000'001), QByteArray("1970-01-01T00:16:40.000001Z"));
        QCOMPARE(durationText(0), QByteArray("0s"));
        QCOMPARE(durationText(7), QByteArray("7\xc2\xb5s"));
        QCOMPARE(durationText(499'651), QByteArray("499.651ms"));
        QCOMPARE(durationText(2'000'000), QByteArray("2s"));
        QCOMPARE(durationText(60'500'000), QByteArray("1m0.5s"));
        QCOMPARE(durationText(112'005'277'397), QByteArray("31h6m45.277397s"));
    }
};

QD_TEST_MAIN(TestEtcdJson)
#include "tst_etcd_json.moc"
