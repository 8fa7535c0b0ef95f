// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/model/node.h"
#include "shared/rpc/join_client.h"
#include "tests/support/log_keeper.h"
#include "tests/support/proof.h"
#include "tests/unit/rpc/small_cluster.h"

#include <QCborArray>
#include <QSignalSpy>
#include <QTcpServer>

using namespace qd;
using namespace qd::rpc;
using namespace qd::test;
using security::Role;

namespace {

Node node(int i)
{
    Node out;
    out.id = QStringLiteral("%1").arg(i, 8, 10, QLatin1Char('0'));
    out.name = QStringLiteral("node %1").arg(i);
    return out;
}

/// What a client knows of a collection.
struct View {
    QMap<QString, QString> names;
    qint64 revision = -1;
    int pages = 0;
    qsizetype largestPage = 0;
    bool complete = false;

    bool take(const QCborMap &frame)
    {
        const bool page = frame.contains(QLatin1String("page"));
        const QCborArray rows =
            frame.value(page ? QLatin1String("page") : QLatin1String("rows")).toArray();
        pages += page ? 1 : 0;
        largestPage = qMax(largestPage, page ? rows.size() : 0);
        for (const QCborValue &row : rows)
            names.insert(
                row[QLatin1String("id")].toString(), row[QLatin1String("name")].toString());
        for (const QCborValue &key : frame.value(QLatin1String("removed")).toArray())
            names.remove(key.toString());
        revision = frame.value(QLatin1String("revision")).toInteger();
        complete = frame.value(QLatin1String("last")).toBool();
        return true;
    }
};

} // namespace

class TestRpc : public QObject {
    Q_OBJECT

    SmallCluster m_cluster;
    Methods m_methods;
    QList<CallPtr> m_kept;
    int m_cancelled = 0;
    std::shared_ptr<Stream> m_stream;

private Q_SLOTS:
    void initTestCase()
    {
        m_methods.add(QStringLiteral("echo"), Role::Viewer, [](const CallPtr &call) {
            call->reply(call->params());
        });
        m_methods.add(QStringLiteral("danger"), Role::Admin, [](const CallPtr &call) {
            call->reply(QCborMap{});
        });
        m_methods.add(QStringLiteral("keep"), Role::Viewer, [this](const CallPtr &call) {
            call->onCancel([this] { ++m_cancelled; });
            m_kept.append(call);
        });
        m_methods.add(QStringLiteral("drop"), Role::Viewer, [](const CallPtr &) {});
        m_methods.add(QStringLiteral("stream"), Role::Viewer, [this](const CallPtr &call) {
            m_stream = call->stream();
        });
        m_methods.addForNewcomers(QStringLiteral("cluster.pair"), [](const CallPtr &call) {
            call->reply(call->params());
        });
    }
    void cleanup()
    {
        m_kept.clear();
        m_stream.reset();
        m_cancelled = 0;
    }

    void aCallIsAnswered()
    {
        const auto server = m_cluster.serve(m_methods);
        const auto me = m_cluster.credentials(personSubject(Role::Operator));
        const auto line = dialled(m_cluster.target(*server, me), this);
        QVERIFY(line.has_value());
        QCOMPARE(line->welcome.value(QLatin1String("role")).toString(), QStringLiteral("operator"));
        const QCborMap params{{QStringLiteral("a"), 1}};
        QCOMPARE(*ask(*line->connection, QStringLiteral("echo"), params), params);
        QCOMPARE(ask(*line->connection, QStringLiteral("nothing")).error().code, code::notFound);
        QCOMPARE(ask(*line->connection, QStringLiteral("drop")).error().code, code::internal);
    }

    void everyCertificateThatIsNotGoodIsRefusedWithItsReason()
    {
        const LogKeeper log;
        const auto server = m_cluster.serve(m_methods);
        const SmallCluster other;
        const QDateTime now = QDateTime::currentDateTimeUtc();
        const auto person = personSubject(Role::Admin);

        auto anonymous = m_cluster.target(*server, m_cluster.credentials(person));
        anonymous.tls = security::newcomerTls(security::alpnControl);
        QVERIFY(!dialled(anonymous, this));
        QTRY_VERIFY(log.has(security::reason::noCertificate));

        auto foreign = other.target(*server, other.credentials(person));
        foreign.verify = [](const QSslSocket &) -> Result<void> { return {}; };
        QVERIFY(!dialled(foreign, this));
        QTRY_VERIFY(log.has(security::reason::otherAuthority));

        const auto expired = m_cluster.credentials(person, {now.addDays(-9), now.addDays(-1)});
        QVERIFY(!dialled(m_cluster.target(*server, expired), this));
        QTRY_VERIFY(log.has(security::reason::expired));

        const auto early = m_cluster.credentials(person, {now.addDays(1), now.addDays(9)});
        QVERIFY(!dialled(m_cluster.target(*server, early), this));
        QTRY_VERIFY(log.has(security::reason::notYetValid));

        const auto good = m_cluster.credentials(personSubject(Role::Viewer));
        const auto line = dialled(m_cluster.target(*server, good), this);
        QVERIFY(line.has_value());
        QCOMPARE(ask(*line->connection, QStringLiteral("danger")).error().code, code::denied);
        QTRY_VERIFY(log.has(QStringLiteral("danger needs the role admin")));
        QCOMPARE(ask(*line->connection, QStringLiteral("cluster.pair")).error().code, code::denied);
    }

    void aForeignServerLearnsNoSecret()
    {
        const SmallCluster other;
        const auto imposter = other.serve(m_methods);
        const auto token = security::JoinToken::make(security::keyFingerprint(m_cluster.root()));
        JoinClient newcomer(token);
        const auto refused = await<QSslCertificate>([&](auto done) {
            newcomer.connectTo(QStringLiteral("127.0.0.1"), imposter->port(), done);
        });
        QVERIFY(!refused);
        QCOMPARE(
            refused.error().detail.value(QStringLiteral("reason")),
            security::reason::wrongFingerprint);
        // And asking all the same sends nothing: there is no connection to send it on.
        const auto asked = await<QCborMap>(
            [&](auto done) { newcomer.ask(QStringLiteral("cluster.pair"), {}, done); });
        QCOMPARE(asked.error().code, code::unreachable);
    }

    void aNewcomerIsHeardOnlyForJoining()
    {
        const auto server = m_cluster.serve(m_methods);
        const auto token = security::JoinToken::make(security::keyFingerprint(m_cluster.root()));
        JoinClient newcomer(token);
        const auto authority = await<QSslCertificate>([&](auto done) {
            newcomer.connectTo(QStringLiteral("127.0.0.1"), server->port(), done);
        });
        QVERIFY(authority.has_value());
        QCOMPARE(*authority, m_cluster.root());
        QCOMPARE(newcomer.fingerprint(), security::fingerprintText(token.fingerprint));
        const auto paired = await<QCborMap>(
            [&](auto done) { newcomer.ask(QStringLiteral("cluster.pair"), {}, done); });
        QCOMPARE(
            paired->value(QLatin1String("secret")).toString(),
            QString::fromLatin1(token.secret.toHex()));
        const auto nosy =
            await<QCborMap>([&](auto done) { newcomer.ask(QStringLiteral("echo"), {}, done); });
        QCOMPARE(nosy.error().code, code::denied);
        const auto watching = await<QCborMap>(
            [&](auto done) { newcomer.ask(QStringLiteral("subscribe"), {}, done); });
        QVERIFY(!watching);
    }

    void callsHaveDeadlinesLimitsAndCanBeCancelled()
    {
        Limits limits;
        limits.callsInFlight = 3;
        const auto server = m_cluster.serve(m_methods, QStringLiteral("0a"), limits);
        const auto me = m_cluster.credentials(personSubject(Role::Viewer));
        const auto line = dialled(m_cluster.target(*server, me), this);
        QVERIFY(line.has_value());
        Connection &to = *line->connection;
        QCOMPARE(ask(to, QStringLiteral("keep"), {}, 50).error().code, code::deadline);
        QTRY_COMPARE(m_cancelled, 1);

        QString outcome;
        const qint64 id =
            to.call(QStringLiteral("keep"), {}, 5'000, [&](const Result<QCborMap> &result) {
                outcome = result ? QString() : result.error().code;
            });
        QTRY_COMPARE(m_kept.size(), 2);
        to.cancel(id);
        QCOMPARE(outcome, code::cancelled);
        QTRY_COMPARE(m_cancelled, 2);

        for (int i = 0; i < 3; ++i)
            to.call(QStringLiteral("keep"), {}, 5'000, [](const auto &) {});
        QCOMPARE(ask(to, QStringLiteral("echo")).error().code, code::limit);
        m_kept.takeLast()->reply(QCborMap{});
        QVERIFY(ask(to, QStringLiteral("echo")).has_value());
        // What is not answered when the line breaks has an unknown outcome.
        to.call(QStringLiteral("keep"), {}, 0, [&](const Result<QCborMap> &result) {
            outcome = result.error().code;
        });
        to.close({code::io, QStringLiteral("test"), {}, nullptr});
        QCOMPARE(outcome, code::unknownOutcome);
    }

    void hostileBytesEndTheConnection_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("too long") << QByteArray("\x7f\xff\xff\xff", 4);
        QTest::newRow("no CBOR") << QByteArray("\x00\x00\x00\x01\xff", 5);
        QTest::newRow("no map") << QByteArray("\x00\x00\x00\x01\x01", 5);
        QTest::newRow("trailing bytes") << QByteArray("\x00\x00\x00\x02\xa0\x00", 6);
        QTest::newRow("an array without end")
            << QByteArray("\x00\x00\x10\x00", 4) + QByteArray(4096, char(0x9f));
        QTest::newRow("a huge length inside")
            << QByteArray("\x00\x00\x00\x09\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", 13);
        QTest::newRow("an empty map") << QByteArray("\x00\x00\x00\x01\xa0", 5);
    }
    void hostileBytesEndTheConnection()
    {
        QFETCH(QByteArray, bytes);
        const auto server = m_cluster.serve(m_methods);
        const auto me = m_cluster.credentials(personSubject(Role::Viewer));
        const auto line = dialled(m_cluster.target(*server, me), this);
        QVERIFY(line.has_value());
        QSignalSpy closed(line->connection.get(), &Connection::closed);
        line->connection->sendEncoded(bytes);
        QTRY_COMPARE(closed.size(), 1);
        QTRY_COMPARE(server->sessions(), 0);
    }

    void aStreamWaitsForCreditAndDelaysNoCall()
    {
        const auto server = m_cluster.serve(m_methods);
        const auto me = m_cluster.credentials(personSubject(Role::Viewer));
        const auto line = dialled(m_cluster.target(*server, me), this);
        QVERIFY(line.has_value());
        const auto stream = line->connection->open(QStringLiteral("stream"), {}, 5'000, {});
        stream->setAutoCredit(false);
        QByteArray got;
        connect(stream.get(), &Stream::received, this, [&](const QByteArray &b) { got += b; });
        QTRY_VERIFY(m_stream != nullptr);
        QByteArray sent(3'000'000, 'x');
        for (qsizetype i = 0; i < sent.size(); i += 1000)
            sent[i] = char(i / 1000);
        m_stream->write(sent);
        m_stream->end();
        QTRY_COMPARE(got.size(), 256 * 1024);
        // The stream stands still for want of credit; calls go on.
        QVERIFY(ask(*line->connection, QStringLiteral("echo")).has_value());
        QCOMPARE(got.size(), 256 * 1024);
        QSignalSpy ended(stream.get(), &Stream::ended);
        stream->setAutoCredit(true);
        stream->consumed(got.size());
        QTRY_COMPARE(ended.size(), 1);
        QVERIFY(got == sent);
        QCOMPARE(ended[0][0].value<Error>().code, QString());
    }

    void aPeerThatIgnoresCreditIsCutOff()
    {
        const auto server = m_cluster.serve(m_methods);
        const auto me = m_cluster.credentials(personSubject(Role::Viewer));
        const auto line = dialled(m_cluster.target(*server, me), this);
        QVERIFY(line.has_value());
        const auto stream = line->connection->open(QStringLiteral("stream"), {}, 5'000, {});
        QTRY_VERIFY(m_stream != nullptr);
        m_stream->setAutoCredit(false);
        QSignalSpy closed(line->connection.get(), &Connection::closed);
        const QByteArray chunk(64 * 1024, 'x');
        for (int i = 0; i < 5; ++i) // the hello was call 1, the stream is call 2
            line->connection->send(
                {{QStringLiteral("stream"), 2}, {QStringLiteral("bytes"), chunk}});
        QTRY_COMPARE(closed.size(), 1);
    }

    void aCollectionComesInPagesThenDeltas()
    {
        Collection<Node> nodes(&Node::id);
        Methods methods;
        methods.addCollection(QStringLiteral("nodes"), nodes);
        for (int i = 0; i < 5'000; ++i)
            nodes.set(node(i));
        nodes.flush();
        const auto server = m_cluster.serve(methods);
        const auto me = m_cluster.credentials(personSubject(Role::Viewer));
        const auto line = dialled(m_cluster.target(*server, me), this);
        QVERIFY(line.has_value());
        View view;
        line->connection->setIncoming([&](const QCborMap &frame) { return view.take(frame); });
        QCborMap params{{QStringLiteral("collection"), QStringLiteral("nodes")}};
        const auto answer = ask(*line->connection, QStringLiteral("subscribe"), params);
        QVERIFY(answer.has_value());
        QTRY_VERIFY(view.complete);
        QCOMPARE(view.names.size(), 5'000);
        QVERIFY(view.pages >= 3);
        QVERIFY(view.largestPage <= 2'000);

        Node changed = node(7);
        changed.name = QStringLiteral("another");
        nodes.set(changed);
        nodes.set(node(8)); // as it was: no change
        nodes.remove(node(9).id);
        QTRY_COMPARE(view.names.value(changed.id), QStringLiteral("another"));
        QTRY_COMPARE(view.names.size(), 4'999);
        const int pages = view.pages;

        // Who comes back with a revision of this run gets only what has changed.
        nodes.remove(node(10).id);
        nodes.flush();
        params.insert(QStringLiteral("since"), view.revision);
        params.insert(QStringLiteral("epoch"), answer->value(QLatin1String("epoch")));
        QTRY_COMPARE(view.names.size(), 4'998);
        QVERIFY(ask(*line->connection, QStringLiteral("subscribe"), params).has_value());
        QCOMPARE(view.pages, pages);
        QCOMPARE(
            ask(*line->connection, QStringLiteral("subscribe"),
                {{QStringLiteral("collection"), QStringLiteral("none")}})
                .error()
                .code,
            code::notFound);
    }

    void aLogThatIsTooShortMeansANewSnapshot()
    {
        Collection<Node> nodes(&Node::id);
        nodes.set(node(1));
        nodes.flush();
        const qint64 old = nodes.revision();
        QVERIFY(nodes.changedSince(old)->isEmpty());
        for (int i = 0; i < 30'000; ++i) {
            nodes.set(node(i + 2));
            if (i % 1'000 == 0)
                nodes.flush();
        }
        nodes.flush();
        QVERIFY(!nodes.changedSince(old));
        QVERIFY(!nodes.changedSince(nodes.revision() + 1));
    }

    void aDeadPeerIsNoticed()
    {
        Limits limits;
        limits.pingMs = 20;
        limits.deadMs = 100;
        const auto server = m_cluster.serve(m_methods);
        auto target = m_cluster.target(*server, m_cluster.credentials(personSubject(Role::Viewer)));
        target.limits = limits;
        const auto line = dialled(target, this);
        QVERIFY(line.has_value());
        QSignalSpy closed(line->connection.get(), &Connection::closed);
        // While pings are answered the line lives on; with the socket deaf it is given up.
        QVERIFY(
            ask(*line->connection, QStringLiteral("keep"), {}, 300).error().code == code::deadline);
        QCOMPARE(closed.size(), 0);
        QObject::disconnect(&line->connection->socket(), &QSslSocket::readyRead, nullptr, nullptr);
        QTRY_COMPARE(closed.size(), 1);
    }

    void aSilentServerIsGivenUp()
    {
        QTcpServer silent;
        QVERIFY(silent.listen(QHostAddress(QHostAddress::LocalHost)));
        Target target;
        target.address = QStringLiteral("127.0.0.1");
        target.port = silent.serverPort();
        target.tls = security::newcomerTls();
        target.timeoutMs = 100;
        QCOMPARE(dialled(target, this).error().code, code::deadline);
    }
};

QD_TEST_MAIN(TestRpc)
#include "tst_rpc.moc"
