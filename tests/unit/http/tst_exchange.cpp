// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/exchange.h"
#include "tests/support/proof.h"

#include <QTest>

using namespace qd;
using qd::http::AnswerReader;

/// An answer is taken apart alike, however its bytes arrive.
class TestExchange : public QObject {
    Q_OBJECT

    struct Read {
        QByteArray body;
        bool complete = false;
        bool bad = false;
        AnswerReader::Head head;
    };
    static Read readIn(const QByteArray &bytes, qsizetype pieces, bool headOnly = false)
    {
        AnswerReader reader(headOnly);
        Read out;
        for (qsizetype at = 0; at < bytes.size(); at += pieces) {
            const auto part = reader.feed(bytes.mid(at, pieces));
            out.bad = out.bad || !part;
            out.body += part.value_or(QByteArray());
        }
        out.complete = reader.isComplete();
        out.head = reader.head();
        return out;
    }

private Q_SLOTS:
    void bodiesInChunksComeWhole()
    {
        const QByteArray answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
                                  "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n";
        for (const qsizetype pieces : {1, 2, 3, 7, 1000}) {
            const Read read = readIn(answer, pieces);
            QCOMPARE(read.body, QByteArray("hello!"));
            QVERIFY(read.complete && !read.bad);
            QCOMPARE(read.head.status, 200);
            QCOMPARE(read.head.length, qint64(-1));
            QCOMPARE(read.head.fields, QByteArray("X-A: b\r\n"));
        }
    }
    void bodiesOfALengthEndThere()
    {
        for (const qsizetype pieces : {1, 4, 1000}) {
            const Read read = readIn(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n"
                "abcdef",
                pieces);
            QCOMPARE(read.body, QByteArray("abc"));
            QCOMPARE(read.head.status, 404);
            QVERIFY(read.complete);
        }
    }
    void someAnswersHaveNoBody()
    {
        QVERIFY(readIn("HTTP/1.1 204 No Content\r\n\r\n", 1000).complete);
        QVERIFY(readIn("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 1000, true).complete);
        QVERIFY(!readIn("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 1000).complete);
    }
    void whatIsNoHttpIsSaid()
    {
        QVERIFY(readIn("SSH-2.0-x\r\n\r\n", 1000).bad);
        QVERIFY(readIn("HTTP/1.1 200 OK\r\nno field\r\n\r\n", 1000).bad);
        QVERIFY(readIn("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 1000).bad);
    }
};

QTEST_APPLESS_MAIN(TestExchange)
#include "tst_exchange.moc"
