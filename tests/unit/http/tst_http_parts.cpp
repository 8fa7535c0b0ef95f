// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/random.h"
#include "shared/http/media_type.h"
#include "shared/http/parser.h"
#include "shared/http/url.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::http;

using State = RequestParser::State;

/// Parser and addresses, without a socket.
class TestHttpParts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatMayBeReadInTwoWaysIsRefused_data()
    {
        QTest::addColumn<QByteArray>("request");
        QTest::addColumn<int>("status");
        const QByteArray host = "Host: h\r\n";
        const auto row = [](const char *name, const QByteArray &request, int status) {
            QTest::newRow(name) << request << status;
        };
        row("no host", "GET / HTTP/1.1\r\n\r\n", 400);
        row("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
        row("folded", "GET / HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", 400);
        row("folded with a tab", "GET / HTTP/1.1\r\n" + host + "X: a\r\n\tb\r\n\r\n", 400);
        row("folded host", "GET / HTTP/1.1\r\nHost:\r\n h\r\n\r\n", 400);
        row("blank before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400);
        row("name with umlaut", "GET / HTTP/1.1\r\n" + host + "X\xc3\xbc: a\r\n\r\n", 400);
        row("no name", "GET / HTTP/1.1\r\n" + host + ": a\r\n\r\n", 400);
        row("two lengths",
            "PUT / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400);
        row("length and chunks",
            "PUT / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400);
        row("negative length", "PUT / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400);
        row("length no number", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 1x\r\n\r\n", 400);
        row("huge length",
            "PUT / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400);
        row("chunk no number",
            "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400);
        row("version 1.2", "GET / HTTP/1.2\r\n" + host + "\r\n", 505);
        row("version 2", "GET / HTTP/2.0\r\n" + host + "\r\n", 505);
        row("version 0.9", "GET / HTTP/0.9\r\n" + host + "\r\n", 505);
        row("no version", "GET /\r\n" + host + "\r\n", 400);
        row("method with a bracket", "G(T / HTTP/1.1\r\n" + host + "\r\n", 400);
        row("control character in the address", "GET /a\x01 HTTP/1.1\r\n" + host + "\r\n", 400);
        row("not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n", 400);
        row("a blank in the address", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400);
        row("bare line feeds", "GET / HTTP/1.1\nHost: h\n\n", 400);
        const QByteArray encoded = "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: ";
        row("an encoding that nobody knows", encoded + "gzip\r\n\r\n", 501);
        row("encoded twice", encoded + "gzip, chunked\r\n\r\n0\r\n\r\n", 501);
        row("two encodings", encoded + "chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400);
        row("expectation", "GET / HTTP/1.1\r\n" + host + "Expect: x\r\n\r\n", 417);
    }
    void whatMayBeReadInTwoWaysIsRefused()
    {
        QFETCH(QByteArray, request);
        QFETCH(int, status);
        RequestParser parser({});
        QCOMPARE(int(parser.feed(request)), int(State::Failed));
        QCOMPARE(parser.status(), status);
        QVERIFY(!parser.complaint().isEmpty());
    }

    void whatIsUnusualButClearPasses_data()
    {
        QTest::addColumn<QByteArray>("request");
        QTest::addColumn<QByteArray>("seen");
        const auto row = [](const char *name, const QByteArray &request, const QByteArray &seen) {
            QTest::newRow(name) << request << seen;
        };
        row("unknown method", "BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n", "BREW /pot");
        row("raw UTF-8", "GET /\xc3\xbc HTTP/1.1\r\nHost: h\r\n\r\n", "GET /\xc3\xbc");
        row("absolute address", "GET http://h:1/a?b HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a?b");
        row("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET /");
        row("1.0 without host", "GET / HTTP/1.0\r\n\r\n", "GET /");
        row("absolute without a path", "GET http://h?b HTTP/1.1\r\nHost: h\r\n\r\n", "GET ?b");
        row("empty query", "GET /a? HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a");
        row("star", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS *");
    }
    void whatIsUnusualButClearPasses()
    {
        QFETCH(QByteArray, request);
        QFETCH(QByteArray, seen);
        RequestParser parser({});
        QCOMPARE(int(parser.feed(request)), int(State::Complete));
        const Request &read = parser.request(request);
        QByteArray out = read.methodName.toByteArray() + ' ';
        out.append(read.path);
        if (!read.query.isEmpty())
            out.append('?').append(read.query);
        QCOMPARE(out, seen);
        QCOMPARE(parser.size(), request.size());
    }

    void theBufferMayMoveWhileItGrows()
    {
        const QByteArray whole =
            "PUT /key HTTP/1.1\r\nHost: host\r\nContent-Length: 6\r\n\r\nvalue!";
        for (qsizetype cut = 1; cut < whole.size(); ++cut) {
            RequestParser parser({});
            const QByteArray first(whole.first(cut));
            QCOMPARE(int(parser.feed(first)), int(State::NeedMore));
            const QByteArray rest(whole + "GET /next");
            QCOMPARE(int(parser.feed(rest)), int(State::Complete));
            QCOMPARE(parser.size(), whole.size());
            const Request &request = parser.request(rest);
            QCOMPARE(request.path, QByteArrayView("/key"));
            QCOMPARE(request.body, QByteArrayView("value!"));
            QCOMPARE(request.field("HOST"), QByteArrayView("host"));
            QVERIFY(request.field("None").isNull());
        }
    }

    /// A last chunk whose bytes come one by one once ended the agent, for anybody who asked.
    void chunksMayComeByteByByte()
    {
        const QByteArray head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (const char *body : {"0\r\n\r\n", "0;a=b\r\n\r\n", "1\r\nx\r\n0\r\n\r\n"}) {
            const QByteArray whole = head + body;
            RequestParser parser({});
            for (qsizetype size = 1; size < whole.size(); ++size)
                QCOMPARE(int(parser.feed(whole.first(size))), int(State::NeedMore));
            QCOMPARE(int(parser.feed(whole)), int(State::Complete));
            QCOMPARE(parser.size(), whole.size());
        }
    }

    /// Damaged requests in random pieces end in a verdict, whatever they are.
    void strangersBytesDoNoHarm()
    {
        const QByteArrayList seeds = {
            "PUT /v2/keys/a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
            "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\nX: \xff\xfe\r\n\r\n"};
        Limits limits;
        limits.headBytes = 200;
        limits.bodyBytes = 50;
        SeededRandom random(7);
        int complete = 0;
        int failed = 0;
        for (int round = 0; round < 20'000; ++round) {
            QByteArray bytes = seeds[qsizetype(random.below(3))];
            for (quint64 i = random.below(4); i > 0; --i) {
                const auto at = qsizetype(random.below(quint64(bytes.size())));
                if (random.below(2) == 0)
                    bytes[at] = char(random.below(256));
                else
                    bytes.insert(at, bytes.mid(qsizetype(random.below(quint64(bytes.size())))));
            }
            RequestParser parser(limits);
            State state = State::NeedMore;
            for (qsizetype given = 0; given < bytes.size() && state == State::NeedMore;) {
                given = std::min(bytes.size(), given + 1 + qsizetype(random.below(40)));
                state = parser.feed(bytes.first(given));
            }
            QVERIFY(parser.size() <= bytes.size());
            complete += state == State::Complete;
            failed += state == State::Failed;
            if (state == State::Complete)
                QVERIFY(parser.request(bytes).body.size() <= limits.bodyBytes);
        }
        QVERIFY(complete > 1'000);
        QVERIFY(failed > 1'000);
    }

    void addressesAreDecodedAndCleaned()
    {
        QCOMPARE(*percentDecoded("/a%20b%2Fc+d"), QByteArray("/a b/c+d"));
        QCOMPARE(*percentDecoded("a+b%2B", true), QByteArray("a b+"));
        QCOMPARE(
            percentDecoded("/%zz").error().message, QStringLiteral("invalid URL escape \"%zz\""));
        QCOMPARE(
            percentDecoded("/a%2").error().message, QStringLiteral("invalid URL escape \"%2\""));
        // Quoted as Go quotes: what cannot be printed or read is escaped.
        const std::pair<QByteArray, QByteArray> kQuoted[] = {
            {"%\x01\x02", "\"%\\x01\\x02\""},    {"%\xff\xff", "\"%\\xff\\xff\""},
            {"%\"\\", "\"%\\\"\\\\\""},          {"%\xc3\xbc", "\"%\xc3\xbc\""},
            {"%\xc2\x85", "\"%\\u0085\""},       {"%\n\t", "\"%\\n\\t\""},
            {"%\xe2\x82\xac", "\"%\\xe2\\x82\""}};
        for (const auto &[given, shown] : kQuoted)
            QCOMPARE(
                percentDecoded(given).error().message,
                QStringLiteral("invalid URL escape ") + QString::fromUtf8(shown));
        QCOMPARE(percentEncodedPath("/a b/\xc3\xbc?"), QByteArray("/a%20b/%C3%BC%3F"));
        QCOMPARE(cleanedPath("/a//b/./../c/"), QByteArray("/a/c/"));
        QCOMPARE(cleanedPath("/../.."), QByteArray("/"));
        QCOMPARE(cleanedPath(""), QByteArray("/"));
    }

    void formsAreRead()
    {
        Form form;
        QVERIFY(form.add("a=1&b=x+y%21&&c&a=2&=empty").has_value());
        QCOMPARE(*form.find("a"), QByteArray("1"));
        QCOMPARE(*form.find("b"), QByteArray("x y!"));
        QCOMPARE(*form.find("c"), QByteArray());
        QCOMPARE(*form.find(""), QByteArray("empty"));
        QCOMPARE(form.find("d"), nullptr);
        QVERIFY(!form.add("e=1;f=2&g=3&h=%x").has_value());
        QCOMPARE(*form.find("g"), QByteArray("3"));
        QCOMPARE(form.find("h"), nullptr);
        // A semicolon is what one hears of, wherever it stands.
        QCOMPARE(
            form.add("h=%x&e;f").error().message,
            QStringLiteral("invalid semicolon separator in query"));
        QCOMPARE(
            form.add("e;f&h=%x").error().message,
            QStringLiteral("invalid semicolon separator in query"));
    }

    void contentTypesAreReadAsGoReadsThem_data()
    {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<QString>("complaint");
        const auto good = [](const char *field, const char *type) {
            QTest::newRow(field) << QByteArray(field) << QByteArray(type) << QString();
        };
        const auto bad = [](const char *field, const char *complaint) {
            QTest::newRow(field) << QByteArray(field) << QByteArray()
                                 << QStringLiteral("mime: ") + QString::fromLatin1(complaint);
        };
        good("", "");
        good("text/plain", "text/plain");
        good("Text/PLAIN ; charset=utf-8", "text/plain");
        good("text", "text");
        good("a/b;", "a/b");
        good("a/b; x=\"y;\\\"z\"", "a/b");
        good("a/b; x=\"\"", "a/b");
        bad(";", "no media type");
        bad("/", "no media type");
        bad("text plain", "expected slash after first token");
        bad("text/", "expected token after slash");
        bad("text/plain x", "unexpected content after media subtype");
        bad("text/plain,a/b", "unexpected content after media subtype");
        bad("a/b; x", "invalid media parameter");
        bad("a/b; =y", "invalid media parameter");
        bad("a/b; x=", "invalid media parameter");
        bad("a/b; x=\"y", "invalid media parameter");
        bad("a/b;;", "invalid media parameter");
        bad("a/b; x=y,z", "invalid media parameter");
        bad("a/b; x=1; X=1", "duplicate parameter name");
    }
    void contentTypesAreReadAsGoReadsThem()
    {
        QFETCH(QByteArray, field);
        QFETCH(QByteArray, type);
        QFETCH(QString, complaint);
        const auto read = mediaType(field);
        QCOMPARE(read ? QString() : read.error().message, complaint);
        QCOMPARE(read.value_or(QByteArray()), type);
    }
};

QD_TEST_MAIN(TestHttpParts)
#include "tst_http_parts.moc"
