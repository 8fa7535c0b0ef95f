// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/http/talk.h"

#include <deque>
#include <sys/resource.h>

using namespace qd;
using namespace qd::http;
using qd::test::DeafTalk;
using qd::test::Talk;

namespace {

/// "GET /a?b [c]" for a request with the body c.
QByteArray shown(const Request &request)
{
    QByteArray out = request.methodName.toByteArray() + ' ' + request.path.toByteArray();
    if (!request.query.isEmpty())
        out.append('?').append(request.query);
    return out.append(" [").append(request.body).append("]");
}

Response ok(const QByteArray &body)
{
    return {200, {}, body};
}

} // namespace

/// A real server and real sockets; the handler is each test's own.
class TestHttp : public QObject {
    Q_OBJECT

    std::unique_ptr<Server> start(Handler handler, const Limits &limits = {})
    {
        auto server = std::make_unique<Server>(std::move(handler), limits);
        if (!server->listen(QHostAddress::LocalHost, 0))
            qWarning("cannot listen");
        return server;
    }
    /// Answers with what it understood.
    static void echo(const Request &request, const Answer &answer)
    {
        answer.send(ok(shown(request)));
    }

private Q_SLOTS:
    void aRequestIsUnderstoodAndAnswered()
    {
        const auto server = start([](const Request &request, const Answer &answer) {
            answer.send(
                {201, "X-Type: " + request.field("content-TYPE").toByteArray() + "\r\n",
                 shown(request)});
        });
        Talk talk(*server);
        talk.say("PUT /v2/keys/a%20b?x=1&y HTTP/1.1\r\nHost: h\r\nContent-Type: text/x\r\n"
                 "Content-Length: 5\r\n\r\nhello");
        QTRY_VERIFY(talk.got.endsWith("[hello]"));
        QVERIFY(talk.got.startsWith("HTTP/1.1 201 Created\r\n"));
        QVERIFY(talk.got.contains("\r\nX-Type: text/x\r\n"));
        QVERIFY(talk.got.contains("\r\nContent-Length: 32\r\n"));
        QVERIFY(talk.got.contains("\r\nDate: "));
        QVERIFY(talk.got.endsWith("PUT /v2/keys/a%20b?x=1&y [hello]"));
        QVERIFY(talk.isConnected());
    }

    void aRequestMayComeByteByByte()
    {
        const auto server = start(echo);
        Talk talk(*server);
        const QByteArray request =
            "POST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n";
        for (const char byte : request) {
            talk.say(QByteArray(1, byte));
            QTest::qWait(0);
        }
        QTRY_VERIFY(talk.got.endsWith("POST /slow [abcdefg]"));
        talk.get("/next");
        QTRY_VERIFY(talk.got.endsWith("GET /next []"));
    }

    void pipelinedRequestsAreAnsweredInOrder()
    {
        std::deque<std::pair<QByteArray, Answer>> waiting;
        const auto server = start([&](const Request &request, const Answer &answer) {
            waiting.emplace_back(request.path.toByteArray(), answer);
        });
        Talk talk(*server);
        talk.say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
                 "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
        for (int i = 1; i <= 3; ++i) {
            QTRY_COMPARE(waiting.size(), size_t(1)); // one at a time
            const auto [path, answer] = waiting.front();
            waiting.pop_front();
            QCOMPARE(path, "/" + QByteArray::number(i));
            answer.send(ok("<" + path + ">"));
            answer.send(ok("a second answer goes nowhere"));
        }
        QTRY_VERIFY(talk.got.endsWith("</3>"));
        QCOMPARE(talk.answers(), 3);
        QVERIFY(talk.got.indexOf("</1>") < talk.got.indexOf("</2>"));
    }

    void aConnectionIsKeptOrClosedAsTheClientSays_data()
    {
        QTest::addColumn<QByteArray>("head");
        QTest::addColumn<bool>("kept");
        QTest::newRow("1.1") << QByteArray("HTTP/1.1\r\nHost: h\r\n\r\n") << true;
        QTest::newRow("1.1 close")
            << QByteArray("HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") << false;
        QTest::newRow("1.0") << QByteArray("HTTP/1.0\r\n\r\n") << false;
        QTest::newRow("1.0 keep") << QByteArray("HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                                  << true;
    }
    void aConnectionIsKeptOrClosedAsTheClientSays()
    {
        QFETCH(QByteArray, head);
        QFETCH(bool, kept);
        const auto server = start(echo);
        Talk talk(*server);
        talk.say("GET /a " + head);
        QTRY_VERIFY(talk.got.endsWith("GET /a []"));
        QVERIFY(talk.got.startsWith(head.first(8)));
        QCOMPARE(talk.got.contains("Connection: keep-alive\r\n"), kept && head.contains("1.0"));
        if (!kept) {
            QTRY_VERIFY(!talk.isOpen());
            // 1.0 expects nothing else.
            QCOMPARE(talk.got.contains("Connection: close\r\n"), talk.got.startsWith("HTTP/1.1"));
            QTRY_COMPARE(server->connections(), 0);
            return;
        }
        talk.say("GET /b " + head);
        QTRY_VERIFY(talk.got.endsWith("GET /b []"));
    }

    void fieldsForOneAnswerStayOutOfTheNext()
    {
        const auto server = start([](const Request &request, const Answer &answer) {
            if (request.path == "/marked")
                answer.also("X-Mark: 1\r\n");
            answer.send({200, {}, "end"});
        });
        Talk talk(*server);
        for (const char *path : {"/marked", "/marked", "/plain"})
            talk.get(path);
        QTRY_COMPARE(talk.answers(), 3);
        QCOMPARE(talk.got.count("X-Mark"), 2);
    }

    void headHasNoBodyButItsLength()
    {
        const auto server = start(echo);
        Talk talk(*server);
        talk.say("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n");
        QTRY_VERIFY(talk.got.endsWith("\r\n\r\n"));
        QVERIFY(talk.got.contains("Content-Length: 10\r\n"));
        talk.get("/b");
        QTRY_VERIFY(talk.got.endsWith("\r\n\r\nGET /b []"));
    }

    void anAnswerMayComeInParts()
    {
        Answer kept;
        const auto server = start([&](const Request &, const Answer &answer) { kept = answer; });
        Talk talk(*server);
        talk.get("/stream");
        QTRY_VERIFY(kept.isOpen());
        kept.begin(200, "X-Kind: parts\r\n");
        QTRY_VERIFY(talk.got.endsWith("\r\n\r\n")); // the head goes out alone
        QVERIFY(talk.got.contains("Transfer-Encoding: chunked\r\n"));
        kept.part("one\n");
        QTRY_VERIFY(talk.got.endsWith("4\r\none\n\r\n"));
        kept.part(QByteArray(20, 'x'));
        QTRY_VERIFY(talk.got.endsWith("14\r\n" + QByteArray(20, 'x') + "\r\n"));
        kept.end();
        QTRY_VERIFY(talk.got.endsWith("0\r\n\r\n"));
        kept.part("too late");
        QVERIFY(!kept.isOpen());
        talk.get("/again"); // the connection goes on
        QTRY_VERIFY(kept.isOpen());
    }

    void partsGoBareToHttp10()
    {
        const auto server = start([&](const Request &, const Answer &answer) {
            answer.begin(200, {});
            answer.part("one");
            answer.part("two");
            answer.end();
        });
        Talk talk(*server);
        talk.say("GET / HTTP/1.0\r\n\r\n");
        QTRY_VERIFY(!talk.isOpen());
        QVERIFY(talk.got.endsWith("\r\n\r\nonetwo"));
        QVERIFY(!talk.got.contains("chunked"));
    }

    void whatAHeldAnswerHoldsGoesWhenTheClientLeaves()
    {
        struct Alive {
            explicit Alive(int *counter)
                : count(counter)
            {
                ++*count;
            }
            ~Alive() { --*count; }
            int *count;
        };
        int alive = 0;
        std::vector<Answer> answers;
        auto server = start([&](const Request &, const Answer &answer) {
            answers.push_back(answer);
            answer.hold(std::make_shared<Alive>(&alive));
        });
        Talk stays(*server);
        Talk leaves(*server);
        Talk halfCloses(*server);
        for (Talk *talk : {&stays, &leaves, &halfCloses})
            talk->get("/held");
        QTRY_COMPARE(alive, 3);
        leaves.leave();
        QTRY_COMPARE(alive, 2);
        halfCloses.stopSending();
        QTRY_COMPARE(alive, 1);
        for (const Answer &answer : answers)
            answer.send(ok("done"));
        QTRY_VERIFY(stays.got.endsWith("done"));
        QCOMPARE(alive, 0);
        stays.get("/held");
        QTRY_COMPARE(alive, 1);
        server.reset(); // the server goes before its clients
        QCOMPARE(alive, 0);
        answers.back().send(ok("nobody"));
        QVERIFY(!answers.back().isOpen());
    }

    void whoStopsSendingStillGetsWhatItAskedFor()
    {
        std::vector<Answer> answers;
        const auto server =
            start([&](const Request &, const Answer &answer) { answers.push_back(answer); });
        Talk talk(*server);
        QTRY_VERIFY(talk.isConnected());
        talk.say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
        talk.stopSending();
        QTRY_COMPARE(answers.size(), size_t(1));
        answers[0].send(ok("first"));
        QTRY_COMPARE(answers.size(), size_t(2));
        answers[1].send(ok("second"));
        QTRY_VERIFY(!talk.isOpen());
        QVERIFY(talk.got.contains("first"));
        QVERIFY(talk.got.endsWith("second"));
        QTRY_COMPARE(server->connections(), 0);
    }

    void aLargeAnswerReachesASlowReader()
    {
        bool asked = false;
        const QByteArray large(8 * 1024 * 1024, 'l');
        const auto server = start([&](const Request &, const Answer &answer) {
            asked = true;
            answer.send(ok(large + "end"));
        });
        DeafTalk deaf(*server);
        deaf.get("/large");
        QTRY_VERIFY(asked);
        Talk talk(deaf.take());
        QTRY_VERIFY_WITH_TIMEOUT(talk.got.endsWith("end"), 30'000);
        QVERIFY(talk.got.size() > large.size());
    }

    void whatIsAskedBehindALargeAnswerIsAnsweredBehindIt()
    {
        const QByteArray large(8 * 1024 * 1024, 'l');
        const auto server = start([&](const Request &request, const Answer &answer) {
            answer.send(ok(request.path == QByteArrayView("/large") ? large : "small"));
        });
        Talk talk(*server);
        QTRY_VERIFY(talk.isConnected());
        talk.say("GET /large HTTP/1.1\r\nHost: h\r\n\r\nGET /small HTTP/1.1\r\nHost: h\r\n\r\n"
                 "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
        talk.stopSending();
        QTRY_VERIFY_WITH_TIMEOUT(!talk.isOpen(), 30'000);
        const qsizetype small = talk.got.indexOf("small");
        QCOMPARE(talk.answers(), 3);
        QVERIFY(small > large.size() && small < large.size() + 1'000);
        QVERIFY(talk.got.endsWith(large));
    }

    void whatIsTooMuchIsRefused()
    {
        Limits limits;
        limits.headBytes = 2'000;
        limits.bodyBytes = 1'000;
        const auto server = start(echo, limits);
        Talk head(*server);
        head.say("GET /" + QByteArray(3'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n");
        QTRY_VERIFY(!head.isOpen());
        QVERIFY(head.got.startsWith("HTTP/1.1 431 "));
        Talk endless(*server);
        endless.say("GET / HTTP/1.1\r\nHost: h\r\nX: " + QByteArray(3'000, 'a'));
        QTRY_VERIFY(endless.got.startsWith("HTTP/1.1 431 "));
        Talk body(*server);
        body.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
        QTRY_VERIFY(body.got.startsWith("HTTP/1.1 413 "));
        Talk chunks(*server);
        chunks.say("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 11; ++i)
            chunks.say("64\r\n" + QByteArray(100, 'c') + "\r\n");
        QTRY_VERIFY(chunks.got.startsWith("HTTP/1.1 413 "));
        Talk fits(*server);
        fits.say(
            "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + QByteArray(1'000, 'b'));
        QTRY_VERIFY(fits.got.startsWith("HTTP/1.1 200 "));
    }

    void oneClientTooManyIsTurnedAway()
    {
        Limits limits;
        limits.connections = 2;
        const auto server = start(echo, limits);
        Talk first(*server);
        Talk second(*server);
        first.get("/1");
        second.get("/2");
        QTRY_VERIFY(first.answers() == 1 && second.answers() == 1);
        Talk third(*server);
        third.get("/3");
        QTRY_VERIFY(third.got.startsWith("HTTP/1.1 503 "));
        QTRY_VERIFY(!third.isOpen());
        second.leave();
        QTRY_COMPARE(server->connections(), 1);
        Talk fourth(*server);
        fourth.get("/4");
        QTRY_VERIFY(fourth.got.startsWith("HTTP/1.1 200 "));
    }

    void theSlowAndTheIdleAreLetGo()
    {
        Limits limits;
        limits.requestMs = 200;
        limits.idleMs = 400;
        const auto server = start(echo, limits);
        Talk slow(*server);
        Talk slowBody(*server);
        Talk idle(*server);
        Talk silent(*server);
        slow.say("GET / HTTP/1.1\r\nHo");
        slowBody.say("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
        idle.get("/");
        QTRY_VERIFY(slow.got.startsWith("HTTP/1.1 408 "));
        QTRY_VERIFY(slowBody.got.startsWith("HTTP/1.1 408 "));
        QTRY_VERIFY(idle.got.endsWith("GET / []"));
        QTRY_VERIFY(!idle.isOpen());
        QTRY_VERIFY(!silent.isOpen());
        QTRY_COMPARE(server->connections(), 0);
    }

    void whoDoesNotReadIsLetGo()
    {
        Limits limits;
        limits.stalledMs = 200;
        limits.unsentBytes = 1024 * 1024;
        std::vector<Answer> answers;
        const auto server = start(
            [&](const Request &request, const Answer &answer) {
                if (request.path == QByteArrayView("/stream")) {
                    answer.begin(200, {});
                    answers.push_back(answer);
                } else {
                    answer.send(ok(QByteArray(64 * 1024 * 1024, 'x')));
                }
            },
            limits);
        DeafTalk once(*server);
        once.get("/once");
        QTRY_COMPARE(server->connections(), 1);
        QTRY_COMPARE(server->connections(), 0);
        DeafTalk stream(*server);
        stream.get("/stream");
        QTRY_COMPARE(answers.size(), size_t(1));
        // What it does not read piles up until the limit.
        int parts = 0;
        while (answers[0].isOpen() && parts < 1'000) {
            answers[0].part(QByteArray(64 * 1024, 'p'));
            QTest::qWait(0);
            ++parts;
        }
        QVERIFY(!answers[0].isOpen());
        QVERIFY(parts < 1'000);
    }

    void aClientThatWaitsForAWordGetsIt()
    {
        const auto server = start(echo);
        Talk talk(*server);
        talk.say("PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        QTRY_COMPARE(talk.got, QByteArray("HTTP/1.1 100 Continue\r\n\r\n"));
        talk.say("body");
        QTRY_VERIFY(talk.got.endsWith("PUT /x [body]"));
        talk.got.clear();
        // Who does not wait needs no word.
        talk.say(
            "PUT /y HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nno");
        QTRY_VERIFY(talk.got.endsWith("PUT /y [no]"));
        QVERIFY(!talk.got.contains("100 Continue"));
        talk.say("PUT /z HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n");
        QTRY_VERIFY(talk.got.contains("HTTP/1.1 417 "));
    }

    void aTakenAddressIsAnErrorWithItsName()
    {
        const auto server = start(echo);
        Server second(echo);
        const auto listening = second.listen(QHostAddress::LocalHost, server->port());
        QVERIFY(!listening.has_value());
        QCOMPARE(listening.error().code, code::io);
        QVERIFY(listening.error().message.contains(QString::number(server->port())));
    }

    void aSecondPortIsTheSameServer()
    {
        const auto server = start(echo);
        const quint16 first = server->port();
        QVERIFY(server->listen(QHostAddress(QStringLiteral("127.0.0.2")), first).has_value());
        QCOMPARE(server->port(), first);
        QTcpSocket other;
        QByteArray got;
        connect(&other, &QTcpSocket::readyRead, &other, [&] { got += other.readAll(); });
        other.connectToHost(QStringLiteral("127.0.0.2"), first);
        other.write("GET /there HTTP/1.1\r\nHost: h\r\n\r\n");
        QTRY_VERIFY(got.contains("GET /there"));
        Talk talk(*server);
        talk.get("/here");
        QTRY_COMPARE(talk.answers(), 1);
        QTRY_COMPARE(server->connections(), 2);
    }

    void whenDescriptorsAreShortAcceptingGoesOnLater()
    {
        const auto server = start(echo);
        Talk first(*server);
        first.get("/1");
        QTRY_COMPARE(first.answers(), 1);
        DeafTalk second(*server); // its side has a descriptor; the server's cannot have one
        second.get("/2");
        rlimit was = {};
        QCOMPARE(getrlimit(RLIMIT_NOFILE, &was), 0);
        const int next = ::dup(0);
        ::close(next);
        const rlimit none = {rlim_t(next), was.rlim_max};
        QCOMPARE(setrlimit(RLIMIT_NOFILE, &none), 0);
        for (int round = 0; round < 20; ++round)
            QTest::qWait(1);
        const bool refused = server->connections() == 1;
        QCOMPARE(setrlimit(RLIMIT_NOFILE, &was), 0);
        QVERIFY(refused);
        Talk answered(second.take());
        QTRY_VERIFY(answered.got.endsWith("GET /2 []"));
        QCOMPARE(server->connections(), 2);
    }

    void manyClientsAtOnce()
    {
        const auto server = start(echo);
        std::vector<std::unique_ptr<Talk>> talks;
        for (int i = 0; i < 200; ++i) {
            talks.push_back(std::make_unique<Talk>(*server));
            talks.back()->get("/" + QByteArray::number(i));
        }
        for (int i = 0; i < 200; ++i)
            QTRY_VERIFY(talks[size_t(i)]->got.endsWith("GET /" + QByteArray::number(i) + " []"));
        QCOMPARE(server->connections(), 200);
        talks.clear();
        QTRY_COMPARE(server->connections(), 0);
    }
};

QD_TEST_MAIN(TestHttp)
#include "tst_http.moc"
