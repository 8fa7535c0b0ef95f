// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/server.h"
#include "shared/security/authority.h"
#include "shared/security/tls.h"
#include "tests/support/proof.h"

#include <QSignalSpy>
#include <QSslSocket>

using namespace qd;
using namespace qd::http;

/// The same server over TLS.
class TestHttpTls : public QObject {
    Q_OBJECT

    security::Authority m_authority = *security::Authority::create(QStringLiteral("deck"));

    QSslConfiguration serverSide() const
    {
        const QByteArray key = *security::makeKey();
        const security::Subject subject = {
            {security::Identity::Kind::Node, QStringLiteral("0a"), security::Role::None,
             QStringLiteral("node")},
            {QStringLiteral("127.0.0.1")}};
        const auto certificate = m_authority.issueForKey(key, subject, security::Validity::days(1));
        return security::serverTls(
            *security::Credentials::fromPem(*certificate, key, m_authority.certificatePem()),
            {"http/1.1"});
    }
    static std::unique_ptr<QSslSocket> dial(const Server &server)
    {
        auto socket = std::make_unique<QSslSocket>();
        socket->setSslConfiguration(security::newcomerTls("http/1.1"));
        socket->connectToHostEncrypted(QStringLiteral("127.0.0.1"), server.tlsPort());
        return socket;
    }

private Q_SLOTS:
    void requestsAndLargeAnswersPass()
    {
        const QByteArray large(3 * 1024 * 1024, 'l');
        Server server([&](const Request &request, const Answer &answer) {
            answer.send({200, {}, request.path.toByteArray() + large + request.body.toByteArray()});
        });
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, serverSide()));
        const auto socket = dial(server);
        QByteArray got;
        connect(socket.get(), &QSslSocket::readyRead, this, [&] { got += socket->readAll(); });
        QTRY_VERIFY(socket->isEncrypted());
        QCOMPARE(socket->sslConfiguration().nextNegotiatedProtocol(), QByteArray("http/1.1"));
        const QByteArray body(500'000, 'b');
        socket->write("PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + body);
        QTRY_VERIFY_WITH_TIMEOUT(got.endsWith("l" + body), 30'000);
        QVERIFY(got.contains("\r\n\r\n/1l"));
        socket->write("GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        QTRY_COMPARE_WITH_TIMEOUT(socket->state(), QAbstractSocket::UnconnectedState, 30'000);
        QVERIFY(got.endsWith("/2" + large)); // all of it, before the end
        QTRY_COMPARE(server.connections(), 0);
    }

    void heldAnswersEndWithTheirClient()
    {
        std::vector<Answer> held;
        Server server([&](const Request &, const Answer &answer) {
            answer.begin(200, {});
            answer.hold(std::make_shared<int>(1));
            held.push_back(answer);
        });
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, serverSide()));
        const auto stays = dial(server);
        const auto leaves = dial(server);
        for (QSslSocket *socket : {stays.get(), leaves.get()})
            socket->write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        QTRY_COMPARE(held.size(), size_t(2));
        leaves->abort();
        QTRY_COMPARE(server.connections(), 1);
        int open = 0;
        for (const Answer &answer : held) {
            open += answer.isOpen();
            answer.part("news");
        }
        QCOMPARE(open, 1);
        QByteArray got;
        connect(stays.get(), &QSslSocket::readyRead, this, [&] { got += stays->readAll(); });
        QTRY_VERIFY((got += stays->readAll()).endsWith("4\r\nnews\r\n"));
    }

    void whoSpeaksPlainlyGetsNothing()
    {
        bool asked = false;
        Server server([&](const Request &, const Answer &) { asked = true; });
        QVERIFY(server.listenTls(QHostAddress(QHostAddress::LocalHost), 0, serverSide()));
        QTcpSocket plain;
        QSignalSpy gone(&plain, &QTcpSocket::disconnected);
        plain.connectToHost(QHostAddress::LocalHost, server.tlsPort());
        plain.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        QTRY_COMPARE(gone.size(), 1);
        QVERIFY(!asked);
        QCOMPARE(server.connections(), 0);
    }
};

QD_TEST_MAIN(TestHttpTls)
#include "tst_http_tls.moc"
